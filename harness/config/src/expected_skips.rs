//! `expected_skips.txt`: the only checks that a containers run may skip.

use crate::error::ConfigError;
use std::collections::BTreeMap;

const DEFAULT: &str = include_str!("../../../config/expected_skips.txt");

/// Ids that may be skipped, each with its reason.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExpectedSkips(BTreeMap<String, String>);

impl ExpectedSkips {
    /// The file compiled into the program.
    ///
    /// # Errors
    /// Never in a build whose tests passed.
    pub fn shipped() -> Result<Self, ConfigError> {
        Self::parse("config/expected_skips.txt", DEFAULT)
    }

    /// Reads the text of a file; `file` is for messages.
    ///
    /// # Errors
    /// When a line has an id without a reason.
    pub fn parse(file: &str, text: &str) -> Result<Self, ConfigError> {
        let mut skips = BTreeMap::new();
        for (index, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let Some((id, reason)) = line.split_once(char::is_whitespace) else {
                let problem = format!("line {}: {line:?} has no reason; write `id  reason`", index + 1);
                return Err(ConfigError::invalid(file, problem));
            };
            skips.insert(id.to_owned(), reason.trim().to_owned());
        }
        Ok(Self(skips))
    }

    /// Whether this check may be skipped.
    pub fn allows(&self, id: &str) -> bool {
        self.0.contains_key(id)
    }

    /// The ids, sorted.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::ExpectedSkips;

    #[test]
    fn ids_need_a_reason() {
        let good = ExpectedSkips::parse("f", "# why\n\nsip.invite  no bridge here\n").expect("good");
        assert!(good.allows("sip.invite") && !good.allows("sip"));
        let error = ExpectedSkips::parse("f", "sip.invite\n").expect_err("no reason").to_string();
        assert_eq!(error, "f: line 1: \"sip.invite\" has no reason; write `id  reason`");
    }

    #[test]
    fn the_shipped_file_is_valid() {
        assert!(ExpectedSkips::shipped().is_ok());
    }

    #[test]
    fn comments_are_no_ids() {
        let good = ExpectedSkips::parse("f", "# why\n\nsip.invite  no bridge here\n").expect("good");
        assert_eq!(good.ids().collect::<Vec<_>>(), ["sip.invite"]);
    }
}
