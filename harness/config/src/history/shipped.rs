//! The history that is compiled in, and questions to it that need no comparison.

use super::Version;
use super::file::{Entry, FORMAT, File, KeyFact, Variable};
use super::measured::{Measured, MeasuredFile};
use super::moved::MovedFile;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::LazyLock;

const SERVER: &str = include_str!("../../data/livekit-server-history.json");
const MOVED: &str = include_str!("../../data/moved.json");
const MEASURED: &str = include_str!("../../data/measured.json");

/// Everything that is known of the versions of livekit-server.
#[derive(Debug)]
pub struct History {
    keys: BTreeMap<Version, BTreeMap<String, KeyFact>>,
    variables: BTreeMap<Version, Vec<Variable>>,
    entries: Vec<Entry>,
    pub(super) moved: MovedFile,
    measured: Vec<Measured>,
}

/// A version whose keys nobody has read: of it nothing is said, and above all not that nothing changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the keys of livekit-server {version} are not known; known are {}", listed(.known))]
pub struct UnknownVersion {
    /// The one that was asked for.
    pub version: Version,
    /// The ones that could be.
    pub known: Vec<Version>,
}

fn listed(versions: &[Version]) -> String {
    versions.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

impl History {
    /// The one that belongs to this build.
    pub fn shipped() -> &'static Self {
        static SHIPPED: LazyLock<History> = LazyLock::new(|| {
            #[expect(clippy::expect_used, reason = "compiled in, and read by this crate's own tests")]
            History::read(SERVER, MOVED, MEASURED).expect("the data of this crate is whole")
        });
        &SHIPPED
    }

    fn read(server: &str, moved: &str, measured: &str) -> Result<Self, String> {
        let file: File = parse("livekit-server-history.json", server)?;
        let moved: MovedFile = parse("moved.json", moved)?;
        let measured: MeasuredFile = parse("measured.json", measured)?;
        if [file.format, moved.format, measured.format] != [FORMAT; 3] {
            return Err(format!("a file of the history has another format than {FORMAT}"));
        }
        let mut keys: BTreeMap<Version, BTreeMap<String, KeyFact>> = BTreeMap::new();
        for row in file.keys {
            keys.entry(row.version).or_default().insert(row.path.clone(), row.into_fact());
        }
        let mut variables: BTreeMap<Version, Vec<Variable>> = BTreeMap::new();
        for row in file.variables {
            variables.entry(row.version).or_default().push(row.into_variable());
        }
        Ok(Self { keys, variables, entries: file.entries, moved, measured: measured.rows })
    }

    /// The versions whose keys are known, the oldest first.
    pub fn versions(&self) -> impl Iterator<Item = Version> {
        self.keys.keys().copied()
    }

    /// Every key of a version, by paths such as `rtc.turn_servers[].host`. Absent: the version is not known.
    pub fn keys(&self, version: &Version) -> Option<&BTreeMap<String, KeyFact>> {
        self.keys.get(version)
    }

    /// Every variable that a version reads, by name. Absent: the version is not known.
    pub fn variables(&self, version: &Version) -> Option<&[Variable]> {
        self.variables.get(version).map(Vec::as_slice)
    }

    /// What the CHANGELOG says of the versions after `from`, up to `to`, the newest first.
    pub fn entries(&self, from: Version, to: Version) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(move |entry| from < entry.version && entry.version <= to)
    }

    /// What begins to hold after `from`, up to `to`, and is no matter of a key alone, the oldest first. The way back from
    /// `to` to `from` ends it again.
    pub fn measured(&self, from: Version, to: Version) -> impl Iterator<Item = &Measured> {
        self.measured.iter().filter(move |row| from < row.since && row.since <= to)
    }

    pub(super) fn known<'a, T: ?Sized>(&self, version: Version, of: Option<&'a T>) -> Result<&'a T, UnknownVersion> {
        of.ok_or_else(|| UnknownVersion { version, known: self.versions().collect() })
    }
}

fn parse<T: for<'de> Deserialize<'de>>(name: &str, text: &str) -> Result<T, String> {
    serde_json::from_str(text).map_err(|error| format!("{name}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::{History, Version};

    fn history(rows: &str, format: u32) -> Result<History, String> {
        let server =
            format!(r#"{{"format": {format}, "modules": [], "keys": [{rows}], "variables": [], "entries": []}}"#);
        let moved = r#"{"format": 1, "about": "", "keys": [], "sections": [], "variables": []}"#;
        History::read(&server, moved, r#"{"format": 1, "about": "", "rows": []}"#)
    }

    #[test]
    fn a_default_that_is_computed_is_not_called_changed() {
        let row = |version: &str, default: &str| {
            format!(
                r#"{{"version": "{version}", "path": "a", "kind": "int", "at": "m v1 f.go:1", {default}, "default_at": "m v1 f.go:2"}}"#
            )
        };
        let (from, to) = (Version::new(1, 0, 0), Version::new(2, 0, 0));
        let changes = |old: &str, new: &str| {
            let rows = format!("{}, {}", row("1.0.0", old), row("2.0.0", new));
            history(&rows, 1).unwrap().changes(from, to).unwrap().len()
        };
        assert_eq!(changes(r#""default": "1""#, r#""default": "2""#), 1);
        assert_eq!(changes(r#""default": "1""#, r#""computed": "f()""#), 0);
        assert_eq!(changes(r#""computed": "f()""#, r#""default": "1""#), 0);
    }

    #[test]
    fn another_format_and_unknown_words_are_refused() {
        assert!(history("", 1).is_ok());
        assert!(history("", 2).unwrap_err().contains("another format than 1"));
        assert!(history(r#"{"version": "1.0", "path": "a"}"#, 1).is_err());
    }
}
