//! `cargo xtask config-history`: generates the history and writes it, or compares it with what is committed.

use super::changelog::{Entry, entries};
use super::environment::{Variable, variables};
use super::keys::{Default, Key, keys};
use super::modules::{Module, Modules, SERVER};
use super::resolve::{Scope, World};
use anyhow::{Context, Result, bail};
use clap::Args;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// The versions whose sources are read, the older first; the CHANGELOG is read between the first and the last.
const SERVERS: [&str; 2] = ["1.7.0", "1.13.5"];
const FILE: &str = "harness/config/data/livekit-server-history.json";

#[derive(Args)]
pub(crate) struct History {
    /// Write nothing; fail when the committed file is not what would be written.
    #[arg(long)]
    check: bool,
}

pub(crate) fn run(options: &History) -> Result<()> {
    let file = root().join(FILE);
    let text = generate()?;
    if !options.check {
        fs::write(&file, &text).with_context(|| format!("writing {FILE}"))?;
        eprintln!("config-history: {} lines written to {FILE}", text.lines().count());
        return Ok(());
    }
    let committed = fs::read_to_string(&file).with_context(|| format!("reading {FILE}"))?;
    let Some(difference) = difference(&committed, &text) else {
        eprintln!("config-history: {FILE} is what the sources say, {} lines", text.lines().count());
        return Ok(());
    };
    bail!("{FILE} is not what the sources say; `cargo xtask config-history` mends it\n{difference}")
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// What one version's sources say.
struct Read {
    modules: Vec<String>,
    keys: BTreeMap<String, Key>,
    variables: Vec<String>,
    /// The server's own folder.
    folder: PathBuf,
}

fn generate() -> Result<String> {
    let (mut modules, mut all_keys, mut variables) = (Vec::new(), Vec::new(), Vec::new());
    let mut newest = ("", PathBuf::new());
    for version in SERVERS {
        let read = read(version).with_context(|| format!("reading the sources of livekit-server {version}"))?;
        modules.extend(read.modules);
        all_keys.extend(read.keys.iter().map(|(path, key)| key_row(version, path, key)));
        variables.extend(read.variables);
        newest = (version, read.folder);
    }
    // The newest one's says of the older ones what they changed; an older one's may not be in its archive at all.
    let entries = changelog(newest.0, &newest.1)?;
    let mut text = String::from("{\"format\": 1,\n");
    let sections = [("modules", modules), ("keys", all_keys), ("variables", variables), ("entries", entries)];
    for (index, (name, rows)) in sections.iter().enumerate() {
        let end = if index + 1 == sections.len() { "]}" } else { "]," };
        _ = write!(text, "\"{name}\": [\n{}\n{end}\n", rows.join(",\n"));
    }
    Ok(text)
}

fn read(version: &str) -> Result<Read> {
    let mut world = World::new(Modules::of_server(&format!("v{version}"))?);
    let package = world.package(&format!("{SERVER}/pkg/config"))?.context("no package pkg/config")?;
    let config = world.declared(package.clone(), "Config")?;
    let defaults = world.value_of(package.clone(), "DefaultConfig", &config)?.context("no DefaultConfig")?;
    let keys = keys(&config, &defaults)?;
    let file = package.types.get("Config").context("no type Config")?.file;
    let scope = Scope { package: package.clone(), file };
    let variables = variables(&mut world, &config, &scope)?.into_iter();
    let variables = variables.map(|variable| {
        let Variable { name, key, kind, source } = &variable;
        row(&[("version", version), ("name", name), ("kind", kind), ("key", key), ("at", source)])
    });
    let module = |module: &Module| {
        row(&[("server", version), ("module", &module.path), ("version", &module.version), ("sum", &module.sum)])
    };
    let modules = world.modules.fetched().map(module);
    Ok(Read { modules: modules.collect(), keys, variables: variables.collect(), folder: package.module.folder.clone() })
}

fn changelog(version: &str, folder: &Path) -> Result<Vec<String>> {
    let text = fs::read_to_string(folder.join("CHANGELOG.md")).context("reading CHANGELOG.md")?;
    let row = |entry: Entry| {
        let at = format!("livekit-server v{version} CHANGELOG.md:{}", entry.line);
        row(&[("version", &entry.version), ("section", &entry.section), ("text", &entry.text), ("at", &at)])
    };
    Ok(entries(&text, SERVERS[0]).into_iter().map(row).collect())
}

fn key_row(version: &str, path: &str, key: &Key) -> String {
    let mut pairs = vec![("version", version), ("path", path), ("kind", key.kind), ("at", key.source.as_str())];
    match &key.default {
        Default::Unstated => {}
        Default::Stated(text, at) => pairs.extend([("default", text.as_str()), ("default_at", at)]),
        Default::Computed(words, at) => pairs.extend([("computed", words.as_str()), ("default_at", at)]),
    }
    row(&pairs)
}

/// One row on one line. Written by hand, since the order of keys in a `Value` depends on features of other crates.
fn row(pairs: &[(&str, &str)]) -> String {
    let pair = |(name, text): &(&str, &str)| format!("\"{name}\": {}", Value::from(*text));
    format!("{{{}}}", pairs.iter().map(pair).collect::<Vec<_>>().join(", "))
}

/// The first lines that only one of both has; absent when they are equal.
fn difference(committed: &str, generated: &str) -> Option<String> {
    if committed == generated {
        return None;
    }
    let only = |sign: &str, these: &str, those: &str| {
        let those: std::collections::BTreeSet<&str> = those.lines().collect();
        let lines: Vec<_> =
            these.lines().filter(|line| !those.contains(line)).take(5).map(|line| format!("{sign} {line}")).collect();
        lines
    };
    let lines = [only("-", committed, generated), only("+", generated, committed)].concat();
    Some(if lines.is_empty() { "the same lines in another order".to_owned() } else { lines.join("\n") })
}

#[cfg(test)]
mod tests {
    use super::difference;

    #[test]
    fn a_difference_is_named_with_both_sides() {
        assert_eq!(difference("a\nb\n", "a\nb\n"), None);
        assert_eq!(difference("a\nb\n", "a\nc\n").as_deref(), Some("- b\n+ c"));
        assert_eq!(difference("a\nb\n", "b\na\n").as_deref(), Some("the same lines in another order"));
    }
}
