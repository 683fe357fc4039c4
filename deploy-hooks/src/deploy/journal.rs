//! The journal of a deploy: a line before and a line after every phase, each on disk before anything else happens. After a
//! crash it says what was done, what may have been done, and what was not.

use super::phase::{BACK, Colour, FORWARD, Phase, word_of};
use crate::clock::timestamp;
use crate::failure::Failure;
use crate::files::whole_lines;
use serde::{Deserialize, Serialize};
use std::fs::{File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

const FORMAT: u32 = 1;

/// What a deploy is about; it does not change while it is under way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Plan {
    /// Short and random.
    pub id: String,
    /// The environment.
    pub environment: String,
    /// Who has the traffic before; nobody at the first deploy.
    pub from: Option<Colour>,
    /// Who is to have it.
    pub to: Colour,
    /// What the gate has let through, as a driver prints it: `image_id sha256:…`.
    pub expected: Vec<String>,
    /// The report that it was asked about, if not the environment's own.
    pub report: Option<PathBuf>,
    /// Whether both colours are there and stay, and only the traffic moves.
    pub switch_only: bool,
}

impl Plan {
    /// From whom to whom.
    pub(crate) fn way(&self) -> String {
        format!("{} -> {}", word_of(self.from), self.to)
    }
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "record", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Record {
    /// The first.
    Plan {
        /// Version of the journal.
        format: u32,
        /// When, RFC 3339.
        at: String,
        /// What it is about.
        plan: Plan,
    },
    /// A phase is about to be done.
    Begun {
        /// When.
        at: String,
        /// Which.
        phase: Phase,
    },
    /// It is done.
    Done {
        /// When.
        at: String,
        /// Which.
        phase: Phase,
    },
    /// From here on the way leads back.
    TurnedBack {
        /// When.
        at: String,
        /// Why.
        reason: String,
    },
    /// The last.
    Ended {
        /// When.
        at: String,
        /// How.
        result: Ending,
    },
}

/// How a deploy ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Ending {
    /// The new colour has the traffic, and the old one is gone.
    New,
    /// The old colour has the traffic, and the new one is gone.
    Old,
    /// A person is needed: neither of the two.
    Stuck,
}

/// What a journal says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Position {
    /// What it is about.
    pub plan: Plan,
    /// Why the way leads back, if it does.
    pub back: Option<String>,
    /// Phases that are done.
    pub done: Vec<Phase>,
    /// Phases that were begun, done or not.
    pub begun: Vec<Phase>,
    /// How it ended, if it did.
    pub ended: Option<Ending>,
}

impl Position {
    /// At the beginning.
    pub(crate) fn of(plan: Plan) -> Self {
        Self { plan, back: None, done: vec![], begun: vec![], ended: None }
    }

    /// The first phase of the way it is on that is not done.
    pub(crate) fn next(&self) -> Option<Phase> {
        let way: &[Phase] = match (self.back.is_some(), self.plan.switch_only) {
            (false, false) => &FORWARD,
            (false, true) => &[Phase::Gate, Phase::Identify, Phase::Verify, Phase::Switch],
            (true, false) => &BACK,
            (true, true) => &[Phase::SwitchBack, Phase::VerifyBack],
        };
        way.iter().copied().find(|phase| !self.done.contains(phase))
    }

    /// Whether traffic may have moved.
    pub(crate) fn may_have_switched(&self) -> bool {
        self.begun.contains(&Phase::Switch)
    }

    /// Whether the new colour may exist.
    pub(crate) fn may_have_started(&self) -> bool {
        self.begun.contains(&Phase::Start)
    }

    /// Whether the old colour may have begun to end: then there is no way back.
    pub(crate) fn is_past_return(&self) -> bool {
        self.begun.contains(&Phase::Drain)
    }
}

/// An open journal.
pub(crate) struct Journal {
    file: File,
}

