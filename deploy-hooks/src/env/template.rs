//! `greenlight env template`.

use super::command::{Kind, TemplateArgs};
use super::update::new_secret;
use crate::failure::Failure;
use crate::files::write_new;
use crate::output::print;
use greenlight_reports::Exit;
use std::io::ErrorKind;

/// Where a secret belongs, in quotes of Compose, which fills it in.
const SECRET: &str = "${LIVEKIT_API_SECRET}";
const REDIS: &str = "${REDIS_PASSWORD}";

/// Prints it, or writes it with secrets of its own.
///
/// # Errors
/// [`Failure`] of usage; then nothing was written.
pub(super) fn run(args: &TemplateArgs) -> Result<Exit, Failure> {
    let text = match args.env {
        Kind::Development => include_str!("templates/development.env"),
        Kind::Staging => include_str!("templates/staging.env"),
        Kind::Production => include_str!("templates/production.env"),
    };
    let Some(out) = &args.out else {
        print(text)?;
        return Ok(Exit::Passed);
    };
    let shown = out.display();
    let filled = text.replace(SECRET, &new_secret()).replace(REDIS, &new_secret());
    let written = write_new(out, 0o600, filled.as_bytes());
    written.map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => Failure::usage(format!(
            "{shown} exists already and was not touched; name another one with --out, or change it with `greenlight env update {shown}`"
        )),
        _ => Failure::usage(format!("cannot write {shown}: {error}; name a file in a folder that can be written")),
    })?;
    print(&format!("wrote    {shown} (0600, with new secrets)\nnext     greenlight env validate {shown}\n"))?;
    Ok(Exit::Passed)
}

#[cfg(test)]
mod tests {
    use super::{REDIS, SECRET};
    use greenlight_config::lint::{Facts, FileKind, lint};

    #[test]
    fn no_template_has_anything_to_find() {
        let templates = [
            include_str!("templates/development.env"),
            include_str!("templates/staging.env"),
            include_str!("templates/production.env"),
        ];
        for text in templates {
            let filled = text.replace(SECRET, &"s".repeat(43)).replace(REDIS, &"r".repeat(43));
            assert!(!filled.contains("${"), "a secret that --out does not make: {filled}");
            for text in [text, &filled] {
                assert_eq!(lint(FileKind::Environment, text, &Facts::default()), [], "{text}");
            }
        }
    }
}
