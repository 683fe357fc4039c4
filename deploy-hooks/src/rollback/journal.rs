//! A restore that is under way: a process that is killed in the middle leaves a journal by which the next one ends it,
//! forward or back. All components go together: every one is staged before the first is exchanged.

use super::archive::Opened;
use super::exchange::Exchange;
use super::manifest::format_of;
use super::site::Site;
use super::stage::sync_above;
use super::store::Store;
use super::sum::Sum;
use crate::failure::Failure;
use crate::files::{read_text, remove_if_there, write_whole};
use greenlight_reports::Exit;
use serde::{Deserialize, Serialize};
use std::io;

const FORMAT: u32 = 4;
const BYTES_MAX: u64 = 16 << 20;

/// A restore that is under way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Journal {
    format: u32,
    pub(super) point: String,
    /// The environment of deployment.yaml that it was begun for, if any.
    pub(super) environment: Option<String>,
    pub(super) phase: Phase,
    /// Whether what comes was in place when the removal of what is not wanted began: afterwards nobody can tell.
    #[serde(default)]
    pub(super) came: Option<bool>,
    /// Whether what is there now was read again, and is what was kept; none while nobody has looked.
    pub(super) verified: Option<bool>,
    /// In the order in which they are exchanged.
    pub(super) components: Vec<Component>,
}

/// One component of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Component {
    pub(super) name: String,
    /// Its archive, as it was signed.
    pub(super) archive: Sum,
    pub(super) exchange: Exchange,
}

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Phase {
    /// What comes is put together: nothing was replaced.
    Staging,
    /// Every stage is complete: going on is safe, and so is going back.
    Exchanging,
    /// It is decided, and what is not wanted is being removed: there is no way but to end it.
    Ending,
}

impl Journal {
    /// Of a restore that begins.
    pub(super) fn new(point: &str, environment: Option<&str>, components: Vec<Component>) -> Self {
        let environment = environment.map(str::to_owned);
        let point = point.to_owned();
        Self { format: FORMAT, point, environment, phase: Phase::Staging, came: None, verified: None, components }
    }

