//! The journal of a migration: a line before and a line after every step, each on disk before anything else happens.

use super::step::{STEPS, Step};
use crate::clock::timestamp;
use crate::failure::Failure;
use crate::files::whole_lines;
use serde::{Deserialize, Serialize};
use std::fs::{File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;

const FORMAT: u32 = 1;

/// What a migration is about; it does not change while it is under way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct About {
    /// Short and random.
    pub(super) id: String,
    /// The environment.
    pub(super) environment: String,
    /// The version to move to.
    pub(super) to: String,
    /// The id under which it will deploy.
    pub(super) deploy: String,
    /// The last deploy before it: one that is neither is somebody else's.
    pub(super) deploy_before: Option<String>,
    /// Somebody has said that what is written to the database may be lost on the way back.
    pub(super) may_lose: bool,
}

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Ending {
    /// All new.
    New,
    /// All old, and seen to work.
    Old,
    /// Nothing was changed.
    Unchanged,
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "record", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Record {
    /// The first.
    About {
        /// Version of the journal.
        format: u32,
        /// When, RFC 3339.
        at: String,
        /// What it is about.
        about: About,
    },
    /// A step is about to be done.
    Begun {
        /// When.
        at: String,
        /// Which.
        step: Step,
    },
    /// It is done.
    Done {
        /// When.
        at: String,
        /// Which.
        step: Step,
        /// How long it took.
        took_ms: u64,
    },
    /// It was not done.
    Skipped {
        /// When.
        at: String,
        /// Which.
        step: Step,
        /// Why.
        why: String,
    },
    /// From here on the way leads back.
    TurnedBack {
        /// When.
        at: String,
        /// Why.
        reason: String,
    },
    /// The point comes back from here on. What is deployed now, the way back deploys.
    Returning {
        /// When.
        at: String,
        /// Whether the migration's own deploy had come through.
        came: bool,
    },
    /// It led back to where it began.
    Back {
        /// When.
        at: String,
        /// How long that took.
        took_ms: u64,
        /// Which components of the point came back.
        components: Vec<String>,
    },
    /// The last.
    Ended {
        /// When.
        at: String,
        /// How.
        result: Ending,
    },
}

/// What a journal says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Position {
    /// What it is about.
    pub(super) about: About,
    /// When it began.
    pub(super) since: String,
    /// Steps that were begun, done or not.
    pub(super) begun: Vec<Step>,
    /// Steps that are done, and how long they took.
    pub(super) done: Vec<(Step, u64)>,
    /// Steps that were not done, and why.
    pub(super) skipped: Vec<(Step, String)>,
    /// Why the way leads back, if it does.
    pub(super) back: Option<String>,
    /// Once the point comes back: whether the migration's own deploy had come through.
    pub(super) returning: Option<bool>,
    /// How long the way back took, and which components came back.
    pub(super) came_back: Option<(u64, Vec<String>)>,
    /// How it ended, if it did.
    pub(super) ended: Option<Ending>,
}

impl Position {
    fn of(about: About, since: String) -> Self {
        let (begun, done, skipped) = (vec![], vec![], vec![]);
        Self { about, since, begun, done, skipped, back: None, returning: None, came_back: None, ended: None }
    }

    /// The first step that is neither done nor skipped.
    pub(super) fn next(&self) -> Option<Step> {
        let is_over = |step: Step| {
            self.done.iter().any(|(done, _)| *done == step) || self.skipped.iter().any(|(one, _)| *one == step)
        };
        STEPS.into_iter().find(|step| !is_over(*step))
    }

    /// Whether anything that serves may have been changed.
    pub(super) fn has_changed(&self) -> bool {
        self.begun.iter().any(|step| step.changes())
    }

    fn take(&mut self, record: Record) -> Result<(), String> {
        match record {
            Record::About { .. } => return Err("it begins twice".to_owned()),
            Record::Begun { step, .. } => self.begun.push(step),
            Record::Done { step, took_ms, .. } => self.done.push((step, took_ms)),
            Record::Skipped { step, why, .. } => self.skipped.push((step, why)),
            Record::TurnedBack { reason, .. } => self.back = Some(reason),
            Record::Returning { came, .. } => self.returning = Some(came),
            Record::Back { took_ms, components, .. } => self.came_back = Some((took_ms, components)),
            Record::Ended { result, .. } => self.ended = Some(result),
        }
        Ok(())
    }
}

/// An open journal, and where it is.
pub(super) struct Journal {
    file: File,
    /// Bytes of whole lines.
    bytes: u64,
    pub(super) position: Position,
}

