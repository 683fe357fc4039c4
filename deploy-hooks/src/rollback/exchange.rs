//! What a restore exchanges. Of every component the same is asked: put together what comes beside what is there, exchange
//! both at once, say which of them is there, and remove the one that is not wanted. Each of these may be done again after a
//! kill at whatever moment, and does nothing then if it was done.

use super::archive::Opened;
use super::database::Swap;
use super::files::Roots;
use super::redis::Keys;
use super::services::{Again, ByDeploy};
use super::sip::Trunks;
use super::site::Site;
use serde::{Deserialize, Serialize};

/// One component's part of a restore. It stands in the journal, in clear text: it holds names and never a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Exchange {
    /// Files and folders, by renames.
    Files(Roots),
    /// A database, by renames in one transaction.
    Database(Swap),
    /// Keys of Redis, in one transaction.
    Redis(Keys),
    /// Trunks and rules, by calls of the API.
    Sip(Trunks),
    /// Containers, made again.
    ServicesAgain(Again),
    /// Containers, by a deploy.
    ServicesByDeploy(ByDeploy),
}

/// What is asked of it.
pub(super) trait Exchanging {
    /// Puts everything together beside what is there, complete and lasting. Nothing that is there is touched; what an earlier
    /// try has left is removed.
    ///
    /// # Errors
    /// What can't be read or written. The caller calls [`Exchanging::end`].
    fn stage(&mut self, site: &Site, opened: &Opened<'_>) -> Result<(), String>;

    /// Exchanges whatever is not exchanged yet.
    ///
    /// # Errors
    /// What can't be.
    fn forward(&self, site: &Site) -> Result<(), String>;

    /// Puts back whatever was exchanged.
    ///
    /// # Errors
    /// What can't be.
    fn back(&self, site: &Site) -> Result<(), String>;

    /// Whether what comes is where it belongs, all of it.
    ///
    /// # Errors
    /// It can't be found out.
    fn has_come(&self, site: &Site) -> Result<bool, String>;

    /// Reads what is there now, and holds it against what was kept.
    ///
    /// # Errors
    /// What is not as it was kept.
    fn verified(&self, site: &Site, opened: &Opened<'_>) -> Result<(), String>;

    /// Reads what was staged, and holds it against what was kept: the whole of a rehearsal, which never goes forward.
    ///
    /// # Errors
    /// What is not as it was kept, or that this component can't be rehearsed.
    fn rehearsed(&self, _: &Site, _: &Opened<'_>) -> Result<(), String> {
        Err("this component can't be rehearsed; name the others with --only".to_owned())
    }

    /// Removes what is not wanted any more: what was staged if it has not come, what was replaced if it has.
    ///
    /// # Errors
    /// What can't be removed.
    fn end(&self, site: &Site) -> Result<(), String>;

    /// What it is about, for people: a line each.
    fn about(&self) -> Vec<String>;
}

impl Exchange {
    /// Whatever it is.
    pub(super) fn of(&self) -> &dyn Exchanging {
        match self {
            Self::Files(roots) => roots,
            Self::Database(swap) => swap,
            Self::Redis(keys) => keys,
            Self::Sip(trunks) => trunks,
            Self::ServicesAgain(again) => again,
            Self::ServicesByDeploy(by_deploy) => by_deploy,
        }
    }

    /// The same, to be staged.
    pub(super) fn of_mut(&mut self) -> &mut dyn Exchanging {
        match self {
            Self::Files(roots) => roots,
            Self::Database(swap) => swap,
            Self::Redis(keys) => keys,
            Self::Sip(trunks) => trunks,
            Self::ServicesAgain(again) => again,
            Self::ServicesByDeploy(by_deploy) => by_deploy,
        }
    }
}
