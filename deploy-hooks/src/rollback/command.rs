//! `greenlight rollback` on the command line.

use super::site::SiteArgs;
use super::{create, rehearse, restore, show};
use crate::failure::Failure;
use clap::{Args, Subcommand};
use greenlight_reports::Exit;
use std::path::PathBuf;

/// Points to come back to: encrypted, signed, and restored whole or not at all.
#[derive(Debug, Subcommand)]
#[command(after_help = "\
With --environment also trunks, rules and ingress in LiveKit's Redis, trunks and rules through the API, a database of
Postgres, and containers, as `rollback:` of deployment.yaml says.

Examples:
  age-keygen -o key.txt && greenlight keygen --out points
  greenlight rollback create before-1.13 --files /etc/livekit --env /etc/livekit.env --recipient age1… --sign-key points.pem
  greenlight rollback verify before-1.13 --key points.pub.pem --identity key.txt
  greenlight rollback rehearse before-1.13 --key points.pub.pem --identity key.txt --sign-key points.pem
  greenlight rollback run before-1.13 --key points.pub.pem --identity key.txt")]
pub(crate) enum RollbackCommand {
    Create(CreateArgs),
    /// Every point, the oldest first.
    List(ListArgs),
    /// What is in a point: with --identity every path.
    Show(VerifyArgs),
    /// Whether a point is whole: signature and sums, and with --identity every file in it.
    Verify(VerifyArgs),
    Run(RunArgs),
    Rehearse(RehearseArgs),
    /// Ends a restore that was cut short: forward if all was ready, else as if it had not begun.
    Resume(EndArgs),
    /// Takes a restore that was cut short back.
    Abort(EndArgs),
    Prune(PruneArgs),
}

/// Where points are.
#[derive(Debug, Clone, Args)]
pub(crate) struct StoreArgs {
    /// Where points are kept: a folder, into which only its owner may look, or s3://bucket/prefix, with AWS_ACCESS_KEY_ID,
    /// AWS_SECRET_ACCESS_KEY and AWS_ENDPOINT in the environment. Without it `rollback.store` of the environment, else
    /// `greenlight-points`.
    #[arg(long, value_name = "DIR|URL", env = "GREENLIGHT_STORE")]
    pub(super) store: Option<String>,

    #[command(flatten)]
    pub(crate) site: SiteArgs,
}

impl StoreArgs {
    /// The options that name the same store and environment again, each with a space before it.
    pub(super) fn as_typed(&self) -> String {
        let store = self.store.as_ref().map(|store| format!(" --store {store}")).unwrap_or_default();
        store + &self.site.as_typed()
    }
}

/// A point that is made, whatever is in it.
#[derive(Debug, Clone, Args)]
pub(crate) struct PointArgs {
    /// Its name: letters, digits, `-`, `_`, `.`.
    #[arg(value_name = "NAME")]
    pub(super) name: String,

    /// What it is for.
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub(super) description: String,

    /// Who can restore it, as `age-keygen` prints it; may be given several times. Without it what deployment.yaml says.
    #[arg(long, value_name = "AGE-RECIPIENT")]
    pub(super) recipient: Vec<String>,

    /// The private key that signs it (`greenlight keygen`). Only its owner may read it.
    #[arg(long, value_name = "FILE", env = "GREENLIGHT_SIGN_KEY")]
    pub(super) sign_key: PathBuf,

    #[command(flatten)]
    pub(crate) place: StoreArgs,
}

/// For `rollback resume` and `rollback abort`.
#[derive(Debug, Args)]
pub(crate) struct EndArgs {
    #[command(flatten)]
    pub(super) place: StoreArgs,

    /// The identity of age that opens the point: wanted only where something is put back that is kept encrypted meanwhile.
    #[arg(long, value_name = "FILE")]
    pub(super) identity: Option<PathBuf>,
}

/// Keeps files and folders, with mode, owner, links, times and extended attributes.
///
/// Whole or not at all: a file that changes while it is read ends it. What is kept is compressed and encrypted while it is
/// read; nothing in clear text is written, and this machine can't read it again. Sockets and devices are left out, and
/// named.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  greenlight rollback create before-1.13 --description \"livekit 1.7.0\" --files /etc/livekit docker-compose.yml \\
      --env .env --recipient age1… --sign-key points.pem")]
pub(crate) struct CreateArgs {
    #[command(flatten)]
    pub(crate) point: PointArgs,

    /// Only these components.
    #[arg(long, value_name = "COMPONENT", value_delimiter = ',')]
    pub(crate) only: Vec<String>,

    /// Files and folders of the component `files`. Without it what deployment.yaml says.
    #[arg(long, value_name = "PATH", num_args = 1..)]
    pub(crate) files: Vec<PathBuf>,

    /// Environment files, the component `env`. Without it what deployment.yaml says.
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub(crate) env: Vec<PathBuf>,
}

/// For `rollback list`.
#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    #[command(flatten)]
    pub(super) place: StoreArgs,

    /// A public key that is believed; may be given several times.
    #[arg(long, required = true, value_name = "FILE")]
    pub(super) key: Vec<PathBuf>,
}

/// For `rollback show` and `rollback verify`.
#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
    /// Which point.
    #[arg(value_name = "NAME")]
    pub(super) name: String,

    /// A public key that is believed; may be given several times.
    #[arg(long, required = true, value_name = "FILE")]
    pub(super) key: Vec<PathBuf>,

    /// The identity of age that opens it. Without it only signature and sums are looked at, and it is said.
    #[arg(long, value_name = "FILE")]
    pub(super) identity: Option<PathBuf>,

    #[command(flatten)]
    pub(super) place: StoreArgs,
}

