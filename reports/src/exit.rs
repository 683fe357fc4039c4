//! Exit codes: the contract with shells and CI systems.

use std::process::ExitCode;

/// How a command ended, as its process exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Everything required passed, the gate is open, the work is done.
    Passed = 0,
    /// A check failed, or the gate is closed.
    Failed = 1,
    /// The command line or a configuration file is wrong.
    Usage = 2,
    /// Something required could not be found out.
    Inconclusive = 3,
    /// Nothing ran, or not everything that is required.
    Incomplete = 4,
    /// The evidence was refused: stale, future, foreign, truncated, unsigned, tampered or from the emulator.
    EvidenceRefused = 5,
    /// The target can't be reached, or the staging did not start.
    Unreachable = 6,
    /// A deploy failed and was rolled back and verified.
    RolledBack = 7,
    /// A rollback failed: a person is needed.
    RollbackFailed = 8,
    /// Interrupted; everything started was removed.
    Interrupted = 130,
}

impl Exit {
    /// Every status, by its number.
    pub const ALL: [Self; 10] = [
        Self::Passed,
        Self::Failed,
        Self::Usage,
        Self::Inconclusive,
        Self::Incomplete,
        Self::EvidenceRefused,
        Self::Unreachable,
        Self::RolledBack,
        Self::RollbackFailed,
        Self::Interrupted,
    ];

    /// The number that the shell sees.
    pub fn code(self) -> u8 {
        self as u8
    }

    /// The reason, as printed on the last line of standard error.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "a check failed",
            Self::Usage => "usage or configuration error",
            Self::Inconclusive => "inconclusive",
            Self::Incomplete => "nothing, or not everything required, ran",
            Self::EvidenceRefused => "evidence refused",
            Self::Unreachable => "target unreachable or staging did not start",
            Self::RolledBack => "deploy failed, rolled back and verified",
            Self::RollbackFailed => "rollback failed: a person is needed",
            Self::Interrupted => "interrupted",
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::Exit;

    #[test]
    fn codes_are_the_documented_ones() {
        let codes = [
            (Exit::Passed, 0),
            (Exit::Failed, 1),
            (Exit::Usage, 2),
            (Exit::Inconclusive, 3),
            (Exit::Incomplete, 4),
            (Exit::EvidenceRefused, 5),
            (Exit::Unreachable, 6),
            (Exit::RolledBack, 7),
            (Exit::RollbackFailed, 8),
            (Exit::Interrupted, 130),
        ];
        for (exit, code) in codes {
            assert_eq!(exit.code(), code, "{exit:?}");
        }
    }
}