    /// The one that a killed process has left.
    ///
    /// # Errors
    /// [`Failure`]: it can't be read. A person is needed.
    pub(super) fn left(store: &Store) -> Result<Option<Self>, Failure> {
        let file = store.journal();
        let text = match read_text(&file, BYTES_MAX) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            other => other.map_err(|error| stuck(format!("cannot read {}: {error}", file.display())))?,
        };
        let shown = file.display();
        match format_of(text.as_bytes()) {
            Ok(FORMAT) => serde_json::from_str(&text).map(Some).map_err(|error| stuck(format!("{shown}: {error}"))),
            Ok(format) => Err(stuck(format!(
                "{shown} has format {format}, and this version reads {FORMAT}; end it with the version that began it"
            ))),
            Err(error) => Err(stuck(format!("{shown}: {error}"))),
        }
    }

    /// Whether nothing was exchanged yet: whoever comes next may end it.
    pub(super) fn is_staging(&self) -> bool {
        self.phase == Phase::Staging
    }

    /// Whether everything is staged, and nothing is decided yet.
    pub(super) fn is_exchanging(&self) -> bool {
        self.phase == Phase::Exchanging
    }

    /// On disk, before what it says is done.
    ///
    /// # Errors
    /// [`Failure`] when it can't be written.
    pub(super) fn write(&self, store: &Store) -> Result<(), Failure> {
        let text = serde_json::to_string_pretty(self).map_err(Failure::unknown)?;
        let file = store.journal();
        if text.len() as u64 > BYTES_MAX {
            let bytes = text.len();
            return Err(Failure::unknown(format!(
                "{} would have {bytes} bytes, and nobody could read it again; keep fewer folders in one point",
                file.display()
            )));
        }
        write_whole(&file, text.as_bytes())
            .and_then(|()| sync_above(&file))
            .map_err(|error| Failure::unknown(format!("cannot write {}: {error}", file.display())))
    }

    /// Every stage is complete: from here on it may go forward.
    ///
    /// # Errors
    /// [`Failure`] when it can't be written down.
    pub(super) fn complete(&mut self, store: &Store) -> Result<(), Failure> {
        self.phase = Phase::Exchanging;
        self.write(store)
    }

    /// Exchanges whatever is not exchanged yet.
    ///
    /// # Errors
    /// Which component can't be.
    pub(super) fn forward(&self, site: &Site) -> Result<(), String> {
        self.each(|component| component.exchange.of().forward(site))
    }

    /// Puts back whatever was exchanged, the last one first.
    ///
    /// # Errors
    /// Which component can't be.
    pub(super) fn back(&self, site: &Site) -> Result<(), String> {
        let back = |component: &Component| {
            component.exchange.of().back(site).map_err(|what| format!("{}: {what}", component.name))
        };
        self.components.iter().rev().try_for_each(back)
    }

    /// Reads again what is there now, and writes down whether it is what was kept.
    ///
    /// # Errors
    /// What is not, or that this can't be written down.
    pub(super) fn verify(&mut self, store: &Store, site: &Site, opened: &[Opened<'_>]) -> Result<(), String> {
        let seen = self.components.iter().zip(opened).try_for_each(|(component, opened)| {
            component.exchange.of().verified(site, opened).map_err(|what| format!("{}: {what}", component.name))
        });
        self.verified = Some(seen.is_ok());
        seen.and_then(|()| self.write(store).map_err(|failure| failure.message))
    }

    /// Whether what comes is where it belongs.
    ///
    /// # Errors
    /// Of which component it can't be found out.
    pub(super) fn has_come(&self, site: &Site) -> Result<bool, String> {
        let mut all = true;
        self.each(|component| {
            all &= component.exchange.of().has_come(site)?;
            Ok(())
        })?;
        Ok(all)
    }

    /// Removes what is not wanted any more, and the journal. From the first removal on there is no way back, so that is
    /// written down before; while nothing was exchanged there is nothing to write, and perhaps no room for it.
    ///
    /// # Errors
    /// [`Failure`]: something is left; the next command tries again.
    pub(super) fn end(&mut self, store: &Store, site: &Site) -> Result<(), Failure> {
        if self.phase == Phase::Exchanging {
            self.came = self.has_come(site).ok();
            self.phase = Phase::Ending;
            self.write(store).map_err(|failure| self.unended(failure.message))?;
        }
        self.each(|component| component.exchange.of().end(site)).map_err(|what| self.unended(what))?;
        let file = store.journal();
        remove_if_there(&file)
            .and_then(|()| sync_above(&file))
            .map_err(|error| self.unended(format!("cannot remove {}: {error}", file.display())))
    }

    /// What was done is done; only that something is left has to be said, and with what status depends on what was done.
    fn unended(&self, what: String) -> Failure {
        let (exit, state) = match (self.phase, self.came) {
            (Phase::Staging, _) => (Exit::Inconclusive, "nothing was replaced"),
            (_, Some(true)) => (Exit::RollbackFailed, "everything was restored"),
            (_, Some(false)) => (Exit::RollbackFailed, "everything is as it was"),
            (_, None) => (Exit::RollbackFailed, "nobody knows what is there"),
        };
        let again = "; what is not wanted any more still lies there, and `greenlight rollback resume` tries again";
        Failure::new(exit, format!("{state}, but {what}{again}"))
    }

    fn each(&self, mut what: impl FnMut(&Component) -> Result<(), String>) -> Result<(), String> {
        self.components
            .iter()
            .try_for_each(|component| what(component).map_err(|said| format!("{}: {said}", component.name)))
    }
}

/// Nobody may guess what is half-done.
fn stuck(what: String) -> Failure {
    Failure::new(Exit::RollbackFailed, format!("{what}; a restore is under way, and a person has to look"))
}
