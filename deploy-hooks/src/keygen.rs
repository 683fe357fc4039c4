//! `greenlight keygen`: a pair of keys.

use crate::failure::Failure;
use crate::files;
use crate::output::print;
use clap::Args;
use greenlight_reports::{Exit, Signer};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// Makes an ed25519 pair: the private half signs reports, the public half is pinned in deployment.yaml.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  greenlight keygen --out ci/greenlight          # ci/greenlight.pem (0600) and ci/greenlight.pub.pem
  cargo verify --sign-key ci/greenlight.pem

The private half belongs on the machine that verifies, the public half into the repository that deploys.")]
pub(crate) struct KeygenArgs {
    /// Where to: NAME.pem and NAME.pub.pem are written. Neither may exist.
    #[arg(long, value_name = "NAME", default_value = "greenlight")]
    pub out: PathBuf,
}

/// Runs it.
///
/// # Errors
/// When a file exists or can't be written; then none is left.
pub(crate) fn run(args: &KeygenArgs) -> Result<Exit, Failure> {
    let with = |ending: &str| {
        let mut name = args.out.clone().into_os_string();
        name.push(ending);
        PathBuf::from(name)
    };
    let (private, public) = (with(".pem"), with(".pub.pem"));
    let signer = Signer::from_seed(rand::random());
    let verifier = signer.verifier();
    write_new(&private, 0o600, &signer.to_pem().map_err(Failure::unknown)?)?;
    if let Err(failure) = verifier.to_pem().map_err(Failure::unknown).and_then(|pem| write_new(&public, 0o644, &pem)) {
        // A key without its other half is of no use, and must not be taken for one.
        let _ = std::fs::remove_file(&private);
        return Err(failure);
    }
    print(&format!("private  {}\npublic   {}\nkey id   {}\n", private.display(), public.display(), verifier.id()))?;
    Ok(Exit::Passed)
}

/// Never over a key that is in use.
fn write_new(path: &Path, mode: u32, text: &str) -> Result<(), Failure> {
    let shown = path.display();
    let written = files::write_new(path, mode, text.as_bytes());
    written.map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => Failure::usage(format!("{shown} exists already; name another one with --out")),
        _ => Failure::usage(format!(
            "cannot write {shown}: {error}; name a place in a folder that can be written with --out"
        )),
    })
}
