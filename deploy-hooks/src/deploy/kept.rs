//! What a rollback asks of a deploy: to bring what was kept, by the procedure that brings everything else; and, when it has
//! brought containers back without one, to take note of it.

use super::command::Site;
use super::journal::{Ending, Journal, look};
use super::lock::Lock;
use super::phase::Colour;
use super::place::{Place, State};
use crate::audit;
use crate::failure::Failure;
use greenlight_config::{Deployment, Environment};
use greenlight_reports::Exit;

/// How far the deploy of an id is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stand {
    /// It was never begun, or another one came after it.
    None,
    /// It was begun, and has not ended.
    UnderWay,
    /// The new colour has the traffic.
    New,
    /// The old one has it, and the new one is gone.
    Old,
    /// A person is needed.
    Stuck,
}

/// A deploy of something that was kept.
pub(crate) struct Deploy<'a> {
    /// Whole configuration.
    pub(crate) deployment: &'a Deployment,
    /// Name of the environment.
    pub(crate) name: &'a str,
    /// The environment with what was kept as its artefact.
    pub(crate) environment: &'a Environment,
    /// Its id, which is written down before it is begun.
    pub(crate) id: &'a str,
}

impl Deploy<'_> {
    /// How far it is.
    ///
    /// # Errors
    /// When its journal can't be read.
    pub(crate) fn stand(&self) -> Result<Stand, Failure> {
        let position = look(&Place::of(self.deployment, self.name)?.journal())?;
        Ok(match position.filter(|position| position.plan.id == self.id).map(|position| position.ended) {
            None => Stand::None,
            Some(None) => Stand::UnderWay,
            Some(Some(Ending::New)) => Stand::New,
            Some(Some(Ending::Old)) => Stand::Old,
            Some(Some(Ending::Stuck)) => Stand::Stuck,
        })
    }

    /// Begins it, or goes on with it.
    ///
    /// # Errors
    /// [`Failure`]: it has not brought it.
    pub(crate) async fn bring(&self) -> Result<(), Failure> {
        let site = Site::with(self.deployment, self.name, self.environment, None)?;
        let exit = match self.stand()? {
            Stand::New => return Ok(()),
            Stand::UnderWay => site.go_on(false).await?,
            Stand::Stuck => return Err(Failure::new(Exit::RollbackFailed, format!("deploy {} is stuck", self.id))),
            Stand::None | Stand::Old => site.begin_as(self.id.to_owned(), false).await?,
        };
        match exit {
            Exit::Passed => Ok(()),
            exit => {
                let message =
                    format!("the deploy of what was kept has ended with status {}, as it says above", exit.code());
                Err(Failure::new(exit, message))
            }
        }
    }

    /// Aborts it, if it is under way.
    ///
    /// # Errors
    /// [`Failure`]: it is too far.
    pub(crate) async fn take_back(&self) -> Result<(), Failure> {
        match self.stand()? {
            Stand::None | Stand::Old => Ok(()),
            Stand::UnderWay => {
                match Site::with(self.deployment, self.name, self.environment, None)?.go_on(true).await? {
                    Exit::RolledBack => Ok(()),
                    exit => {
                        let message = format!("the deploy can't be aborted: status {}, as it says above", exit.code());
                        Err(Failure::new(exit, message))
                    }
                }
            }
            Stand::New | Stand::Stuck => Err(Failure::new(
                Exit::RollbackFailed,
                format!(
                    "deploy {} has ended, and the colour that was there before has drained and is gone; `greenlight rollback resume` keeps what is there, and a deploy brings the other build again",
                    self.id
                ),
            )),
        }
    }
}

/// The lock of an environment that is deployed to; nothing where nobody deploys.
///
/// # Errors
/// Who has it.
pub(crate) fn lock_of(
    deployment: Option<&Deployment>,
    name: Option<&str>,
    what: &str,
) -> Result<Option<Lock>, Failure> {
    match deployment.zip(name) {
        Some((deployment, name)) => Lock::take(&Place::of(deployment, name)?.lock(), what).map(Some),
        None => Ok(None),
    }
}

/// Somebody has the traffic, and no deploy has given it to him: the state says so, and a deploy that is under way has ended
/// by that.
///
/// # Errors
/// When it can't be written down.
pub(crate) fn settled(
    deployment: Option<&Deployment>,
    name: Option<&str>,
    active: Option<Colour>,
    by: &str,
    runs: Vec<String>,
) -> Result<(), Failure> {
    let Some((deployment, name)) = deployment.zip(name) else { return Ok(()) };
    let place = Place::of(deployment, name)?;
    if let Some((mut journal, position)) =
        Journal::open(&place.journal())?.filter(|(_, position)| position.ended.is_none())
    {
        journal.end(Ending::Stuck)?;
        audit::append(&place.audit, name, "ended", &format!("{} by {by}", position.plan.id))?;
    }
    place.set_state(&State::now(active, by, runs.clone()))?;
    audit::append(&place.audit, name, "rollback", &format!("{by}: {}", runs.join(", "))).map(drop)
}
