//! How a command ends when it does not succeed: a status of the table, and one paragraph.

use greenlight_reports::Exit;
use std::fmt;

/// A status and what is said of it.
#[derive(Debug)]
pub(crate) struct Failure {
    /// The process's status.
    pub exit: Exit,
    /// What, where, and how to mend it.
    pub message: String,
}

impl Failure {
    /// With this status.
    pub(crate) fn new(exit: Exit, message: impl fmt::Display) -> Self {
        Self { exit, message: message.to_string() }
    }

    /// The command line or a file is wrong.
    pub(crate) fn usage(message: impl fmt::Display) -> Self {
        Self::new(Exit::Usage, message)
    }

    /// Evidence that nobody may act on.
    pub(crate) fn refused(message: impl fmt::Display) -> Self {
        Self::new(Exit::EvidenceRefused, message)
    }

    /// Something was found to be wrong.
    pub(crate) fn red(message: impl fmt::Display) -> Self {
        Self::new(Exit::Failed, message)
    }

    /// It could not be found out, or not be written down.
    pub(crate) fn unknown(message: impl fmt::Display) -> Self {
        Self::new(Exit::Inconclusive, message)
    }

    /// Ctrl-C.
    pub(crate) fn interrupted(message: impl fmt::Display) -> Self {
        Self::new(Exit::Interrupted, message)
    }

    /// The same with something said before.
    #[must_use]
    pub(crate) fn during(mut self, what: impl fmt::Display) -> Self {
        self.message = format!("{what}: {}", self.message);
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}
