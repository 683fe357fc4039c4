//! Variables that a version does not read any more. It says nothing of them: they are ignored.

use super::shipped::{History, UnknownVersion};
use super::{Source, Version};

/// A variable that is ignored from some version on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LostVariable {
    /// Its name.
    pub name: String,
    /// The key that it set.
    pub key: String,
    /// The variable that has its meaning now. Absent: none has.
    pub replacement: Option<String>,
    /// Where the old version declares what it set.
    pub source: Source,
}

impl History {
    /// What is read in `from` and ignored in `to`, by name.
    ///
    /// # Errors
    ///
    /// The variables of one of them are not known.
    pub fn variables_lost(&self, from: Version, to: Version) -> Result<Vec<LostVariable>, UnknownVersion> {
        let old = self.known(from, self.variables(&from))?;
        let new = self.known(to, self.variables(&to))?;
        let lost = old.iter().filter(|was| new.iter().all(|is| is.name != was.name));
        let replacement = |name: &str, key: &str| {
            let by_hand = self.moved.variables.iter().find(|moved| moved.from == name).map(|moved| moved.to.clone());
            by_hand.or_else(|| {
                let key = self.moved_to(key)?.to;
                new.iter().find(|is| is.key == key).map(|is| is.name.clone())
            })
        };
        Ok(lost
            .map(|was| LostVariable {
                name: was.name.clone(),
                key: was.key.clone(),
                replacement: replacement(&was.name, &was.key),
                source: was.source.clone(),
            })
            .collect())
    }
}
