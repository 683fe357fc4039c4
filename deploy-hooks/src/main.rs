//! `greenlight`: the thin hooks that will move traffic on a passing report.
//!
//! In this version it holds no hook: it prints what is planned and exits 2, so that a pipeline that calls it early
//! stops instead of going on ungated.

use greenlight_reports::Exit;
use std::process::ExitCode;

/// Planned commands and what each will do.
const PLAN: &[(&str, &str)] = &[
    ("gate", "decide from a signed report whether exactly this artefact may be shipped"),
    ("deploy", "start the idle side, verify it, switch traffic, watch, drain; resume or abort at any point"),
    ("rollback", "create, list, run, verify and rehearse encrypted rollback points"),
    ("plan", "read what is deployed and list the steps to a new version, each with its undo"),
    ("env", "update, validate and template environment files"),
    ("validate", "static lint and live checks of one category"),
    ("migrate", "all of the above in order, with automatic rollback"),
    ("report", "show and compare reports"),
    ("doctor", "say what this machine lacks, and the command that mends it"),
];

fn main() -> ExitCode {
    eprintln!("greenlight {}: no command works yet. Planned:", env!("CARGO_PKG_VERSION"));
    for (command, purpose) in PLAN {
        eprintln!("  {command:<9} {purpose}");
    }
    eprintln!("What works today is `cargo verify`.");
    eprintln!("exit {}: {}", Exit::Usage.code(), Exit::Usage.reason());
    Exit::Usage.into()
}
