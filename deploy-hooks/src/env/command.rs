//! `greenlight env` on the command line.

use super::{template, update, validate};
use crate::failure::Failure;
use crate::output::Format;
use clap::{Args, Subcommand, ValueEnum};
use greenlight_reports::Exit;
use std::path::PathBuf;

/// Environment files of livekit-server, its SIP bridge and their clients: validate, update, template.
#[derive(Debug, Subcommand)]
#[command(after_help = "\
Examples:
  greenlight env validate staging.env
  greenlight env update staging.env --set NODE_IP=203.0.113.7 --dry-run
  greenlight env template --env production --out production.env")]
pub(crate) enum EnvCommand {
    Validate(ValidateArgs),
    Update(UpdateArgs),
    Template(TemplateArgs),
}

/// Says what livekit-server would ignore, misread or end on, each with its line and its remedy.
///
/// Types, ranges, and what variables mean together: ports that collide, an address that another setting overrides, a
/// client's key that the server does not have. Nothing is changed, and no secret is shown.
#[derive(Debug, Args)]
#[command(after_help = "\
The file is read as Docker Compose reads `.env` files and `env_file`.

Exit codes: 0 nothing is wrong (what is risky is shown); 1 something is wrong, or risky with --strict; 2 a file can't be
read.

Examples:
  greenlight env validate .env
  greenlight env validate --strict -o json production.env | jq '.files[].findings[]'")]
pub(crate) struct ValidateArgs {
    /// The files, each judged by itself.
    #[arg(required = true, value_name = "FILE")]
    pub(super) files: Vec<PathBuf>,

    /// What is risky is wrong.
    #[arg(long)]
    pub(super) strict: bool,

    /// What to print on standard output.
    #[arg(short = 'o', long, visible_alias = "output", value_enum, default_value = "text")]
    pub(super) format: Format,
}

/// Changes variables and keeps everything else: comments, order, quotes, mode and owner.
///
/// The file is replaced as a whole or not at all, and what stood there is kept beside it as FILE.before. A change that
/// livekit-server would not read is refused. The difference is shown without secrets.
#[derive(Debug, Args)]
#[command(after_help = "\
Arguments are seen by every process of a machine, so a secret is not given as one: --take reads the variable of that name
from this command's own environment, and --generate makes a new secret of 43 characters.

With --to, names that the version no longer reads become those that it does: LIVEKIT_RTC_NODE_IP, which livekit-server
ignores in silence, becomes NODE_IP.

Exit codes: 0 changed, or nothing to change; 2 refused, and nothing was written.

Examples:
  greenlight env update staging.env --set NODE_IP=203.0.113.7 --unset UDP_PORT --dry-run
  greenlight env update staging.env --to 1.13.5
  REDIS_PASSWORD=… greenlight env update staging.env --take REDIS_PASSWORD
  greenlight env update staging.env --generate LIVEKIT_API_SECRET")]
pub(crate) struct UpdateArgs {
    /// The file.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,

    /// Give a variable this value; may be given several times. One that is not there is added at the end.
    #[arg(long, value_name = "NAME=VALUE")]
    pub(crate) set: Vec<String>,

    /// Give a variable the value that it has in this command's own environment.
    #[arg(long, value_name = "NAME")]
    pub(crate) take: Vec<String>,

    /// Give a variable a new random secret.
    #[arg(long, value_name = "NAME")]
    pub(crate) generate: Vec<String>,

    /// Remove a variable. Comments above it stay.
    #[arg(long, value_name = "NAME")]
    pub(crate) unset: Vec<String>,

    /// Rename what this version of livekit-server no longer reads.
    #[arg(long, value_name = "VERSION")]
    pub(crate) to: Option<String>,

    /// Show the difference and write nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// Writes a commented environment file to begin with.
///
/// On standard output secrets are left for Compose to fill in. With --out they are made, and only the owner may read the
/// file; one that exists is never touched.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  greenlight env template --env development
  greenlight env template --env production --out production.env && greenlight env validate production.env")]
pub(crate) struct TemplateArgs {
    /// For which environment.
    #[arg(long, value_enum, value_name = "NAME")]
    pub(super) env: Kind,

    /// Where to.
    #[arg(long, value_name = "FILE")]
    pub(super) out: Option<PathBuf>,
}

/// What an environment is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Kind {
    /// One machine, one node, everything on loopback.
    Development,
    /// As production, on machines of its own.
    Staging,
    /// Several nodes on one Redis.
    Production,
}

/// Runs it.
///
/// # Errors
/// [`Failure`] of usage; then nothing was written.
pub(crate) fn run(command: &EnvCommand) -> Result<Exit, Failure> {
    match command {
        EnvCommand::Validate(args) => validate::run(args),
        EnvCommand::Update(args) => update::run(args),
        EnvCommand::Template(args) => template::run(args),
    }
}
