//! The generated file, row by row.

use super::Version;
use super::source::Source;
use serde::Deserialize;

pub(super) const FORMAT: u32 = 1;

/// `data/livekit-server-history.json`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) format: u32,
    /// What was read; the checksums are for `cargo xtask config-history --check`.
    #[serde(rename = "modules")]
    _modules: serde::de::IgnoredAny,
    pub(super) keys: Vec<KeyRow>,
    pub(super) variables: Vec<VariableRow>,
    pub(super) entries: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KeyRow {
    pub(super) version: Version,
    pub(super) path: String,
    kind: String,
    at: Source,
    default: Option<String>,
    computed: Option<String>,
    default_at: Option<Source>,
}

/// What one version makes of one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyFact {
    /// The kind of its value, in the words of `data/livekit-server-1.13.5.keys`.
    pub kind: String,
    /// The default that the sources state, as it would be written in YAML. Absent: they state none, which for a plain
    /// value is Go's zero unless other code fills it in; or they compute it.
    pub default: Option<String>,
    /// The expression that computes the default, when one does; nothing is said of such a default.
    pub computed: Option<String>,
    /// Where the key is declared.
    pub source: Source,
    /// Where the default is written.
    pub default_source: Option<Source>,
}

impl KeyRow {
    pub(super) fn into_fact(self) -> KeyFact {
        let Self { kind, at: source, default, computed, default_at: default_source, .. } = self;
        KeyFact { kind, default, computed, source, default_source }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct VariableRow {
    pub(super) version: Version,
    name: String,
    kind: String,
    key: String,
    at: Source,
}

/// A variable that one version reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variable {
    /// Its name; two keys may share one.
    pub name: String,
    /// The kind of its value.
    pub kind: String,
    /// The key or the flag that it sets.
    pub key: String,
    /// Where that is declared.
    pub source: Source,
}

impl VariableRow {
    pub(super) fn into_variable(self) -> Variable {
        Variable { name: self.name, kind: self.kind, key: self.key, source: self.at }
    }
}

/// A line of the CHANGELOG.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The version that it is about.
    pub version: Version,
    /// The heading above it: `Added`, `Changed`, `Fixed`, `Removed`; or `Notice`, to every reader.
    pub section: String,
    /// Its words.
    pub text: String,
    /// Its line.
    #[serde(rename = "at")]
    pub source: Source,
}
