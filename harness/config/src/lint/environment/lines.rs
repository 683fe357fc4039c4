//! Lines that are no assignment, and names that are assigned twice.

use crate::env_file::EnvFile;
use crate::lint::findings::{Findings, words};
use std::collections::BTreeMap;

pub(super) fn check(file: &EnvFile, findings: &mut Findings) {
    for line in file.unreadable() {
        let what =
            "neither `NAME=value` nor a comment: Compose refuses the whole file, other readers pass the line over";
        let fix = "close the quote, or begin the line with `#`";
        // Such a line may hold a secret.
        findings.wrong("env_line_form", line, words("a line that can't be read", what, fix));
    }
    let mut seen = BTreeMap::new();
    for assignment in file.assignments() {
        let before = seen.insert(assignment.name.as_str(), assignment);
        if let Some(before) = before.filter(|before| before.value() != assignment.value()) {
            let what = format!("line {} gives it another value, and only the last one counts", before.line);
            findings.wrong("env_twice", assignment.line, words(&assignment.name, what, "keep one of the two lines"));
        }
    }
}
