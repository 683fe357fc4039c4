//! `greenlight doctor` on the command line.

use super::finding::{State, json, ready, text};
use super::judge::judge;
use super::look::look;
use crate::failure::Failure;
use crate::output::{Format, print};
use crate::process::secrets_of_the_environment;
use clap::Args;
use greenlight_reports::Exit;
use std::path::{Path, PathBuf};

/// Says what this machine lacks, the command that mends it, and what `cargo verify` would test here.
///
/// Nothing is started or changed. `lacks` is required for what would be tested here; `warn` is not needed by every run.
#[derive(Debug, Args)]
#[command(after_help = "\
Exit codes: 0 nothing required is lacking; 1 something is.

Examples:
  greenlight doctor
  greenlight doctor --format json | jq '.findings[] | select(.state != \"ok\")'
  greenlight doctor --config /etc/greenlight
  LIVEKIT_URL=wss://livekit.example.com greenlight doctor    # no container engine is needed then")]
pub(crate) struct DoctorArgs {
    /// The folder with the configuration.
    #[arg(long, value_name = "DIR", default_value = "config")]
    config: PathBuf,

    /// What to print on standard output.
    #[arg(short = 'o', long, visible_alias = "output", value_enum, default_value = "text")]
    format: Format,
}

/// What is lacking of these groups, each with what mends it.
pub(crate) async fn lacking(folder: &Path, groups: &[&str]) -> Vec<String> {
    let found = judge(&look(folder).await);
    let lacks = found.into_iter().filter(|one| one.state == State::Lacks && groups.contains(&one.group));
    let redactor = secrets_of_the_environment();
    lacks
        .map(|one| {
            redactor.text(&format!("{}{}", one.what, one.mend.map(|mend| format!("; {mend}")).unwrap_or_default()))
        })
        .collect()
}

/// Runs it.
///
/// # Errors
/// [`Failure`] when nobody reads the result.
pub(crate) async fn run(args: &DoctorArgs) -> Result<Exit, Failure> {
    let mut findings = judge(&look(&args.config).await);
    // Paths and addresses come from the environment, and so may what is secret in it.
    let redactor = secrets_of_the_environment();
    for finding in &mut findings {
        finding.what = redactor.text(&finding.what);
        finding.mend = finding.mend.as_deref().map(|mend| redactor.text(mend));
    }
    match args.format {
        Format::Text => print(&text(&findings))?,
        Format::Json => print(&format!("{:#}\n", json(&findings)))?,
    }
    Ok(if ready(&findings) { Exit::Passed } else { Exit::Failed })
}
