//! deployment.yaml, as every command reads it.

use crate::failure::Failure;
use crate::process::keep_secret;
use greenlight_config::{Deployment, Sink};

/// Reads it. From then on whatever it names as secret is secret: steps and greenlight-verify inherit those variables, and
/// may print them.
///
/// # Errors
/// [`Failure`] of usage, with file, line and remedy.
pub(crate) fn read(file: &str) -> Result<Deployment, Failure> {
    let deployment = Deployment::read(file).map_err(Failure::usage)?;
    keep_secret(deployment.notifications.iter().flat_map(Sink::secret_variables));
    Ok(deployment)
}
