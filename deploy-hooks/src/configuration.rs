//! deployment.yaml, as every command reads it.

use crate::failure::Failure;
use crate::files::read_text;
use crate::process::keep_secret;
use greenlight_config::{Deployment, Environment, Sink, did_you_mean};
use std::path::Path;

/// More than every file that people write.
const BYTES_MAX: u64 = 4 << 20;

/// Reads it. From then on whatever it names as secret is secret: steps and greenlight-verify inherit those variables, and
/// may print them.
///
/// # Errors
/// [`Failure`] of usage, with file, line and remedy.
pub(crate) fn read(file: &str) -> Result<Deployment, Failure> {
    let text = read_text(Path::new(file), BYTES_MAX).map_err(|error| {
        Failure::usage(format!(
            "cannot read {file}: {error}; name a deployment.yaml with --config, or let `greenlight init` write one"
        ))
    })?;
    let deployment = Deployment::parse(file, &text).map_err(Failure::usage)?;
    keep_secret(deployment.notifications.iter().flat_map(Sink::secret_variables));
    Ok(deployment)
}

/// The environment of this name.
///
/// # Errors
/// [`Failure`] of usage, with the names that there are.
pub(crate) fn environment<'a>(deployment: &'a Deployment, name: &str) -> Result<&'a Environment, Failure> {
    let known = deployment.environments.keys().map(String::as_str);
    let none = |said| Failure::usage(format!("{said}{}", did_you_mean(name, known)));
    deployment.environment(name).map_err(none)
}

/// The name that was given.
///
/// # Errors
/// [`Failure`] of usage, with the names that there are.
pub(crate) fn given<'a>(deployment: &Deployment, name: Option<&'a str>) -> Result<&'a str, Failure> {
    name.ok_or_else(|| {
        let known: Vec<&str> = deployment.environments.keys().map(String::as_str).collect();
        Failure::usage(format!("which environment? name it with --env: {}", known.join(", ")))
    })
}
