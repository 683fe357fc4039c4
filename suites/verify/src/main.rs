//! `greenlight-verify`: proves that a LiveKit deployment works, and writes a sealed report.

use clap::Parser as _;
use greenlight_verify::{Cli, execute};
use std::process::ExitCode;

fn main() -> ExitCode {
    let exit = execute(&Cli::parse());
    eprintln!("exit {}: {}", exit.code(), exit.reason());
    exit.into()
}
