//! What is wrong with a configuration file, where, and how to mend it.

use crate::yaml::explained;

/// A file that can't be used as it is.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file can't be read.
    #[error("cannot read {file}: {source}")]
    Read {
        /// Path as given.
        file: String,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The text is not what the file should hold.
    #[error("{file}: {problem}")]
    Invalid {
        /// Path as given.
        file: String,
        /// One or more lines that name line, problem and remedy.
        problem: String,
    },
}

impl ConfigError {
    /// What the YAML reader has against a text, with the line and a caret below it.
    pub(crate) fn of_yaml(file: &str, text: &str, problem: &impl ToString) -> Self {
        Self::invalid(file, explained(file, text, &problem.to_string()))
    }

    pub(crate) fn invalid(file: &str, problem: impl ToString) -> Self {
        Self::Invalid { file: file.to_owned(), problem: problem.to_string() }
    }
}
