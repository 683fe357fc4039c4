//! A migration from its first step, or the one at which it stopped, until all is new or what was changed is as it was.

use super::back::back;
use super::forward::{CORRECTED, is_skipped, perform};
use super::journal::{Ending, Journal};
use super::migration::Migration;
use super::report;
use super::step::Step;
use super::traffic::may_deploy;
use crate::failure::Failure;
use crate::notify::State;
use crate::output::{also_to, print};
use crate::process::secrets_of_the_environment;
use greenlight_reports::Exit;
use std::fs::File;
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// Signals come in while the runtime waits: so long between two steps.
const SIGNAL_MAX: Duration = Duration::from_millis(1);
/// How the reason ends of whatever was red before anything was changed.
const UNCHANGED: &str = "; nothing was changed";

/// A migration under way.
pub(super) struct Run<'a, 'b> {
    pub(super) migration: &'a Migration<'b>,
    pub(super) journal: Journal,
}

/// Corrected copies have the secrets of what they are copies of: when it ends, however that is, they are gone.
struct Copies(PathBuf);

impl Drop for Copies {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0)
            && error.kind() != ErrorKind::NotFound
        {
            say!("error: cannot remove {}: {error}; it has the secrets of your files, remove it", self.0.display());
        }
    }
}

/// How it ended, or why it did not.
type Ended = Result<Exit, Failure>;

impl Run<'_, '_> {
    /// Goes on until all is new or all is old, and leaves its report however it ends.
    ///
    /// # Errors
    /// [`Failure`], as the command says.
    pub(super) fn run(mut self) -> Ended {
        let about = self.migration.about.clone();
        let _copies = Copies(self.migration.file(CORRECTED));
        let log = self.migration.file("migration.log");
        let opened = File::options().create(true).append(true).mode(0o600).open(&log);
        let opened = opened.map_err(|error| Failure::usage(format!("cannot write {}: {error}", log.display())));
        let opened = opened.map_err(|failure| self.judged(failure))?;
        also_to(Some(opened));
        say!("migrate  {} {} to livekit-server {}   log {}", about.id, about.environment, about.to, log.display());
        let ended = self.told();
        also_to(None);
        ended
    }

    fn told(&mut self) -> Ended {
        let migration = self.migration;
        migration.tell(State::Begun, &format!("to livekit-server {}", migration.about.to));
        let ended = migration.audit("goes on").and_then(|()| self.ended()).map_err(|failure| self.judged(failure));
        let redactor = secrets_of_the_environment();
        let said = ended.as_ref().err().map(|failure| redactor.text(&failure.message)).unwrap_or_default();
        let state = match &ended {
            Ok(_) if self.journal.position.ended == Some(Ending::New) => State::New,
            Ok(_) => State::Old,
            Err(failure) => match failure.exit {
                Exit::RollbackFailed => State::Stuck,
                Exit::Interrupted => State::Interrupted,
                _ => State::Old,
            },
        };
        let position = &self.journal.position;
        let written = report::write(migration, position, &said);
        let reason = position.back.clone().unwrap_or(said);
        migration.tell(state, if reason.is_empty() { "done" } else { &reason });
        let audited = migration.audit(&format!("{state}"));
        let (file, exit) = match (written, audited) {
            (Ok(file), Ok(())) => (file.display().to_string(), None),
            (Err(failure), _) | (_, Err(failure)) => (format!("not written: {failure}"), Some(failure)),
        };
        let said = format!("{state:<8} {} {}\nreport   {file}\n", migration.about.environment, redactor.text(&reason));
        match (ended, exit.or(print(&said).err())) {
            // All is new, and nobody could read it: that is not done.
            (Ok(Exit::Passed), Some(failure)) if self.journal.position.has_changed() => Err(Failure::new(
                Exit::RollbackFailed,
                format!("all is new and stays, and what shows that was not written: {failure}"),
            )),
            (Ok(Exit::Passed), Some(failure)) => Err(failure),
            (ended, _) => ended,
        }
    }

