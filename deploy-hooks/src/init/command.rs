//! `greenlight init` on the command line.

use super::files::{Ci, files};
use super::write::write;
use crate::failure::Failure;
use crate::output::print;
use clap::Args;
use greenlight_reports::Exit;
use std::fmt::Write as _;
use std::path::PathBuf;

/// Writes a commented configuration, and with --ci a workflow that verifies and asks the gate.
///
/// All files are written or none. One that exists is never touched: then nothing is written, and all that exist are named.
#[derive(Debug, Args)]
#[command(after_help = "\
Writes config/staging_tests.yaml (images, limits, thresholds, known bugs), config/deployment.yaml (keys, environments,
what each demands), config/expected_skips.txt, config/required_checks.txt and config/.gitignore (no private key).

Examples:
  greenlight init
  greenlight init --ci github
  greenlight init ops/livekit --ci gitlab
  greenlight init && greenlight keygen --out config/greenlight && greenlight doctor")]
pub(crate) struct InitArgs {
    /// The folder, made if there is none.
    #[arg(value_name = "DIR", default_value = ".")]
    folder: PathBuf,

    /// Write a workflow for this system as well; may be given several times. Without it, none is written.
    #[arg(long, value_enum, value_name = "SYSTEM")]
    ci: Vec<Ci>,
}

/// Runs it.
///
/// # Errors
/// [`Failure`] of usage; then nothing was written.
pub(crate) fn run(args: &InitArgs) -> Result<Exit, Failure> {
    let files = files(&args.ci);
    write(&args.folder, &files)?;
    let mut text = String::new();
    for (file, _) in &files {
        // Joining with `.` and taking it off again: what is shown can be pasted.
        let path = args.folder.join(file);
        let _ = writeln!(text, "wrote    {}", path.strip_prefix(".").unwrap_or(&path).display());
    }
    let _ = writeln!(
        text,
        "next     {}greenlight doctor\n         greenlight keygen --out config/greenlight\n         greenlight verify --sign-key config/greenlight.pem\n         greenlight gate --env development",
        if args.folder.as_os_str() == "." { String::new() } else { format!("cd {}\n         ", args.folder.display()) }
    );
    print(&text)?;
    Ok(Exit::Passed)
}
