//! Everything that an analysis looks at, as values: whoever has them gets the same plan.

use super::containers::Running;
use super::inputs::Read;
use super::sip::Exported;
use greenlight_config::history::Version;

/// The input of an analysis.
#[derive(Debug, Default)]
pub(super) struct Looked {
    /// Files, by path.
    pub(super) files: Vec<Read>,
    /// Containers, by name; `None` when no engine was asked.
    pub(super) running: Option<Vec<Running>>,
    /// The text of `--token-file`.
    pub(super) tokens: Option<String>,
    /// Trunks and rules; `None` when no API was asked.
    pub(super) sip: Option<Exported>,
    /// `--from`.
    pub(super) from: Option<Version>,
    /// `--to`.
    pub(super) to: Option<Version>,
    /// Files that are part of a deployment by their names and can't be read, which are in `not_seen` too.
    pub(super) unreadable: Vec<String>,
    /// What could not be looked at.
    pub(super) not_seen: Vec<String>,
}
