//! The difference between the keys of two versions.

use super::shipped::{History, UnknownVersion};
use super::{Source, Version};
use std::collections::BTreeMap;

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The key; of a section that is new or gone as a whole the section alone.
    pub path: String,
    /// What became of it.
    pub what: What,
    /// Where that is written: the old place first where there are two.
    pub sources: Vec<Source>,
}

/// What became of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// It was not there.
    Added,
    /// It is not there any more, and ends a start with strict configuration.
    Removed,
    /// Its value is of another kind.
    Kind {
        /// The kind that it was of.
        from: String,
        /// The kind that it is of.
        to: String,
    },
    /// Its default is another one. Absent is a default that is not stated.
    Default {
        /// The default that it had.
        from: Option<String>,
        /// The default that it has.
        to: Option<String>,
    },
}

impl History {
    /// Every difference between the keys of two versions, by path; also the way back may be asked for.
    ///
    /// # Errors
    ///
    /// The keys of one of them are not known.
    pub fn changes(&self, from: Version, to: Version) -> Result<Vec<Change>, UnknownVersion> {
        let old = self.known(from, self.keys(&from))?;
        let new = self.known(to, self.keys(&to))?;
        let mut changes = Vec::new();
        let mut push = |path: &str, what: What, sources: Vec<&Source>| {
            let sources = sources.into_iter().cloned().collect();
            changes.push(Change { path: path.to_owned(), what, sources });
        };
        for (path, fact) in only(old, new) {
            push(path, What::Removed, vec![&fact.source]);
        }
        for (path, fact) in only(new, old) {
            push(path, What::Added, vec![&fact.source]);
        }
        for (path, was, is) in old.iter().filter_map(|(path, was)| Some((path, was, new.get(path)?))) {
            if was.kind != is.kind {
                let what = What::Kind { from: was.kind.clone(), to: is.kind.clone() };
                push(path, what, vec![&was.source, &is.source]);
            }
            // A default that is computed is not known to differ.
            if was.default != is.default && was.computed.is_none() && is.computed.is_none() {
                let what = What::Default { from: was.default.clone(), to: is.default.clone() };
                push(path, what, was.default_source.iter().chain(&is.default_source).collect());
            }
        }
        changes.sort_by(|left, right| left.path.cmp(&right.path));
        Ok(changes)
    }
}

/// What only the first has, without what is below a section that only the first has.
fn only<'a, T>(these: &'a BTreeMap<String, T>, those: &BTreeMap<String, T>) -> impl Iterator<Item = (&'a str, &'a T)> {
    let is_new = |path: &str| !those.contains_key(path);
    these
        .iter()
        .map(|(path, fact)| (path.as_str(), fact))
        .filter(move |(path, _)| is_new(path) && !parent(path).is_some_and(is_new))
}

/// `a.b` of `a.b.c` and of `a.b[]`.
fn parent(path: &str) -> Option<&str> {
    path.strip_suffix("[]").or_else(|| Some(path.rsplit_once('.')?.0))
}