impl Journal {
    /// Begins one. The one before, if there was one, must have ended; it is replaced.
    ///
    /// # Errors
    /// When it can't be written.
    pub(crate) fn create(path: &Path, plan: &Plan) -> Result<Self, Failure> {
        let failed =
            |error: std::io::Error| Failure::unknown(format!("cannot write the journal {}: {error}", path.display()));
        // Beside it first: a crash in the middle leaves the ended one.
        let beside = path.with_extension("jsonl.new");
        let mut journal = Self { file: File::create(&beside).map_err(failed)? };
        journal.write(&Record::Plan { format: FORMAT, at: timestamp(), plan: plan.clone() })?;
        std::fs::rename(&beside, path).map_err(failed)?;
        // The new name itself must survive as well.
        if let Some(folder) = path.parent() {
            File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)?;
        }
        Ok(journal)
    }

    /// Opens one to go on, and says where it is. `None` when there is none. A torn last line is taken out: what it was to
    /// say had not been done yet, or is done again.
    ///
    /// # Errors
    /// When it can't be read, or is none.
    pub(crate) fn open(path: &Path) -> Result<Option<(Self, Position)>, Failure> {
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
        let position = position_of(path, &bytes[..end])?;
        Ok(Some((Self { file }, position)))
    }

    /// Before a phase.
    ///
    /// # Errors
    /// When it can't be written.
    pub(crate) fn begin(&mut self, phase: Phase) -> Result<(), Failure> {
        self.write(&Record::Begun { at: timestamp(), phase })
    }

    /// After it.
    ///
    /// # Errors
    /// When it can't be written.
    pub(crate) fn done(&mut self, phase: Phase) -> Result<(), Failure> {
        self.write(&Record::Done { at: timestamp(), phase })
    }

    /// The way leads back.
    ///
    /// # Errors
    /// When it can't be written.
    pub(crate) fn turn_back(&mut self, reason: &str) -> Result<(), Failure> {
        self.write(&Record::TurnedBack { at: timestamp(), reason: reason.to_owned() })
    }

    /// The end.
    ///
    /// # Errors
    /// When it can't be written.
    pub(crate) fn end(&mut self, result: Ending) -> Result<(), Failure> {
        self.write(&Record::Ended { at: timestamp(), result })
    }

    fn write(&mut self, record: &Record) -> Result<(), Failure> {
        let mut line = serde_json::to_string(record).map_err(Failure::unknown)?;
        line.push('\n');
        let written = self.file.write_all(line.as_bytes()).and_then(|()| self.file.sync_all());
        written.map_err(|error| Failure::unknown(format!("cannot write the journal: {error}")))
    }
}

/// Where a deploy is, without touching its journal; `None` when there is none.
///
/// # Errors
/// When it can't be read, or is none.
pub(crate) fn look(path: &Path) -> Result<Option<Position>, Failure> {
    let shown = path.display();
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Failure::unknown(format!("cannot read the journal {shown}: {error}"))),
    };
    position_of(path, &bytes[..whole_lines(&bytes)]).map(Some)
}

fn position_of(path: &Path, lines: &[u8]) -> Result<Position, Failure> {
    read(&String::from_utf8_lossy(lines))
        .map_err(|problem| Failure::unknown(format!("the journal {}: {problem}", path.display())))
}

/// Where a journal's lines lead.
///
/// # Errors
/// Which line is wrong.
fn read(text: &str) -> Result<Position, String> {
    let mut lines = text.lines().enumerate().map(|(index, line)| {
        serde_json::from_str::<Record>(line)
            .map_err(|error| format!("line {} is none of a journal: {error}", index + 1))
    });
    let Some(Record::Plan { format, plan, .. }) = lines.next().transpose()? else {
        return Err("it does not begin with a plan".to_owned());
    };
    if format != FORMAT {
        return Err(format!("it has format {format} and not {FORMAT}; finish it with the version that began it"));
    }
    let mut position = Position::of(plan);
    for record in lines {
        match record? {
            Record::Plan { .. } => return Err("it has two plans".to_owned()),
            Record::Begun { phase, .. } => position.begun.push(phase),
            Record::Done { phase, .. } => position.done.push(phase),
            Record::TurnedBack { reason, .. } => position.back = Some(reason),
            Record::Ended { result, .. } => position.ended = Some(result),
        }
    }
    Ok(position)
}
