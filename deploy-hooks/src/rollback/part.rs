//! A component of a point, whatever it is: how it is kept, and how it comes back.

use super::archive::Opened;
use super::database::Copied;
use super::exchange::Exchange;
use super::writer::Writer;
use crate::failure::Failure;
use std::path::Path;

/// What was put into an archive.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Kept {
    /// Files, keys, trunks, containers, tables: what there is to count.
    pub(super) entries: usize,
    /// Bytes before they were compressed.
    pub(super) plain_bytes: u64,
    /// What was left out, and why.
    pub(super) passed_over: Vec<String>,
    /// The copy that lies beside a database.
    pub(super) copy: Option<Copied>,
}

/// One component: `files`, `env`, `database`, `redis`, `sip` or `services`.
pub(super) trait Part {
    /// As it is written in `--only` and in the manifest.
    fn name(&self) -> &'static str;

    /// About how many bytes keeping it will read: a point is refused where there is no room for twice as much.
    ///
    /// # Errors
    /// [`Failure`]: it can't be reached.
    fn estimate(&self) -> Result<u64, Failure>;

    /// Puts it into an archive, as it is now.
    ///
    /// # Errors
    /// [`Failure`] with what can't be read or written. The caller removes the archive.
    fn keep(&self, archive: &mut Writer) -> Result<Kept, Failure>;

    /// No point has come of what was kept: what keeping it has made outside of the archive is removed.
    ///
    /// # Errors
    /// What is left.
    fn undo(&self) -> Result<(), String> {
        Ok(())
    }

    /// What bringing it back will exchange. Whoever calls has believed the archive; nothing is touched yet, and what must be
    /// true before anything is touched (room, a server that answers) is looked at here.
    ///
    /// # Errors
    /// [`Failure`]: it can't come back here. Nothing was changed.
    fn exchange(&self, opened: &Opened<'_>, point: &str) -> Result<Exchange, Failure>;

    /// What a rehearsal stages, and never exchanges. `scratch` is a folder that only its owner may look into; what is staged
    /// beside what is there, under a name that nobody reads, needs none.
    ///
    /// # Errors
    /// As [`Part::exchange`].
    fn rehearsal(&self, opened: &Opened<'_>, point: &str, _scratch: &Path) -> Result<Exchange, Failure> {
        self.exchange(opened, point)
    }
}
