//! `greenlight plan` on the command line.

use super::{apply, backup, generate};
use crate::failure::Failure;
use crate::output::Format;
use crate::rollback::PointArgs;
use clap::{Args, Subcommand};
use greenlight_reports::Exit;
use std::path::PathBuf;
use tokio::runtime::Runtime;

/// Moves to another version of livekit-server: analyze what is there, plan the steps, correct the files.
#[derive(Debug, Subcommand)]
#[command(after_help = "\
Examples:
  greenlight plan analyze ops/ --from 1.7.0
  greenlight plan generate ops/ --to 1.13.5 --out plan.json
  greenlight plan apply plan.json --folder ops/ --dry-run
  greenlight plan backup before-1.13 --folder ops/ --environment production --sign-key points.pem")]
pub(crate) enum PlanCommand {
    Analyze(AnalyzeArgs),
    Generate(GenerateArgs),
    Apply(ApplyArgs),
    Backup(BackupArgs),
}

/// What is looked at.
#[derive(Debug, Args)]
pub(crate) struct SeeArgs {
    /// The folder with the deployment's files: livekit.yaml, sip.yaml, egress and ingress configuration, compose files,
    /// manifests, environment files, the balancer's configuration, and what applications are built from.
    #[arg(value_name = "DIR", default_value = ".")]
    pub(crate) folder: PathBuf,

    /// Tokens that your application has issued, one a line: those that never end are a risk.
    #[arg(long, value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,

    /// The deployment, with LIVEKIT_API_KEY and LIVEKIT_API_SECRET: its trunks and rules are listed, and not changed.
    #[arg(long, value_name = "URL")]
    pub(crate) url: Option<String>,

    /// CA certificates (PEM) to trust for --url. Without it, those of this machine.
    #[arg(long, value_name = "FILE", requires = "url")]
    pub(crate) ca: Option<PathBuf>,
}

/// What is looked at, and from which version to which.
#[derive(Debug, Args)]
pub(crate) struct LookArgs {
    #[command(flatten)]
    pub(crate) see: SeeArgs,

    /// livekit-server's version now. Without it, the oldest one that an image names.
    #[arg(long, value_name = "VERSION")]
    pub(crate) from: Option<String>,

    /// The version to move to. Without it, the newest one whose keys are known.
    #[arg(long, value_name = "VERSION")]
    pub(crate) to: Option<String>,

    /// Do not look at this machine's containers.
    #[arg(long)]
    pub(crate) no_engine: bool,
}

/// Says what is there, and what another version changes or refuses.
///
/// Nothing is written, started or changed. Secrets are counted in characters and never shown.
#[derive(Debug, Args)]
#[command(after_help = "\
The same input gives the same bytes. `docs/plan.schema.json` describes the JSON.

Examples:
  greenlight plan analyze
  greenlight plan analyze ops/ --from 1.7.0 --to 1.13.5 -o json | jq '.risks[] | select(.severity == \"high\")'
  greenlight plan analyze --url wss://livekit.example.com     # its trunks and rules too")]
pub(crate) struct AnalyzeArgs {
    #[command(flatten)]
    pub(super) look: LookArgs,

    /// What to print on standard output.
    #[arg(short = 'o', long, visible_alias = "output", value_enum, default_value = "text")]
    pub(super) format: Format,
}

/// Writes the plan: steps with their check, undo and estimate, risks with their source, as JSON and as Markdown beside it.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  greenlight plan generate ops/ --from 1.7.0 --to 1.13.5
  greenlight plan generate --token-file tokens.txt --out plans/upgrade.json")]
pub(crate) struct GenerateArgs {
    #[command(flatten)]
    pub(crate) look: LookArgs,

    /// Where to; the Markdown has the same name and the ending `.md`.
    #[arg(long, value_name = "FILE", default_value = "plan.json")]
    pub(crate) out: PathBuf,
}

/// Corrects livekit.yaml and sip.yaml as planned: keys that are gone are moved to their new place or taken out.
///
/// Comments and order stay. Only what can be done without a decision is done; the rest is named, and makes the status 1. If
/// a file has changed since planning, nothing is written. A file that is replaced is kept as FILE.before.
#[derive(Debug, Args)]
#[command(after_help = "\
Exit codes: 0 nothing is left to do in these files; 1 something is left for you; 2 refused, and nothing was written.

Examples:
  greenlight plan apply plan.json --dry-run
  greenlight plan apply plan.json --dry-run --out corrected/     # writes the corrected files there
  greenlight plan apply plan.json --folder ops/")]
pub(crate) struct ApplyArgs {
    /// The plan.
    #[arg(value_name = "PLAN")]
    pub(crate) plan: PathBuf,

    /// The folder that was planned.
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub(crate) folder: PathBuf,

    /// Show the difference, and leave the files as they are.
    #[arg(long)]
    pub(crate) dry_run: bool,

    /// Write the corrected files into this folder instead.
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
}

/// Makes a rollback point of what `rollback.files` and `rollback.env` of an environment name: `rollback create` without the
/// other components.
///
/// A file of the folder that the new version may want changed, and that the point would not bring back, is refused before
/// anything is made, with what to write into deployment.yaml.
#[derive(Debug, Args)]
#[command(
    mut_arg("environment", |environment| {
        environment.required(true).long_help("The environment of deployment.yaml whose `rollback:` says what a point holds")
    }),
    mut_arg("config", |config| config.long_help("The deployment.yaml")),
    after_help = "\
Back again:
  greenlight rollback run before-1.13 --environment production --key points.pub.pem --identity key.txt

Example:
  greenlight plan backup before-1.13 --folder ops/ --environment production --sign-key points.pem"
)]
pub(crate) struct BackupArgs {
    #[command(flatten)]
    pub(super) point: PointArgs,

    /// The folder with the deployment's files.
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub(super) folder: PathBuf,
}

/// Runs it.
///
/// # Errors
/// [`Failure`], as the command says.
pub(crate) fn run(command: &PlanCommand, runtime: &Runtime) -> Result<Exit, Failure> {
    match command {
        PlanCommand::Analyze(args) => runtime.block_on(generate::analyze(args)),
        PlanCommand::Generate(args) => runtime.block_on(generate::generate(args)),
        PlanCommand::Apply(args) => apply::apply(args),
        PlanCommand::Backup(args) => backup::backup(args),
    }
}