/// Puts what was kept back where it was: all of a component or nothing.
///
/// The whole archive is read and believed before anything is written; everything is put together beside what is there and
/// exchanged at once; what was replaced is removed when what is there now has been read again. If that fails, it is put
/// back. A restore that is killed is ended by `rollback resume` or `rollback abort`.
///
/// Services come back by a deploy of what was kept, with an open gate. With --emergency containers are stopped and made
/// again as they were: calls are cut.
#[derive(Debug, Args)]
#[command(after_help = "\
Exit codes: 0 restored and verified; 2 refused, and nothing was changed; 3 could not be done, and nothing was changed;
5 the point is not to be believed; 7 it failed and everything was put back; 8 a person is needed.

Example:
  greenlight rollback run before-1.13 --only env --key points.pub.pem --identity key.txt")]
pub(crate) struct RunArgs {
    /// Which point.
    #[arg(value_name = "NAME")]
    pub(super) name: String,

    /// Only these components.
    #[arg(long, value_name = "COMPONENT", value_delimiter = ',')]
    pub(super) only: Vec<String>,

    /// A public key that is believed; may be given several times.
    #[arg(long, required = true, value_name = "FILE")]
    pub(super) key: Vec<PathBuf>,

    /// The identity of age that opens it. Only its owner may read it.
    #[arg(long, value_name = "FILE")]
    pub(super) identity: PathBuf,

    /// Services: stop containers and make them again, without gate and deploy. Calls are cut. Wants --yes and --reason.
    #[arg(long)]
    pub(super) emergency: bool,

    /// Yes, what is said to be lost may be lost. Without it a database does not come back.
    #[arg(long)]
    pub(super) yes: bool,

    /// Why, for the audit log.
    #[arg(long, value_name = "TEXT", requires = "emergency")]
    pub(super) reason: Option<String>,

    #[command(flatten)]
    pub(super) place: StoreArgs,
}

/// Restores a point where nothing serves, reads it again, and lets the suites judge it.
///
/// Files come into a scratch folder that only their owner may look into, and that goes afterwards. Nothing that serves is
/// touched. Then the line `rollback.rehearse` of deployment.yaml says whether what was restored would serve; without it
/// greenlight-verify runs its smoke set on a staging in containers with each livekit.yaml of the point. What came of it, and
/// how long each component took, is signed and kept with the point: `rollback list` and `show` print it, and with
/// `rollback.rehearsal_age_max_s` no deploy begins without one that is green and fresh.
#[derive(Debug, Args)]
#[command(after_help = "\
Exit codes: 0 it would come back and serve; 1 it would not, and the record says why; 2 refused; 5 the point is not to be
believed; 130 broken off, and nothing was recorded.

Example:
  greenlight rollback rehearse before-1.13 --environment production --key points.pub.pem --identity key.txt \\
      --sign-key config/greenlight.pem")]
pub(crate) struct RehearseArgs {
    /// Which point.
    #[arg(value_name = "NAME")]
    pub(super) name: String,

    /// A public key that is believed; may be given several times.
    #[arg(long, required = true, value_name = "FILE")]
    pub(super) key: Vec<PathBuf>,

    /// The identity of age that opens it. Only its owner may read it.
    #[arg(long, value_name = "FILE")]
    pub(super) identity: PathBuf,

    /// The private key that signs the record. A deploy believes it if its public half stands in `keys` of deployment.yaml.
    #[arg(long, value_name = "FILE", env = "GREENLIGHT_SIGN_KEY")]
    pub(super) sign_key: PathBuf,

    /// Where the scratch folder is made. Without it where this system keeps what is temporary.
    #[arg(long, value_name = "DIR")]
    pub(super) scratch: Option<PathBuf>,

    #[command(flatten)]
    pub(super) place: StoreArgs,
}

/// Removes the oldest points, and the copies of databases that belong to them. The last one, and those that are not to be believed, stay.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  greenlight rollback prune --keep 10 --days 90 --key points.pub.pem")]
pub(crate) struct PruneArgs {
    /// Keep so many.
    #[arg(long, value_name = "N", required_unless_present_any = ["days", "bytes"])]
    pub(super) keep: Option<usize>,

    /// Remove those that are older than so many days.
    #[arg(long, value_name = "DAYS")]
    pub(super) days: Option<u32>,

    /// Remove the oldest until all archives together have at most so many bytes.
    #[arg(long, value_name = "BYTES")]
    pub(super) bytes: Option<u64>,

    /// A public key that is believed; may be given several times.
    #[arg(long, required = true, value_name = "FILE")]
    pub(super) key: Vec<PathBuf>,

    #[command(flatten)]
    pub(super) place: StoreArgs,
}

/// Runs it.
///
/// # Errors
/// [`Failure`], as the command says.
pub(crate) fn run(command: &RollbackCommand) -> Result<Exit, Failure> {
    match command {
        RollbackCommand::Create(args) => create::create(args),
        RollbackCommand::List(args) => show::list(args),
        RollbackCommand::Show(args) => show::verify(args, true),
        RollbackCommand::Verify(args) => show::verify(args, false),
        RollbackCommand::Run(args) => restore::run(args),
        RollbackCommand::Rehearse(args) => rehearse::rehearse(args),
        RollbackCommand::Resume(args) => restore::resume(args),
        RollbackCommand::Abort(args) => restore::abort(args),
        RollbackCommand::Prune(args) => show::prune(args),
    }
}
