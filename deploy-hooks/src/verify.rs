//! `greenlight verify` and `greenlight explain`: greenlight-verify takes this process over, and with it the terminal, the
//! signals and the exit status.

use crate::beside::Beside;
use crate::failure::Failure;
use clap::Args;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

/// Where LiveKit's own tools look for it.
const SECRET: &str = "LIVEKIT_API_SECRET";
const SECRET_OPTION: &str = "--api-secret";

/// Runs the checks: greenlight-verify, which lies beside this program, gets the arguments as they are.
///
/// Its output, its questions and its exit status are those of this command, and Ctrl-C reaches it. Another version is
/// refused. `greenlight verify --help` shows all its options.
#[derive(Debug, Args)]
#[command(
    disable_help_flag = true,
    after_help = "\
A secret is safest in the environment (LIVEKIT_API_SECRET). One that is given as --api-secret is moved there before
greenlight-verify starts, so that `ps` shows it no longer.

Examples:
  greenlight verify                                  # everything, on a staging in containers
  greenlight verify --tag smoke -o short
  greenlight verify --sign-key config/greenlight.pem && greenlight gate --env staging
  greenlight verify --list --format terse"
)]
pub(crate) struct VerifyArgs {
    /// For greenlight-verify.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGUMENTS")]
    arguments: Vec<OsString>,
}

/// Says what a check claims, whom it hurts when that is false, how to mend it, and how it was proven.
#[derive(Debug, Args)]
#[command(after_help = "\
Nothing is started. `greenlight verify --list` prints the ids.

Example:
  greenlight explain auth.expired_token_refused")]
pub(crate) struct ExplainArgs {
    /// The check, as `suite.name`.
    #[arg(value_name = "SUITE.NAME")]
    id: String,
}

/// Becomes greenlight-verify.
///
/// # Errors
/// [`Failure`] of usage when it is not there, is another version, or can't be started; otherwise this does not return.
pub(crate) async fn verify(args: &VerifyArgs) -> Result<std::convert::Infallible, Failure> {
    let beside = Beside::find().await?;
    let (arguments, secret) = without_secret(&args.arguments)?;
    let mut command = Command::new(beside.program());
    command.args(arguments).envs(secret.map(|secret| (SECRET, secret)));
    Err(become_it(&beside, command))
}

/// Becomes `greenlight-verify --explain`.
///
/// # Errors
/// As [`verify`].
pub(crate) async fn explain(args: &ExplainArgs) -> Result<std::convert::Infallible, Failure> {
    let beside = Beside::find().await?;
    let mut command = Command::new(beside.program());
    // In one piece: an id that begins with a dash is an id.
    command.arg(format!("--explain={}", args.id));
    Err(become_it(&beside, command))
}

/// Returns only if that fails.
fn become_it(beside: &Beside, mut command: Command) -> Failure {
    Failure::usage(format!("cannot start {}: {}", beside.shown(), command.exec()))
}

/// The arguments without a secret, and the secret: arguments are seen by every process of the machine.
fn without_secret(arguments: &[OsString]) -> Result<(Vec<&OsStr>, Option<&OsStr>), Failure> {
    let (mut kept, mut secret) = (Vec::new(), None);
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        let after = argument.as_bytes().strip_prefix(SECRET_OPTION.as_bytes());
        match after {
            Some([]) => {
                let value = rest.next();
                let none = || Failure::usage(format!("{SECRET_OPTION} has no value; better, set {SECRET}"));
                secret = Some(value.ok_or_else(none)?.as_os_str());
            }
            Some([b'=', value @ ..]) => secret = Some(OsStr::from_bytes(value)),
            _ => kept.push(argument.as_os_str()),
        }
    }
    Ok((kept, secret))
}

#[cfg(test)]
mod tests {
    use super::without_secret;
    use std::ffi::{OsStr, OsString};

    #[test]
    fn a_secret_is_no_argument() {
        let split = |line: &str| {
            let arguments: Vec<OsString> = line.split(' ').map(OsString::from).collect();
            let (kept, secret) = without_secret(&arguments).map_err(|failure| failure.message)?;
            Ok((kept.join(OsStr::new(" ")), secret.map(OsStr::to_owned)))
        };
        let moved = |kept: &str, secret: &str| Ok((OsString::from(kept), Some(OsString::from(secret))));
        assert_eq!(split("--url ws://a --api-secret s3 --tag smoke"), moved("--url ws://a --tag smoke", "s3"));
        assert_eq!(split("--api-secret=s=3 --list"), moved("--list", "s=3"));
        assert_eq!(split("--api-secrets s3"), Ok(("--api-secrets s3".into(), None)));
        assert_eq!(split("--api-secret"), Err("--api-secret has no value; better, set LIVEKIT_API_SECRET".to_owned()));
    }
}
