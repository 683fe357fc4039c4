//! The files of a deployment: found by name and content below a folder, and read.

use crate::failure::Failure;
use crate::files::read_at_most;
use greenlight_config::lint::{FileKind, keys_of, kind_of};
use greenlight_reports::hex;
use sha2::{Digest as _, Sha256};
use std::fs;
use std::path::Path;

const FILE_BYTES_MAX: u64 = 2 << 20;
/// More files than a deployment has; beyond it somebody named his home.
const FILES_MAX: usize = 20_000;
const DEPTH_MAX: usize = 8;
/// What others made, and what repositories keep for themselves.
const PASSED_OVER: [&str; 6] = ["node_modules", "target", "vendor", "dist", "__pycache__", "venv"];

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// What the linter knows.
    Linted(FileKind),
    /// The configuration of the egress service.
    Egress,
    /// The configuration of the ingress service.
    Ingress,
    /// package.json, Cargo.lock, go.mod or requirements.txt.
    Manifest,
}

/// A file that was read.
#[derive(Debug, Clone)]
pub(super) struct Read {
    /// Below the folder that was named, with `/`.
    pub(super) path: String,
    pub(super) kind: Kind,
    pub(super) text: String,
}

impl Kind {
    /// For the plan.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Linted(FileKind::LivekitYaml) => "livekit.yaml",
            Self::Linted(FileKind::SipYaml) => "sip.yaml",
            Self::Linted(FileKind::Environment) => "environment",
            Self::Linted(FileKind::Compose) => "compose",
            Self::Linted(FileKind::Kubernetes) => "kubernetes",
            Self::Linted(FileKind::Haproxy) => "haproxy",
            Self::Linted(FileKind::Nginx) => "nginx",
            Self::Linted(FileKind::Caddy) => "caddy",
            Self::Egress => "egress.yaml",
            Self::Ingress => "ingress.yaml",
            Self::Manifest => "manifest",
        }
    }
}

impl Read {
    /// SHA-256 of the text, in hex.
    pub(super) fn sha256(&self) -> String {
        hex(&Sha256::digest(self.text.as_bytes()))
    }
}

/// Every file of a deployment below a folder, by path.
///
/// # Errors
/// [`Failure`] of usage: there is no such folder, or it holds more files than a deployment has.
pub(super) fn find(folder: &Path) -> Result<Vec<Read>, Failure> {
    let shown = folder.display();
    if !folder.is_dir() {
        return Err(Failure::usage(format!(
            "{shown} is no folder; name the one with the deployment's livekit.yaml, compose or manifest files"
        )));
    }
    let (mut open, mut found, mut looked) = (vec![(folder.to_owned(), 0)], Vec::new(), 0);
    while let Some((below, depth)) = open.pop() {
        let entries = fs::read_dir(&below)
            .map_err(|error| Failure::usage(format!("cannot look into {}: {error}", below.display())))?;
        for entry in entries.flatten() {
            looked += 1;
            if looked > FILES_MAX {
                return Err(Failure::usage(format!(
                    "{shown} holds more than {FILES_MAX} files; name the folder of the deployment"
                )));
            }
            let name = entry.file_name().to_string_lossy().into_owned();
            // A link may lead anywhere; what it leads to is found where it is.
            let Ok(kind) = entry.file_type() else { continue };
            let hidden = name.starts_with('.') && !name.starts_with(".env");
            if kind.is_dir() && depth < DEPTH_MAX && !hidden && !PASSED_OVER.contains(&name.as_str()) {
                open.push((entry.path(), depth + 1));
            } else if kind.is_file() && !name.ends_with(".before") && !hidden {
                found.extend(read(folder, &entry.path()));
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

/// One file again, by its path in a plan.
pub(super) fn again(folder: &Path, path: &str) -> Option<Read> {
    read(folder, &folder.join(path))
}

/// A file that is not ours is passed over.
fn read(folder: &Path, path: &Path) -> Option<Read> {
    let text = String::from_utf8(read_at_most(path, FILE_BYTES_MAX).ok()?).ok()?;
    let kind = recognised(path, &text)?;
    let below = path.strip_prefix(folder).unwrap_or(path);
    let path = below.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/");
    Some(Read { path, kind, text })
}

fn recognised(path: &Path, text: &str) -> Option<Kind> {
    let name = path.file_name()?.to_str()?;
    if matches!(name, "package.json" | "Cargo.lock" | "go.mod")
        || (name.starts_with("requirements") && name.ends_with(".txt"))
    {
        return Some(Kind::Manifest);
    }
    let yaml = matches!(path.extension().and_then(|ending| ending.to_str()), Some("yaml" | "yml"));
    if yaml {
        let keys = keys_of(text);
        let has = |name: &str| keys.iter().any(|(key, _)| key == name);
        let service = has("api_key") && has("ws_url");
        if service && (has("rtmp_port") || has("whip_port") || has("http_relay_port")) {
            return Some(Kind::Ingress);
        }
        let of_egress = [
            "template_base",
            "storage",
            "s3",
            "gcp",
            "azure",
            "alioss",
            "file_output_max_size",
            "cpu_cost",
            "enable_chrome_sandbox",
        ];
        if service && !has("sip_port") && !has("rtp_port") && of_egress.iter().any(|name| has(name)) {
            return Some(Kind::Egress);
        }
    }
    kind_of(path, text).map(Kind::Linted)
}

#[cfg(test)]
mod tests {
    use super::{FileKind, Kind, find};
    use std::fs;

    #[test]
    fn the_files_of_a_deployment_are_found_and_nothing_else() {
        let folder = tempfile::tempdir().expect("a folder");
        let put = |name: &str, text: &str| {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            fs::write(path, text).expect("written");
        };
        put("livekit.yaml", "port: 7880\nkeys: {a: b}\n");
        put("conf/sip.yaml", "api_key: a\napi_secret: b\nws_url: ws://a\nsip_port: 5060\n");
        put("conf/egress.yaml", "api_key: a\napi_secret: b\nws_url: ws://a\ns3: {bucket: x}\n");
        put("conf/ingress.yaml", "api_key: a\napi_secret: b\nws_url: ws://a\nrtmp_port: 1935\n");
        put("docker-compose.yml", "services:\n  a: {image: 'livekit/livekit-server:v1.7.0'}\n");
        put(".env", "NODE_IP=10.0.0.1\n");
        put("app/package.json", "{}");
        for ignored in ["app/node_modules/x/package.json", ".git/livekit.yaml", "README.md", "livekit.yaml.before"] {
            put(ignored, "port: 7880\n");
        }
        let found = find(folder.path()).expect("found");
        let seen: Vec<(&str, Kind)> = found.iter().map(|read| (read.path.as_str(), read.kind)).collect();
        let expected = [
            (".env", Kind::Linted(FileKind::Environment)),
            ("app/package.json", Kind::Manifest),
            ("conf/egress.yaml", Kind::Egress),
            ("conf/ingress.yaml", Kind::Ingress),
            ("conf/sip.yaml", Kind::Linted(FileKind::SipYaml)),
            ("docker-compose.yml", Kind::Linted(FileKind::Compose)),
            ("livekit.yaml", Kind::Linted(FileKind::LivekitYaml)),
        ];
        assert_eq!(seen, expected);
    }
}
