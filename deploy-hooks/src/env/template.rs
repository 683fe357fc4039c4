//! `greenlight env template`.

use super::command::{Kind, TemplateArgs};
use super::update::new_secret;
use crate::failure::Failure;
use crate::output::print;
use greenlight_reports::Exit;
use std::fs::File;
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;

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
    let made = File::options().write(true).create_new(true).mode(0o600).open(out);
    let written = made.and_then(|mut file| {
        let written = file.write_all(filled.as_bytes()).and_then(|()| file.sync_all());
        if written.is_err() {
            let _ = std::fs::remove_file(out);
        }
        written
    });
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
