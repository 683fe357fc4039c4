//! What can be changed, and the promise that nothing else is.

use super::apply::apply;
use crate::lint::{keys_of, values};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One change. A path is as `rtc.udp_port`; no place in a list can be named.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub enum Edit {
    /// Takes a key out, with everything below it. Comments above it stay.
    Remove {
        /// The key.
        path: String,
    },
    /// Puts a key with everything below it somewhere else, or gives it another name.
    Move {
        /// The key.
        path: String,
        /// Its new path. The sections above it are made if they are not there.
        to: String,
    },
    /// Gives a key this value, which stands there as it is written, as `true` or `7881`.
    Set {
        /// The key, which may be absent.
        path: String,
        /// The value as it is to stand in the file.
        value: String,
    },
}

/// Why an edit was not made; the text is as it was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {why}")]
pub struct NotEdited {
    /// The path of the edit.
    pub path: String,
    /// As part of a sentence.
    pub why: &'static str,
}

impl Edit {
    /// What it is about.
    pub fn path(&self) -> &str {
        match self {
            Self::Remove { path } | Self::Move { path, .. } | Self::Set { path, .. } => path,
        }
    }

    /// The values of the file as they are to be after it. `None` when there is nothing at its path.
    fn wanted(&self, before: &BTreeMap<String, String>) -> Option<BTreeMap<String, String>> {
        let below =
            |path: &str, name: &str| name == path || name.strip_prefix(path).is_some_and(|rest| rest.starts_with('.'));
        let mut after = before.clone();
        match self {
            Self::Remove { path } => after.retain(|name, _| !below(path, name)),
            Self::Move { path, to } => {
                let moved: Vec<(String, String)> = before
                    .iter()
                    .filter(|(name, _)| below(path, name))
                    .map(|(name, value)| (name.clone(), value.clone()))
                    .collect();
                if moved.is_empty() {
                    return None;
                }
                after.retain(|name, _| !below(path, name));
                after.extend(moved.into_iter().map(|(name, value)| (format!("{to}{}", &name[path.len()..]), value)));
            }
            Self::Set { path, value } => {
                after.retain(|name, _| !below(path, name));
                after.extend(
                    values(&format!("v: {value}\n"))
                        .into_iter()
                        .map(|(name, value)| (format!("{path}{}", name.strip_prefix('v').unwrap_or_default()), value)),
                );
            }
        }
        Some(after)
    }
}

/// Makes the edits in their order.
///
/// # Errors
/// [`NotEdited`] for the first that can't be made, or whose outcome is not what was wanted: the file is in a style that
/// lines do not show, such as `{a: 1, b: 2}` or an alias.
pub fn edit(text: &str, edits: &[Edit]) -> Result<String, NotEdited> {
    edits.iter().try_fold(text.to_owned(), |text, edit| {
        let not = |why| NotEdited { path: edit.path().to_owned(), why };
        let before = values(&text);
        // Null is no value, and a key that can be removed.
        let there = matches!(edit, Edit::Set { .. }) || keys_of(&text).iter().any(|(path, _)| path == edit.path());
        let wanted = edit.wanted(&before).filter(|_| there).ok_or_else(|| not("there is nothing at this path"))?;
        if let Edit::Move { to, .. } = edit
            && before.keys().any(|name| name == to || name.starts_with(&format!("{to}.")))
        {
            return Err(not("there is something at its new path already"));
        }
        let after = apply(&text, edit).map_err(not)?;
        match values(&after) == wanted {
            true => Ok(after),
            false => Err(not("its lines hold more than this key; change it by hand")),
        }
    })
}