impl Journal {
    /// Begins one. The one before, if there was one, must have ended; it is replaced.
    ///
    /// # Errors
    /// When it can't be written.
    pub(super) fn create(path: &Path, about: &About) -> Result<Self, Failure> {
        let failed =
            |error: std::io::Error| Failure::unknown(format!("cannot write the journal {}: {error}", path.display()));
        // Beside it first: a crash in the middle leaves the ended one.
        let beside = path.with_extension("jsonl.new");
        let at = timestamp();
        let position = Position::of(about.clone(), at.clone());
        let mut journal = Self { file: File::create(&beside).map_err(failed)?, bytes: 0, position };
        journal.write(&Record::About { format: FORMAT, at, about: about.clone() })?;
        std::fs::rename(&beside, path).map_err(failed)?;
        if let Some(folder) = path.parent() {
            File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)?;
        }
        Ok(journal)
    }

    /// Opens one to go on. `None` when there is none. A torn last line is taken out: what it was to say had not been done
    /// yet, or is done again.
    ///
    /// # Errors
    /// When it can't be read, or is none.
    pub(super) fn open(path: &Path) -> Result<Option<Self>, Failure> {
        let shown = path.display();
        let failed = |error: std::io::Error| Failure::unknown(format!("cannot read the journal {shown}: {error}"));
        let mut file = match OpenOptions::new().read(true).append(true).open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(error)),
        };
        let mut bytes = Vec::new();
        file.seek(SeekFrom::Start(0)).map_err(failed)?;
        file.read_to_end(&mut bytes).map_err(failed)?;
        let end = whole_lines(&bytes);
        file.set_len(end as u64).map_err(failed)?;
        let position = read(&String::from_utf8_lossy(&bytes[..end]))
            .map_err(|problem| Failure::unknown(format!("the journal {shown}: {problem}")))?;
        Ok(Some(Self { file, bytes: end as u64, position }))
    }

    /// Before a step.
    ///
    /// # Errors
    /// When it can't be written.
    pub(super) fn begin(&mut self, step: Step) -> Result<(), Failure> {
        self.add(Record::Begun { at: timestamp(), step })
    }

    /// After it.
    ///
    /// # Errors
    /// When it can't be written.
    pub(super) fn done(&mut self, step: Step, took_ms: u64) -> Result<(), Failure> {
        self.add(Record::Done { at: timestamp(), step, took_ms })
    }

    /// Instead of it.
    ///
    /// # Errors
    /// When it can't be written.
    pub(super) fn skip(&mut self, step: Step, why: &str) -> Result<(), Failure> {
        self.add(Record::Skipped { at: timestamp(), step, why: why.to_owned() })
    }

    /// The way leads back, whether that can be written down or not.
    pub(super) fn turn_back(&mut self, reason: &str) {
        if let Err(failure) = self.add(Record::TurnedBack { at: timestamp(), reason: reason.to_owned() }) {
            say!("error: {failure}");
            self.position.back = Some(reason.to_owned());
        }
    }

    /// The point comes back, whether that can be written down or not.
    pub(super) fn returning(&mut self, came: bool) {
        if let Err(failure) = self.add(Record::Returning { at: timestamp(), came }) {
            say!("error: {failure}");
            self.position.returning = Some(came);
        }
    }

    /// All is as it was.
    ///
    /// # Errors
    /// When it can't be written.
    pub(super) fn is_back(&mut self, took_ms: u64, components: Vec<String>) -> Result<(), Failure> {
        self.add(Record::Back { at: timestamp(), took_ms, components })
    }

    /// The end.
    ///
    /// # Errors
    /// When it can't be written.
    pub(super) fn end(&mut self, result: Ending) -> Result<(), Failure> {
        self.add(Record::Ended { at: timestamp(), result })
    }

    fn add(&mut self, record: Record) -> Result<(), Failure> {
        self.write(&record)?;
        self.position.take(record).map_err(Failure::unknown)
    }

    fn write(&mut self, record: &Record) -> Result<(), Failure> {
        let mut line = serde_json::to_string(record).map_err(Failure::unknown)?;
        line.push('\n');
        match self.file.write_all(line.as_bytes()).and_then(|()| self.file.sync_all()) {
            Ok(()) => {
                self.bytes += line.len() as u64;
                Ok(())
            }
            Err(error) => {
                // What there was room for of it must not become the beginning of the next line.
                let _ = self.file.set_len(self.bytes).and_then(|()| self.file.seek(SeekFrom::Start(self.bytes)));
                Err(Failure::unknown(format!("cannot write the journal: {error}")))
            }
        }
    }
}

/// Where a journal's lines lead.
fn read(text: &str) -> Result<Position, String> {
    let mut lines = text.lines().enumerate().map(|(index, line)| {
        serde_json::from_str::<Record>(line)
            .map_err(|error| format!("line {} is none of a journal: {error}", index + 1))
    });
    let Some(Record::About { format, about, at }) = lines.next().transpose()? else {
        return Err("it does not say what it is about".to_owned());
    };
    if format != FORMAT {
        return Err(format!("it has format {format} and not {FORMAT}; finish it with the version that began it"));
    }
    let mut position = Position::of(about, at);
    lines.try_for_each(|record| position.take(record?))?;
    Ok(position)
}

#[cfg(test)]
mod tests {
    use super::{About, Ending, Journal, Step};

    #[test]
    fn a_torn_line_is_one_that_was_not_written() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("journal.jsonl");
        let [id, environment, to, deploy] = ["k3f9a", "staging", "1.13.5", "m2p4x"].map(str::to_owned);
        let about = About { id, environment, to, deploy, deploy_before: None, may_lose: false };
        let mut journal = Journal::create(&path, &about).expect("begun");
        journal.begin(Step::Prerequisites).and_then(|()| journal.done(Step::Prerequisites, 7)).expect("written");
        journal.begin(Step::Plan).expect("written");
        let text = std::fs::read_to_string(&path).expect("read");
        std::fs::write(&path, format!("{text}{{\"record\":\"done\",\"at\":\"20")).expect("torn");
        let mut again = Journal::open(&path).expect("read").expect("there");
        assert_eq!((again.position.next(), again.position.begun.len()), (Some(Step::Plan), 2));
        assert!(!again.position.has_changed() && again.position.ended.is_none());
        again.skip(Step::Plan, "because").and_then(|()| again.begin(Step::Configuration)).expect("written");
        again.end(Ending::Old).expect("written");
        let position = Journal::open(&path).expect("read").expect("there").position;
        assert!(position.has_changed() && position.ended == Some(Ending::Old), "{position:?}");
        assert_eq!(position.next(), Some(Step::Gate));
    }
}
