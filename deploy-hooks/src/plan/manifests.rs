//! LiveKit's libraries in the files by which applications name what they are built from.

use std::path::Path;

/// A library, as a file names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) package: String,
    pub(super) version: String,
    pub(super) line: usize,
}

/// Every library of LiveKit's in a file, in the order of its lines.
pub(super) fn named(path: &str, text: &str) -> Vec<Named> {
    let name = Path::new(path).file_name().and_then(|name| name.to_str()).unwrap_or_default();
    match name {
        "package.json" => by_line(text, npm),
        "Cargo.lock" => cargo_lock(text),
        "go.mod" => by_line(text, go),
        _ => by_line(text, pip),
    }
}

fn by_line(text: &str, one: fn(&str) -> Option<(&str, String)>) -> Vec<Named> {
    let lines = text.lines().zip(1..);
    lines
        .filter_map(|(line, number)| {
            one(line).map(|(package, version)| Named { package: package.to_owned(), version, line: number })
        })
        .collect()
}

/// `"livekit-client": "^2.5.0",`
fn npm(line: &str) -> Option<(&str, String)> {
    let (name, version) = line.trim().trim_end_matches(',').split_once(':')?;
    let (name, version) = (name.trim().trim_matches('"'), version.trim().trim_matches('"'));
    let ours = name.starts_with("livekit-") || name.starts_with("@livekit/");
    (ours && version.contains(|c: char| c.is_ascii_digit())).then(|| (name, version.to_owned()))
}

/// `github.com/livekit/server-sdk-go/v2 v2.4.1`
fn go(line: &str) -> Option<(&str, String)> {
    let mut words = line.trim().trim_start_matches("require ").split_whitespace();
    let (module, version) = (words.next()?, words.next()?);
    (module.starts_with("github.com/livekit/") && version.starts_with('v')).then(|| (module, version.to_owned()))
}

/// `livekit-api==1.0.2 ; python_version > "3.9"`
fn pip(line: &str) -> Option<(&str, String)> {
    let line = line.split('#').next()?.split(';').next()?.trim();
    let end = line.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')))?;
    let (name, rest) = line.split_at(end);
    let rest = rest.trim_start();
    // What is wanted of it, such as `livekit[video]`.
    let rest = rest.strip_prefix('[').and_then(|rest| rest.split_once(']')).map_or(rest, |(_, rest)| rest);
    (name == "livekit" || name.starts_with("livekit-") || name.starts_with("livekit_"))
        .then(|| (name, rest.trim().to_owned()))
}

/// `name = "livekit"` and below it `version = "0.7.0"`.
fn cargo_lock(text: &str) -> Vec<Named> {
    let mut found = Vec::new();
    let mut lines = text.lines().zip(1..).peekable();
    while let Some((line, number)) = lines.next() {
        let Some(name) = line.strip_prefix("name = ").map(|name| name.trim_matches('"')) else { continue };
        if name != "livekit" && !name.starts_with("livekit-") {
            continue;
        }
        let version = lines.peek().and_then(|(line, _)| line.strip_prefix("version = ")).unwrap_or_default();
        found.push(Named { package: name.to_owned(), version: version.trim_matches('"').to_owned(), line: number });
    }
    found
}

#[cfg(test)]
mod tests {
    use super::named;

    fn seen(path: &str, text: &str) -> Vec<(String, String, usize)> {
        named(path, text).into_iter().map(|one| (one.package, one.version, one.line)).collect()
    }

    #[test]
    fn libraries_are_found_in_each_kind_of_file() {
        let owned = |list: &[(&str, &str, usize)]| -> Vec<(String, String, usize)> {
            list.iter().map(|(package, version, line)| ((*package).into(), (*version).into(), *line)).collect()
        };
        let npm = "{\n  \"dependencies\": {\n    \"livekit-client\": \"^2.5.0\",\n    \"@livekit/components-react\": \"2.6.0\",\n    \"react\": \"18.0.0\"\n  }\n}\n";
        assert_eq!(
            seen("app/package.json", npm),
            owned(&[("livekit-client", "^2.5.0", 3), ("@livekit/components-react", "2.6.0", 4)])
        );
        let lock = "[[package]]\nname = \"livekit-api\"\nversion = \"0.4.2\"\n\n[[package]]\nname = \"serde\"\nversion = \"1.0.0\"\n";
        assert_eq!(seen("Cargo.lock", lock), owned(&[("livekit-api", "0.4.2", 2)]));
        let go = "module x\n\nrequire github.com/livekit/protocol v1.19.0\nrequire (\n\tgithub.com/livekit/server-sdk-go/v2 v2.4.1 // indirect\n)\n";
        assert_eq!(
            seen("go.mod", go),
            owned(&[
                ("github.com/livekit/protocol", "v1.19.0", 3),
                ("github.com/livekit/server-sdk-go/v2", "v2.4.1", 5)
            ])
        );
        let pip = "flask==3.0\nlivekit-api==1.0.2  # tokens\nlivekit[video]>=0.11,<1 ; python_version > '3.9'\n# livekit==0\n";
        assert_eq!(
            seen("requirements-dev.txt", pip),
            owned(&[("livekit-api", "==1.0.2", 2), ("livekit", ">=0.11,<1", 3)])
        );
    }
}
