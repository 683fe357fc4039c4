//! The audit log: one line per action, each with the hash of the line before it, so that no line can be changed, taken
//! out or put in without all that follow. A copy of the last hash, kept somewhere else, shows a cut end as well.

use crate::failure::Failure;
use crate::files;
use greenlight_reports::{canonical_json, hex};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fs::{File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;

const FORMAT: u32 = 1;
/// The hash before the first line.
const NOTHING: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Entry {
    format: u32,
    /// 1 for the first.
    pub number: u64,
    /// RFC 3339, UTC.
    pub at: String,
    /// User and machine.
    pub who: String,
    /// The environment.
    pub environment: String,
    /// What was done.
    pub action: String,
    /// How it ended, or what it was done with.
    pub detail: String,
    /// Hash of the line before.
    previous: String,
    /// SHA-256 (hex) of this line's canonical JSON with this field empty.
    sha256: String,
}

impl Entry {
    fn hash(&self) -> Result<String, Failure> {
        let bare = Self { sha256: String::new(), ..self.clone() };
        let text = canonical_json(&bare).map_err(Failure::unknown)?;
        Ok(hex(&Sha256::digest(text)))
    }
}

/// Adds a line and waits until it is on disk. Two processes that do so at the same time wait for each other.
///
/// # Errors
/// When the log can't be written, or what stands in it is not whole: nothing is added to a log that was changed.
pub(crate) fn append(file: &Path, environment: &str, action: &str, detail: &str) -> Result<Entry, Failure> {
    let shown = file.display();
    let failed = |error: std::io::Error| Failure::unknown(format!("cannot write the audit log {shown}: {error}"));
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    let mut log = OpenOptions::new().read(true).append(true).create(true).open(file).map_err(failed)?;
    log.lock().map_err(failed)?;
    let text = read_whole(&mut log).map_err(failed)?;
    let last = check(&text).map_err(|problem| Failure::unknown(format!("{shown}: {problem}")))?;
    let (number, previous) = last.map_or((1, NOTHING.to_owned()), |last| (last.number + 1, last.sha256));
    let mut entry = Entry {
        format: FORMAT,
        number,
        at: crate::clock::timestamp(),
        who: crate::clock::who(),
        environment: environment.to_owned(),
        action: action.to_owned(),
        detail: detail.to_owned(),
        previous,
        sha256: String::new(),
    };
    entry.sha256 = entry.hash()?;
    let mut line = canonical_json(&entry).map_err(Failure::unknown)?;
    line.push('\n');
    log.write_all(line.as_bytes()).and_then(|()| log.sync_all()).map_err(failed)?;
    Ok(entry)
}

/// The lines of a log. A last line without its line feed was being written when the machine went down. One that is whole
/// gets it; one that is torn is taken out, for nothing was done on its ground yet.
fn read_whole(log: &mut File) -> std::io::Result<String> {
    let mut bytes = Vec::new();
    log.seek(SeekFrom::Start(0))?;
    log.read_to_end(&mut bytes)?;
    let end = files::whole_lines(&bytes);
    if serde_json::from_slice::<Entry>(&bytes[end..]).is_ok() {
        log.write_all(b"\n")?;
        bytes.push(b'\n');
    } else if end < bytes.len() {
        bytes.truncate(end);
        log.set_len(end as u64)?;
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Reads a log and says how many lines it has and the hash of the last.
///
/// # Errors
/// Which line is wrong, and how.
pub(crate) fn verify(text: &str) -> Result<(u64, String), String> {
    if !text.is_empty() && !text.ends_with('\n') {
        return Err("the last line is cut: it has no line feed".to_owned());
    }
    check(text).map(|last| last.map_or((0, NOTHING.to_owned()), |last| (last.number, last.sha256)))
}

fn check(text: &str) -> Result<Option<Entry>, String> {
    let mut last: Option<Entry> = None;
    for (index, line) in text.lines().enumerate() {
        let number = index as u64 + 1;
        let entry: Entry = serde_json::from_str(line).map_err(|error| format!("line {number} is no entry: {error}"))?;
        let previous = last.as_ref().map_or(NOTHING, |last| &last.sha256);
        if entry.format != FORMAT {
            return Err(format!("line {number} has format {} and not {FORMAT}", entry.format));
        }
        if entry.number != number || entry.previous != previous {
            return Err(format!("line {number} does not follow the one before: a line was taken out or put in"));
        }
        if entry.hash().map_err(|error| error.message)? != entry.sha256 {
            return Err(format!("line {number} was changed after it was written"));
        }
        last = Some(entry);
    }
    Ok(last)
}

#[cfg(test)]
mod tests {
    use super::{append, verify};
    use sha2::{Digest as _, Sha256};

    fn log_of(lines: usize) -> (tempfile::TempDir, std::path::PathBuf) {
        let folder = tempfile::tempdir().expect("folder");
        let file = folder.path().join("state/audit.jsonl");
        for number in 0..lines {
            append(&file, "staging", "switch", &format!("to green {number}")).expect("appended");
        }
        (folder, file)
    }

    #[test]
    fn every_change_of_a_log_is_seen() {
        let (_folder, file) = log_of(3);
        let text = std::fs::read_to_string(&file).expect("the log");
        let (count, head) = verify(&text).expect("whole");
        assert_eq!(count, 3);
        let lines: Vec<&str> = text.lines().collect();
        let joined = |lines: &[&str]| lines.iter().map(|line| format!("{line}\n")).collect::<String>();
        for (changed, problem) in [
            (text.replace("to green 1", "to green 9"), "line 2 was changed"),
            (joined(&[lines[0], lines[2]]), "line 2 does not follow"),
            (joined(&[lines[1], lines[2]]), "line 1 does not follow"),
            (joined(&[lines[1], lines[0], lines[2]]), "line 1 does not follow"),
            (joined(&[lines[0], lines[0], lines[1], lines[2]]), "line 2 does not follow"),
            (text.replacen("{", "{\"a\":1,", 1), "line 1 is no entry"),
        ] {
            assert!(verify(&changed).expect_err(problem).contains(problem), "{problem}");
        }
        // A cut end is whole in itself: only a copy of the last hash shows it.
        assert_ne!(verify(&joined(&lines[..2])).expect("whole").1, head);
    }

    /// The hash is that of the line without its own value, as any other program can compute it.
    #[test]
    fn the_hash_can_be_computed_by_others() {
        let (_folder, file) = log_of(1);
        let line: serde_json::Value =
            serde_json::from_str(std::fs::read_to_string(&file).expect("log").trim_end()).expect("json");
        let sum = line["sha256"].as_str().expect("text").to_owned();
        let bare = std::fs::read_to_string(&file).expect("log").trim_end().replace(&sum, "");
        let again: String = Sha256::digest(bare).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(again, sum);
    }

    #[test]
    fn nothing_is_added_to_a_log_that_was_changed() {
        let (_folder, file) = log_of(2);
        let text = std::fs::read_to_string(&file).expect("log");
        std::fs::write(&file, text.replace("to green 0", "to green 7")).expect("written");
        let error = append(&file, "staging", "switch", "x").expect_err("changed").message;
        assert!(error.contains("line 1 was changed"), "{error}");
        std::fs::write(&file, format!("{text}{{\"action\":\"sw")).expect("written");
        assert_eq!(append(&file, "staging", "switch", "x").expect("a torn line is no entry").number, 3);
    }
}
