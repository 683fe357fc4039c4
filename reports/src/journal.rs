//! The record of a run while it goes on: the plan first, a line per attempt, a terminal line last.
//!
//! It is what is left when a run is killed. Whoever reads it can tell a whole run from a cut one, and a report is
//! never made from a cut one.

use crate::model::{Attempt, FORMAT, Plan, RunVerdict};
use crate::seal::hex;
use crate::writer::canonical_json;
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;

#[derive(Serialize)]
#[serde(tag = "record", rename_all = "snake_case")]
enum Record<'a> {
    Plan { format: u32, run_id: &'a str, seed: u64, plan: &'a Plan },
    Attempt { id: &'a str, number: usize, attempt: &'a Attempt },
    End { verdict: RunVerdict, report_sha256: &'a str, lines_sha256: String },
}

/// An open journal. Dropped without [`Journal::end`], it stays without its terminal line.
pub struct Journal {
    file: File,
    lines: Sha256,
}

impl Journal {
    /// Writes the plan. Whatever stood in the file before is gone.
    ///
    /// # Errors
    /// When the file can't be created or written.
    pub fn create(path: &Path, run_id: &str, seed: u64, plan: &Plan) -> io::Result<Self> {
        let mut journal = Self { file: File::create(path)?, lines: Sha256::new() };
        journal.write(&Record::Plan { format: FORMAT, run_id, seed, plan })?;
        Ok(journal)
    }

    /// Adds one attempt, numbered from 1. The attempt must be redacted already.
    ///
    /// # Errors
    /// When the file can't be written.
    pub fn attempt(&mut self, id: &str, number: usize, attempt: &Attempt) -> io::Result<()> {
        self.write(&Record::Attempt { id, number, attempt })
    }

    /// Writes the terminal line with the hash of all lines before it, and waits until it is on disk.
    ///
    /// # Errors
    /// When the file can't be written.
    pub fn end(mut self, verdict: RunVerdict, report_sha256: &str) -> io::Result<()> {
        let lines_sha256 = hex(&self.lines.clone().finalize());
        self.write(&Record::End { verdict, report_sha256, lines_sha256 })?;
        self.file.sync_all()
    }

    fn write(&mut self, record: &Record<'_>) -> io::Result<()> {
        let mut line = canonical_json(record)?;
        line.push('\n');
        self.lines.update(&line);
        self.file.write_all(line.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::Journal;
    use crate::seal::tests::passed;
    use crate::{Plan, RunVerdict};
    use sha2::{Digest, Sha256};

    #[test]
    fn the_plan_comes_first_and_the_end_seals_all_lines() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("run.jsonl");
        let plan = Plan::new(vec!["a.b".into()]);
        let mut journal = Journal::create(&path, "k3f9", 7, &plan).expect("create");
        let opening = std::fs::read_to_string(&path).expect("read");
        assert!(opening.contains("\"record\":\"plan\"") && opening.contains("\"a.b\""), "{opening}");
        journal.attempt("a.b", 1, &passed("a.b").attempts[0]).expect("attempt");
        journal.end(RunVerdict::Passed, "00").expect("end");

        let text = std::fs::read_to_string(&path).expect("read");
        let (before, last) = text.trim_end().rsplit_once('\n').expect("three lines");
        let sum = super::hex(&Sha256::digest(format!("{before}\n")));
        assert_eq!(text.lines().count(), 3);
        assert!(last.contains("\"record\":\"end\"") && last.contains(&sum), "{last}");
    }

    #[test]
    fn a_journal_holds_this_run_only_and_names_its_end() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("run.jsonl");
        std::fs::write(&path, "an earlier run\n").expect("written");
        let mut journal = Journal::create(&path, "k3f9", 7, &Plan::new(vec!["a.b".into()])).expect("create");
        journal.attempt("a.b", 2, &passed("a.b").attempts[0]).expect("attempt");
        journal.end(RunVerdict::Failed, "abcd").expect("end");
        let text = std::fs::read_to_string(&path).expect("read");
        let lines: Vec<serde_json::Value> =
            text.lines().map(|line| serde_json::from_str(line).expect("json")).collect();
        assert_eq!((&lines[0]["record"], &lines[0]["seed"]), (&"plan".into(), &7.into()));
        assert_eq!((&lines[1]["id"], &lines[1]["number"]), (&"a.b".into(), &2.into()));
        assert_eq!((&lines[2]["verdict"], &lines[2]["report_sha256"]), (&"failed".into(), &"abcd".into()));
    }
}
