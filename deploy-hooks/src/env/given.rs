//! The file that was named, and what is known beside its text.

use crate::failure::Failure;
use crate::files::read_text;
use greenlight_config::lint::{Facts, FileKind, Finding, Level, lint};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

/// More than every file that people write.
const BYTES_MAX: u64 = 4 << 20;
const READ_BY_ANYBODY: u32 = 0o004;

/// Reads it.
///
/// # Errors
/// [`Failure`] of usage, with what to do.
pub(super) fn read(path: &Path) -> Result<String, Failure> {
    let shown = path.display();
    let cannot = |said: String| {
        Failure::usage(format!(
            "cannot read {shown}: {said}; name a file of NAME=value lines, or make one with `greenlight env template --env staging --out {shown}`"
        ))
    };
    let text = read_text(path, BYTES_MAX).map_err(|error| cannot(error.to_string()))?;
    match text.contains('\0') {
        true => Err(cannot("it has a zero byte, and is no text".to_owned())),
        false => Ok(text),
    }
}

/// What is wrong with the text, and with the rights on the file.
pub(super) fn judge(path: &Path, text: &str) -> Vec<Finding> {
    let mut findings = lint(FileKind::Environment, text, &Facts::default());
    let mode = std::fs::metadata(path).map_or(0, |there| there.permissions().mode());
    let secrets = crate::secrets::of_text(FileKind::Environment, text);
    if mode & READ_BY_ANYBODY != 0 && secrets.iter().any(|(_, value)| !value.is_empty() && !value.contains('$')) {
        findings.push(Finding {
            rule: "env_file_mode",
            line: 0,
            found: format!("mode {:03o}", mode & 0o777),
            what: "everybody on this machine can read the secrets in it".to_owned(),
            fix: format!("chmod 640 {}, or 600", path.display()),
            level: Level::Risky,
        });
    }
    findings
}
