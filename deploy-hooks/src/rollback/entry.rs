//! What an archive says of a file: everything that is put back with it.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

/// One file, folder or link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    /// Which of the roots it is below.
    pub(super) root: usize,
    /// Below the root; empty for the root itself.
    pub(super) path: String,
    pub(super) kind: Kind,
    pub(super) mode: u32,
    pub(super) uid: u32,
    pub(super) gid: u32,
    /// Seconds since 1970, and the nanoseconds behind.
    pub(super) modified: (i64, i64),
    /// Extended attributes, their values in hex.
    pub(super) attributes: BTreeMap<String, String>,
}

/// What it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    Folder,
    File {
        bytes: u64,
        blake3: String,
    },
    /// A symbolic link, and where it leads, as it is written.
    Link {
        to: String,
    },
    /// The same file under another name: the path below the same root under which it came first.
    Same {
        path: String,
    },
}

/// The whole contents, as they stand at the end of an archive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Contents {
    /// Absolute paths of what was kept.
    pub(super) roots: Vec<String>,
    pub(super) entries: Vec<Entry>,
}

/// Whether a path stays below where it begins: names only, no `..`, nothing absolute.
pub(super) fn stays_below(path: &str) -> bool {
    !path.is_empty()
        && Path::new(path).components().all(|part| matches!(part, Component::Normal(_)))
        && !path.contains('\0')
}

impl Entry {
    /// Where it is put when its root is put there.
    pub(super) fn below(&self, root: &Path) -> PathBuf {
        if self.path.is_empty() { root.to_owned() } else { root.join(&self.path) }
    }
}

impl Contents {
    /// As it is announced before any content was read.
    pub(super) fn without_sums(&self) -> Self {
        let mut announced = self.clone();
        for entry in &mut announced.entries {
            if let Kind::File { blake3, .. } = &mut entry.kind {
                blake3.clear();
            }
        }
        announced
    }

    /// Everything that must be true before a single byte is put anywhere.
    ///
    /// # Errors
    /// What is not.
    pub(super) fn check(&self) -> Result<(), String> {
        let mut folders = std::collections::BTreeSet::new();
        let mut names = std::collections::BTreeSet::new();
        let mut files = std::collections::BTreeSet::new();
        for root in &self.roots {
            let path = Path::new(root);
            let plain =
                path.is_absolute() && path.components().skip(1).all(|part| matches!(part, Component::Normal(_)));
            if !plain || path.file_name().is_none() {
                return Err(format!("{root:?} is no absolute path of a file or folder"));
            }
        }
        for entry in &self.entries {
            let named = format!("{:?} below root {}", entry.path, entry.root);
            if entry.root >= self.roots.len() || !(entry.path.is_empty() || stays_below(&entry.path)) {
                return Err(format!("{named} leads out of it"));
            }
            if !names.insert((entry.root, entry.path.clone())) {
                return Err(format!("{named} stands there twice"));
            }
            let above = Path::new(&entry.path).parent().map(|above| above.to_string_lossy().into_owned());
            if above.is_some_and(|above| !folders.contains(&(entry.root, above))) {
                return Err(format!("{named} is in no folder of the archive"));
            }
            match &entry.kind {
                Kind::Folder => _ = folders.insert((entry.root, entry.path.clone())),
                Kind::File { .. } => _ = files.insert((entry.root, entry.path.clone())),
                // A second name of a link would be a way to whatever it leads to.
                Kind::Same { path } if !files.contains(&(entry.root, path.clone())) => {
                    return Err(format!("{named} is the same as {path:?}, which is no file that comes before it"));
                }
                Kind::Same { .. } | Kind::Link { .. } => {}
            }
        }
        let has_root = |root: usize| names.contains(&(root, String::new()));
        match (0..self.roots.len()).find(|root| !has_root(*root)) {
            Some(root) => Err(format!("{} itself is not in it", self.roots[root])),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Contents, Entry, Kind};
    use std::collections::BTreeMap;

    fn entry(path: &str, kind: Kind) -> Entry {
        Entry {
            root: 0,
            path: path.into(),
            kind,
            mode: 0o644,
            uid: 0,
            gid: 0,
            modified: (0, 0),
            attributes: BTreeMap::new(),
        }
    }

    #[test]
    fn nothing_leads_out_of_its_root() {
        let check = |root: &str, entries: Vec<Entry>| Contents { roots: vec![root.into()], entries }.check();
        let file = || Kind::File { bytes: 0, blake3: String::new() };
        let good = vec![
            entry("", Kind::Folder),
            entry("a", Kind::Folder),
            entry("a/b", file()),
            entry("c", Kind::Same { path: "a/b".into() }),
        ];
        assert_eq!(check("/srv/x", good), Ok(()));
        for (root, path, kind) in [
            ("/srv/x", "../b", file()),
            ("/srv/x", "/etc/passwd", file()),
            ("/srv/x", "a/../../b", file()),
            ("/srv/x", "b/c", file()),
            ("/srv/x", "", Kind::Folder),
            ("/srv/x", "b", Kind::Same { path: "../b".into() }),
            ("x", "b", file()),
            ("/srv/../x", "b", file()),
            ("/", "b", file()),
        ] {
            assert!(
                check(root, vec![entry("", Kind::Folder), entry(path, kind.clone())]).is_err(),
                "{root} {path} {kind:?}"
            );
        }
        // A link is no folder: nothing may be put through it.
        let through =
            vec![entry("", Kind::Folder), entry("l", Kind::Link { to: "/etc".into() }), entry("l/passwd", file())];
        assert!(check("/srv/x", through).is_err());
        let second_name = vec![
            entry("", Kind::Folder),
            entry("l", Kind::Link { to: "/etc/shadow".into() }),
            entry("m", Kind::Same { path: "l".into() }),
        ];
        assert!(check("/srv/x", second_name).is_err());
        assert!(check("/srv/x", vec![]).is_err());
    }
}
