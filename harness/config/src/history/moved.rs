//! Keys that live on under another name: compared by hand, the code that acts on each beside the other.

use super::Source;
use super::shipped::History;
use serde::Deserialize;

/// `data/moved.json`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MovedFile {
    pub(super) format: u32,
    #[serde(rename = "about")]
    _about: String,
    /// Single keys.
    pub(super) keys: Vec<Moved>,
    /// Sections with everything below them.
    pub(super) sections: Vec<Moved>,
    /// Variables whose successor is not that of their key.
    pub(super) variables: Vec<Moved>,
}

/// A new name with the same meaning and the same unit.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Moved {
    /// The old name.
    pub from: String,
    /// The new name.
    pub to: String,
    /// Where the old one was acted on.
    pub used: Source,
    /// Where the new one is.
    #[serde(rename = "use")]
    pub uses: Source,
}

impl History {
    /// The successor of a key that was removed. Absent: none has its meaning, and what it set can't be set any more.
    pub fn moved_to(&self, path: &str) -> Option<Moved> {
        if let Some(moved) = self.moved.keys.iter().find(|moved| moved.from == path) {
            return Some(moved.clone());
        }
        self.moved.sections.iter().find_map(|section| {
            let rest = path.strip_prefix(section.from.as_str())?;
            (rest.is_empty() || rest.starts_with('.')).then(|| Moved {
                from: path.to_owned(),
                to: format!("{}{rest}", section.to),
                ..section.clone()
            })
        })
    }
}
