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
            Self::Linted(FileKind::Helm) => "helm values",
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

/// What lies below a folder.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Every file of a deployment, by path.
    pub(super) files: Vec<Read>,
    /// What is one by its name and can't be read, with the reason.
    pub(super) unreadable: Vec<String>,
    /// What may be one and is not looked at, and the reason.
    pub(super) passed_over: Vec<(String, String)>,
}

/// Every file of a deployment below a folder.
///
/// # Errors
/// [`Failure`] of usage: there is no such folder, or it holds more files than a deployment has.
pub(super) fn find(folder: &Path) -> Result<Found, Failure> {
    let shown = folder.display();
    if !folder.is_dir() {
        return Err(Failure::usage(format!(
            "{shown} is no folder; name the one with the deployment's livekit.yaml, compose or manifest files"
        )));
    }
    let (mut open, mut found, mut looked) = (vec![(folder.to_owned(), 0)], Found::default(), 0);
    while let Some((below, depth)) = open.pop() {
        let entries = match fs::read_dir(&below) {
            Ok(entries) => entries,
            // A database's folder beside a compose file is nobody else's business.
            Err(error) => {
                found.passed_over.push((named(folder, &below), error.to_string()));
                continue;
            }
        };
        for entry in entries.flatten() {
            looked += 1;
            if looked > FILES_MAX {
                return Err(Failure::usage(format!(
                    "{shown} holds more than {FILES_MAX} files; name the folder of the deployment"
                )));
            }
            let name = entry.file_name().to_string_lossy().into_owned();
            let Ok(kind) = entry.file_type() else { continue };
            let hidden = name.starts_with('.') && !name.starts_with(".env");
            if kind.is_dir() {
                if depth < DEPTH_MAX && !hidden && !PASSED_OVER.contains(&name.as_str()) {
                    open.push((entry.path(), depth + 1));
                }
            } else if !name.contains(".before") && !hidden {
                found.take(folder, &entry.path(), kind.is_symlink());
            }
        }
    }
    found.files.sort_by(|a, b| a.path.cmp(&b.path));
    found.passed_over.sort();
    found.unreadable.sort();
    Ok(found)
}

impl Found {
    fn take(&mut self, folder: &Path, path: &Path, is_link: bool) {
        let path_shown = named(folder, path);
        let ours = may_be_ours(path);
        // A link may lead anywhere; what it leads to is found where it is, if that is below the folder.
        if is_link {
            let why = "a link; name the folder that it leads to";
            let may_lead = ours || path.is_dir() || path.extension().is_some_and(|one| one == "yaml" || one == "yml");
            self.passed_over.extend(may_lead.then(|| (path_shown, why.to_owned())));
            return;
        }
        match text(path) {
            Ok(text) => match recognised(path, &text) {
                Some(kind) => self.files.push(Read { path: path_shown, kind, text }),
                None if ours && !text.trim().is_empty() => {
                    self.passed_over.push((path_shown, "by what stands in it, no file of a deployment".to_owned()));
                }
                None => {}
            },
            Err(why) if ours => self.unreadable.push(format!("{path_shown}: {why}")),
            Err(_) => {}
        }
    }
}

/// Whether somebody would expect that a file is read, by its name alone.
fn may_be_ours(path: &Path) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
    let begins = [
        "livekit",
        "sip.y",
        "egress.y",
        "ingress.y",
        "docker-compose",
        "compose.",
        "values.",
        ".env",
        "haproxy.cfg",
        "nginx.conf",
        "caddyfile",
    ];
    let ending = [".yaml", ".yml", ".env", ".cfg", ".conf"].iter().any(|ending| name.ends_with(ending));
    begins.iter().any(|begin| name.starts_with(begin)) && (ending || name.starts_with(".env") || name == "caddyfile")
        || matches!(name.as_str(), "config.yaml" | "config.yml")
}

/// One file again, by its path in a plan.
pub(super) fn again(folder: &Path, path: &str) -> Option<Read> {
    let file = folder.join(path);
    let text = text(&file).ok()?;
    Some(Read { path: path.to_owned(), kind: recognised(&file, &text)?, text })
}

/// The text of a file, or why there is none.
fn text(path: &Path) -> Result<String, String> {
    let there = fs::metadata(path).map_err(|error| error.to_string())?;
    if !there.is_file() {
        return Err("no file".to_owned());
    }
    let bytes = read_at_most(path, FILE_BYTES_MAX).map_err(|error| error.to_string())?;
    String::from_utf8(bytes).map_err(|error| format!("no text in UTF-8 ({})", error.utf8_error()))
}

/// Below the folder, with `/`.
fn named(folder: &Path, path: &Path) -> String {
    let below = path.strip_prefix(folder).unwrap_or(path);
    below.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
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
            "backup",
            "enable_chrome_sandbox",
        ];
        let named = |word: &str| path.to_string_lossy().to_lowercase().contains(word);
        if service && !has("sip_port") && !has("rtp_port") {
            if of_egress.iter().any(|name| has(name)) || named("egress") {
                return Some(Kind::Egress);
            }
            if named("ingress") {
                return Some(Kind::Ingress);
            }
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
        let seen: Vec<(&str, Kind)> = found.files.iter().map(|read| (read.path.as_str(), read.kind)).collect();
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
        assert_eq!(found.passed_over, []);
    }

    /// What was not looked at is said: else it would be taken for healthy.
    #[test]
    fn what_can_not_be_read_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("livekit.yaml"), b"port: 7880 # caf\xe9\n").expect("written");
        fs::write(folder.path().join("config.yaml"), "port: 3000\n").expect("written");
        for (to, link) in [("/etc/hostname", "sip.yaml"), ("/etc/hostname", "rtc.yaml"), ("/etc", "conf")] {
            std::os::unix::fs::symlink(to, folder.path().join(link)).expect("linked");
        }
        std::os::unix::fs::symlink("/etc/hostname", folder.path().join("notes")).expect("linked");
        fs::write(folder.path().join("notes.txt"), b"\xff").expect("written");
        let found = find(folder.path()).expect("found");
        assert_eq!(found.files.len(), 0);
        let passed_over: Vec<&str> = found.passed_over.iter().map(|(path, _)| path.as_str()).collect();
        assert_eq!(passed_over, ["conf", "config.yaml", "rtc.yaml", "sip.yaml"]);
        assert!(matches!(&found.unreadable[..], [one] if one.starts_with("livekit.yaml: ")), "{:?}", found.unreadable);
    }
}
