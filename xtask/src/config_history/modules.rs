//! Modules of Go at exactly the versions that a server's own go.mod names, from Go's module proxy.

use anyhow::{Context, Result, ensure};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

pub(crate) const SERVER: &str = "github.com/livekit/livekit-server";

/// A module as it lies in Go's cache.
#[derive(Debug, Clone)]
pub(crate) struct Module {
    pub(crate) path: String,
    pub(crate) version: String,
    /// Go's checksum of its content.
    pub(crate) sum: String,
    pub(crate) folder: PathBuf,
}

/// A server and what its go.mod requires, each fetched when it is first asked for.
pub(crate) struct Modules {
    required: BTreeMap<String, String>,
    fetched: BTreeMap<String, Module>,
}

impl Modules {
    /// Fetches the server of this version, such as `v1.13.5`.
    pub(crate) fn of_server(version: &str) -> Result<Self> {
        let server = fetch(SERVER, version)?;
        let go_mod = fs::read_to_string(server.folder.join("go.mod")).context("reading go.mod")?;
        ensure!(!go_mod.contains("=>"), "{SERVER} {version} replaces modules, which is not read here");
        let mut required = required(&go_mod);
        required.insert(SERVER.to_owned(), version.to_owned());
        Ok(Self { required, fetched: BTreeMap::from([(SERVER.to_owned(), server)]) })
    }

    /// The module that a package is in, and the package's folder in it. Absent for Go's own packages.
    pub(crate) fn of_package(&mut self, import: &str) -> Result<Option<(Module, String)>> {
        let within =
            |module: &str| import.strip_prefix(module).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        let found = self.required.iter().filter(|(module, _)| within(module)).max_by_key(|(module, _)| module.len());
        let Some((path, version)) = found else { return Ok(None) };
        let folder = import[path.len()..].trim_start_matches('/').to_owned();
        if !self.fetched.contains_key(path) {
            self.fetched.insert(path.clone(), fetch(path, version)?);
        }
        let module = self.fetched.get(path).context("a module that was fetched")?;
        Ok(Some((module.clone(), folder)))
    }

    /// One module in a folder, and nothing that would have to be fetched.
    #[cfg(test)]
    pub(crate) fn local(path: &str, version: &str, folder: &Path) -> Self {
        let (path, version) = (path.to_owned(), version.to_owned());
        let module = Module { path: path.clone(), version: version.clone(), sum: String::new(), folder: folder.into() };
        Self { required: BTreeMap::from([(path.clone(), version)]), fetched: BTreeMap::from([(path, module)]) }
    }

    /// Everything that was asked for.
    pub(crate) fn fetched(&self) -> impl Iterator<Item = &Module> {
        self.fetched.values()
    }
}

/// Both forms of `require`, one module a line in the first.
fn required(go_mod: &str) -> BTreeMap<String, String> {
    let mut inside = false;
    let mut found = BTreeMap::new();
    for line in go_mod.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["require", "("] => inside = true,
            [")"] => inside = false,
            ["require", path, version, ..] => _ = found.insert((*path).to_owned(), (*version).to_owned()),
            [path, version, ..] if inside && *path != "//" => {
                found.insert((*path).to_owned(), (*version).to_owned());
            }
            _ => {}
        }
    }
    found
}

fn fetch(path: &str, version: &str) -> Result<Module> {
    let output = Command::new("go")
        .args(["mod", "download", "-json", &format!("{path}@{version}")])
        // Go must not look for a go.mod or go.work above the folder that somebody started this in.
        .current_dir(std::env::temp_dir())
        .env("GOWORK", "off")
        .output()
        .context("running go; is Go 1.24 or newer installed?")?;
    let said: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    let word = |name: &str| said[name].as_str().map(str::to_owned);
    let why = word("Error").unwrap_or_else(|| String::from_utf8_lossy(&output.stderr).into_owned());
    ensure!(output.status.success(), "go mod download {path}@{version}: {}", why.trim());
    let folder = word("Dir").with_context(|| format!("go names no folder of {path}@{version}"))?;
    let sum = word("Sum").with_context(|| format!("go names no checksum of {path}@{version}"))?;
    Ok(Module { path: path.to_owned(), version: version.to_owned(), sum, folder: Path::new(&folder).to_owned() })
}

#[cfg(test)]
mod tests {
    use super::required;

    #[test]
    fn both_forms_of_require_are_read() {
        let found = required(
            "module a\n\nrequire (\n\tb.org/c v1.2.3 // indirect\n\t// d.org/e v1\n)\nrequire f.org/g v0.1.0\n",
        );
        assert_eq!(
            found.into_iter().collect::<Vec<_>>(),
            [("b.org/c".to_owned(), "v1.2.3".to_owned()), ("f.org/g".to_owned(), "v0.1.0".to_owned())]
        );
    }
}