    /// The statuses from 1 to 6 say that nothing was changed. Where something may have been, and neither way was gone to its
    /// end, that is not so: a full disk after the deploy is one for a person.
    fn judged(&self, failure: Failure) -> Failure {
        let position = &self.journal.position;
        match failure.exit {
            Exit::Interrupted | Exit::RollbackFailed => failure,
            _ if position.has_changed() && position.ended.is_none() => Failure::new(
                Exit::RollbackFailed,
                format!("{failure}; what was changed is as it is now; mend that, and {}", self.advice()),
            ),
            _ => failure,
        }
    }

    fn ended(&mut self) -> Ended {
        let migration = self.migration;
        let interrupt = migration.runtime.block_on(async { crate::interrupt::on_signal() })?;
        while self.journal.position.back.is_none() {
            let Some(step) = self.journal.position.next() else {
                self.journal.end(Ending::New)?;
                return Ok(Exit::Passed);
            };
            self.interrupted(&interrupt)?;
            if let Some(why) = is_skipped(migration, step) {
                say!("  {:<14} NOT DONE: {why}", step.word());
                self.journal.skip(step, &why)?;
                continue;
            }
            self.step(step)?;
        }
        self.back()
    }

    fn advice(&self) -> String {
        let name = &self.migration.given.name;
        format!("`greenlight migrate resume {name}` goes on, `greenlight migrate abort {name}` goes back")
    }

    fn interrupted(&self, interrupt: &CancellationToken) -> Result<(), Failure> {
        let heard = self
            .migration
            .runtime
            .block_on(async { tokio::time::timeout(SIGNAL_MAX, interrupt.cancelled()).await.is_ok() });
        match heard {
            true => Err(Failure::interrupted(format!("interrupted; {}", self.advice()))),
            false => Ok(()),
        }
    }

    /// One step; a red one turns back, or ends it where nothing was changed.
    fn step(&mut self, step: Step) -> Result<(), Failure> {
        let again = self.journal.position.begun.contains(&step);
        if step == Step::Deploy {
            may_deploy(self.migration)?;
        }
        say!("  {:<14} begun", step.word());
        self.journal.begin(step)?;
        let begun = Instant::now();
        let Err(failure) = perform(self.migration, step, again) else {
            let took_ms = elapsed_ms(begun);
            say!("  {:<14} done in {took_ms} ms", step.word());
            return self.journal.done(step, took_ms);
        };
        let failure = failure.during(step);
        say!("  {:<14} FAILED", step.word());
        match failure.exit {
            Exit::Interrupted => Err(Failure::interrupted(format!("{failure}; {}", self.advice()))),
            // Traffic is neither here nor there: nothing may be taken from under it.
            Exit::RollbackFailed => Err(Failure::new(failure.exit, format!("{failure}; {}", self.advice()))),
            _ if self.journal.position.has_changed() => {
                self.journal.turn_back(&failure.message);
                Ok(())
            }
            exit => {
                self.journal.end(Ending::Unchanged)?;
                let said = failure.to_string();
                // A step that says so itself is not made to say it twice.
                let said = said.strip_suffix(UNCHANGED).unwrap_or(&said);
                Err(Failure::new(exit, format!("{said}{UNCHANGED}")))
            }
        }
    }

    fn back(&mut self) -> Ended {
        if !self.journal.position.has_changed() {
            self.journal.end(Ending::Unchanged)?;
            say!("  nothing had been changed");
            return Ok(Exit::Passed);
        }
        say!("  {:<14} begun", "way back");
        let begun = Instant::now();
        let came = back(self.migration, &mut self.journal);
        let components = came.map_err(|failure| {
            let name = &self.migration.given.name;
            let exit = if failure.exit == Exit::Interrupted { failure.exit } else { Exit::RollbackFailed };
            let because = self.journal.position.back.clone().unwrap_or_default();
            Failure::new(
                exit,
                format!(
                    "the way back failed: {failure}; before that: {because}; mend it, and `greenlight migrate resume {name}` tries again"
                ),
            )
        })?;
        let took_ms = elapsed_ms(begun);
        say!("  {:<14} done in {took_ms} ms", "way back");
        for written in [self.journal.is_back(took_ms, components), self.journal.end(Ending::Old)] {
            // All is as it was, written down or not.
            if let Err(failure) = written {
                say!("error: {failure}");
            }
        }
        Ok(Exit::RolledBack)
    }
}

fn elapsed_ms(begun: Instant) -> u64 {
    u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX)
}
