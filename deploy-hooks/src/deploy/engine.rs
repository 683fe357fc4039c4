//! The procedure: phase by phase, forward or back, written down before and after each.

use super::driver::Driver;
use super::journal::{Ending, Journal, Position};
use super::phase::{Colour, Phase};
use crate::failure::Failure;
use greenlight_reports::Exit;

/// How a deploy ended.
#[derive(Debug)]
pub(crate) struct Ended {
    /// The process's status.
    pub exit: Exit,
    /// What has the traffic.
    pub ending: Ending,
    /// Why the way led back or ended, if it did.
    pub reason: Option<String>,
}

/// A deploy under way.
pub(crate) struct Engine<'a, D> {
    /// The hands.
    pub driver: &'a D,
    /// Where it is written down.
    pub journal: Journal,
    /// Where it is.
    pub position: Position,
    /// Called before and after each phase.
    pub on_phase: &'a dyn Fn(Phase, &str),
}

impl<D: Driver> Engine<'_, D> {
    /// Goes on until all is new or all is old.
    ///
    /// # Errors
    /// When it was interrupted, or could not be written down: then `resume` goes on from here.
    pub(crate) async fn run(mut self) -> Result<Ended, Failure> {
        while let Some(phase) = self.position.next() {
            (self.on_phase)(phase, "begun");
            self.journal.begin(phase)?;
            self.position.begun.push(phase);
            match self.perform(phase).await {
                Ok(()) => {
                    (self.on_phase)(phase, "done");
                    self.journal.done(phase)?;
                    self.position.done.push(phase);
                }
                Err(failure) if failure.exit == Exit::Interrupted => return Err(failure),
                Err(failure) => {
                    (self.on_phase)(phase, "FAILED");
                    let failure = failure.during(phase);
                    if self.position.is_past_return() || self.position.back.is_some() {
                        return self.stuck(failure);
                    }
                    if !self.position.may_have_started() {
                        // Nothing has been done: nothing is to be undone, and the status is the gate's own.
                        self.journal.end(Ending::Old)?;
                        return Ok(Ended { exit: failure.exit, ending: Ending::Old, reason: Some(failure.message) });
                    }
                    self.turn_back(failure.message)?;
                }
            }
        }
        match self.position.back.take() {
            Some(reason) => {
                self.journal.end(Ending::Old)?;
                Ok(Ended { exit: Exit::RolledBack, ending: Ending::Old, reason: Some(reason) })
            }
            None => {
                self.journal.end(Ending::New)?;
                Ok(Ended { exit: Exit::Passed, ending: Ending::New, reason: None })
            }
        }
    }

    /// From now on the way leads back.
    ///
    /// # Errors
    /// When it can't be written down.
    pub(crate) fn turn_back(&mut self, reason: String) -> Result<(), Failure> {
        self.journal.turn_back(&reason)?;
        self.position.back = Some(reason);
        Ok(())
    }

    /// Neither old nor new: traffic is where it was last read, and a person must look. `resume` tries again.
    fn stuck(mut self, failure: Failure) -> Result<Ended, Failure> {
        let way = if self.position.back.is_some() { "the way back" } else { "the end of the old colour" };
        let before = self.position.back.take().map(|reason| format!("; before that: {reason}")).unwrap_or_default();
        let reason = format!("{way} failed, a person is needed: {}{before}", failure.message);
        Ok(Ended { exit: Exit::RollbackFailed, ending: Ending::Stuck, reason: Some(reason) })
    }

    async fn perform(&self, phase: Phase) -> Result<(), Failure> {
        let (from, to) = (self.position.plan.from, self.position.plan.to);
        match phase {
            Phase::Gate => self.gate().await,
            Phase::Before => self.driver.before().await,
            Phase::Start => self.driver.start(to).await,
            Phase::Identify => self.identify(to).await,
            Phase::Verify => self.driver.verify(to).await,
            Phase::Switch => {
                // The report may have grown old while the colour was started and verified, or since a crash.
                self.gate().await?;
                self.switch(to).await
            }
            Phase::Watch => self.driver.watch(to).await,
            Phase::Drain => match from {
                Some(from) => self.driver.drain(from).await,
                None => Ok(()),
            },
            Phase::Remove => match from {
                Some(from) => self.driver.remove(from).await,
                None => Ok(()),
            },
            Phase::SwitchBack => match from {
                Some(from) if self.position.may_have_switched() => self.switch(from).await,
                _ => Ok(()),
            },
            Phase::VerifyBack => match from {
                Some(from) if self.position.may_have_switched() => self.driver.verify(from).await,
                _ => Ok(()),
            },
            Phase::RemoveNew => self.driver.remove(to).await,
        }
    }

    /// A tag that was moved since the plan was made means another build: that one has not been started and verified here.
    async fn gate(&self) -> Result<(), Failure> {
        let let_through = self.driver.gate().await?;
        let planned = &self.position.plan.expected;
        match let_through == *planned {
            true => Ok(()),
            false => Err(Failure::refused(format!(
                "this deploy was planned for {}, and deployment.yaml now means {}",
                planned.join(", "),
                let_through.join(", ")
            ))),
        }
    }

    /// A colour that runs something else than the gate has seen gets nothing.
    async fn identify(&self, colour: Colour) -> Result<(), Failure> {
        let runs = self.driver.identify(colour).await?;
        let expected = &self.position.plan.expected;
        if expected.is_empty() {
            return Err(Failure::usage("the artefact says nothing by which a running colour could be told"));
        }
        match expected.iter().find(|line| !runs.contains(line)) {
            None => Ok(()),
            Some(missing) => {
                let runs = if runs.is_empty() { "nothing".to_owned() } else { runs.join(", ") };
                Err(Failure::red(format!(
                    "{colour} does not run what the gate has seen: it says {runs}, not {missing}"
                )))
            }
        }
    }

    /// Read back: a switch that says nothing went wrong has not thereby happened.
    async fn switch(&self, colour: Colour) -> Result<(), Failure> {
        self.driver.switch(colour).await?;
        let active = self.driver.active().await?;
        match active == Some(colour) {
            true => Ok(()),
            false => {
                let active = active.map_or("none", Colour::word);
                Err(Failure::red(format!("traffic was given to {colour} and the balancer says {active}")))
            }
        }
    }
}
