//! The procedure: phase by phase, forward or back, written down before and after each.

use super::driver::Driver;
use super::journal::{Ending, Journal, Position};
use super::phase::{Colour, Phase, word_of};
use crate::failure::Failure;
use greenlight_reports::Exit;
use tokio_util::sync::CancellationToken;

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
    /// Ctrl-C: no phase is begun any more.
    pub interrupt: &'a CancellationToken,
}

impl<D: Driver> Engine<'_, D> {
    /// Goes on until all is new or all is old.
    ///
    /// # Errors
    /// When it was interrupted, or could not be written down: then `resume` goes on from here.
    pub(crate) async fn run(mut self) -> Result<Ended, Failure> {
        while let Some(phase) = self.position.next() {
            if self.interrupt.is_cancelled() {
                return Err(Failure::interrupted(format!("interrupted before {phase}")));
            }
            if let Err(failure) = self.guard(phase).await {
                return match failure.exit {
                    Exit::Interrupted => Err(failure),
                    _ => self.stuck(failure.during(phase)),
                };
            }
            (self.on_phase)(phase, "begun");
            let written = self.journal.begin(phase);
            self.keep(written)?;
            self.position.begun.push(phase);
            match self.perform(phase).await {
                Ok(()) => {
                    (self.on_phase)(phase, "done");
                    let written = self.journal.done(phase);
                    self.keep(written)?;
                    self.position.done.push(phase);
                }
                Err(failure) if failure.exit == Exit::Interrupted => return Err(failure),
                Err(failure) => {
                    (self.on_phase)(phase, "FAILED");
                    let failure = failure.during(phase);
                    if self.position.is_past_return() || self.position.back.is_some() {
                        return self.stuck(failure);
                    }
                    if !self.position.may_have_started() && !self.position.may_have_switched() {
                        // Nothing has been done: nothing is to be undone, and the status is the gate's own.
                        self.journal.end(Ending::Old)?;
                        return Ok(Ended { exit: failure.exit, ending: Ending::Old, reason: Some(failure.message) });
                    }
                    self.turn_back(failure.message);
                }
            }
        }
        match self.position.back.take() {
            Some(reason) => {
                if let Err(failure) = self.journal.end(Ending::Old) {
                    say!("error: {failure}");
                }
                Ok(Ended { exit: Exit::RolledBack, ending: Ending::Old, reason: Some(reason) })
            }
            None => {
                self.journal.end(Ending::New)?;
                Ok(Ended { exit: Exit::Passed, ending: Ending::New, reason: None })
            }
        }
    }

    /// From now on the way leads back, written down or not: traffic must not stay where it is red because a disk is full.
    fn turn_back(&mut self, reason: String) {
        if let Err(failure) = self.journal.turn_back(&reason) {
            say!("error: {failure}");
        }
        self.position.back = Some(reason);
    }

    /// On the way back what can't be written down is said, and the way goes on.
    fn keep(&self, written: Result<(), Failure>) -> Result<(), Failure> {
        match written {
            Err(failure) if self.position.back.is_some() => {
                say!("error: {failure}");
                Ok(())
            }
            written => written,
        }
    }

    /// Nothing is ended or removed that has the traffic. Somebody may have moved it by hand while this deploy was down.
    async fn guard(&self, phase: Phase) -> Result<(), Failure> {
        let to = self.position.plan.to;
        match phase {
            Phase::Drain | Phase::Remove => {
                let active = self.driver.active().await?;
                if active != Some(to) {
                    let active = word_of(active);
                    return Err(Failure::red(format!("{active} has the traffic, and {to} should have it")));
                }
            }
            Phase::RemoveNew if self.position.may_have_started() => {
                let active = self.driver.active().await?;
                if active == Some(to) {
                    return Err(Failure::red(format!("{to} has the traffic, and there is nobody to give it to")));
                }
            }
            _ => {}
        }
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
                // What was verified may have been replaced since, by hand or before a crash.
                self.identify(to).await?;
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
            Phase::RemoveNew if self.position.may_have_started() => self.driver.remove(to).await,
            // A colour that this deploy has not started is somebody else's.
            Phase::RemoveNew => Ok(()),
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
        is_what_was_seen(colour, &runs, &self.position.plan.expected)
    }

    /// Read back: a switch that says nothing went wrong has not thereby happened.
    async fn switch(&self, colour: Colour) -> Result<(), Failure> {
        self.driver.switch(colour).await?;
        let active = self.driver.active().await?;
        match active == Some(colour) {
            true => Ok(()),
            false => {
                let active = word_of(active);
                Err(Failure::red(format!("traffic was given to {colour} and the balancer says {active}")))
            }
        }
    }
}

/// Kinds of lines that say which build it is: those that are expected must be said, and by every line of that kind.
const BUILD_KINDS: [&str; 3] = ["image_id", "image_digest", "program_sha256"];

/// Whether what a colour says that it runs is what the gate has seen, and nothing else beside it.
fn is_what_was_seen(colour: Colour, runs: &[String], expected: &[String]) -> Result<(), Failure> {
    let kind = |line: &str| line.split(' ').next().unwrap_or_default().to_owned();
    if !expected.iter().any(|line| BUILD_KINDS.contains(&kind(line).as_str())) {
        return Err(Failure::usage("the artefact says nothing by which a running colour could be told"));
    }
    for line in expected {
        let said: Vec<&String> = runs.iter().filter(|said| kind(said) == kind(line)).collect();
        let missing = said.is_empty() && BUILD_KINDS.contains(&kind(line).as_str());
        if missing || said.iter().any(|said| *said != line) {
            let runs = if runs.is_empty() { "nothing".to_owned() } else { runs.join(", ") };
            return Err(Failure::red(format!(
                "{colour} does not run what the gate has seen: it says {runs}, not {line} alone"
            )));
        }
    }
    Ok(())
}
