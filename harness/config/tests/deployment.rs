//! The corpus of deployment.yaml: each broken file is refused with the line and the fix that its comments name, each healthy
//! one is read.

#![expect(clippy::expect_used, reason = "a test ends where it can not go on")]

use std::fs;
use std::path::{Path, PathBuf};

use greenlight_config::Deployment;
use greenlight_config::lint::kind_of;

fn files(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(folder);
    let entries = fs::read_dir(folder).expect("the corpus").map(|entry| entry.expect("an entry").path());
    let mut files: Vec<PathBuf> = entries.filter(|path| path.is_file()).collect();
    files.sort();
    files
}

/// What stands behind a word of the file's first lines.
fn told<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    text.lines().take(3).find_map(|line| line.strip_prefix("# ")?.strip_prefix(word))
}

#[test]
fn each_broken_file_is_refused_with_line_and_fix() {
    let files = files("deployment");
    let mut wrong = Vec::new();
    for file in &files {
        let text = fs::read_to_string(file).expect("text");
        let line = told(&text, "expect line=").expect("a line");
        let fix = told(&text, "fix: ").expect("a fix");
        let name = file.file_name().expect("a name").to_string_lossy();
        match Deployment::parse(&name, &text).map_err(|error| error.to_string()) {
            Ok(_) => wrong.push(format!("{name}: it is read")),
            // One problem, at its line: a second would have a line of its own.
            Err(error) => {
                let at_line = [format!(": line {line}: "), format!(": line {line} column ")];
                let once = error.matches("\nline ").count() == 0;
                if !(once && at_line.iter().any(|at| error.contains(at)) && error.contains(fix)) {
                    wrong.push(format!("{name}: expected line {line} and {fix:?}: {error}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(files.len() >= 12, "{} files", files.len());
}

#[test]
fn healthy_files_are_read() {
    let files = files("deployment/healthy");
    for file in &files {
        let text = fs::read_to_string(file).expect("text");
        let read = Deployment::parse("deployment.yaml", &text).map(|read| read.environments.len());
        assert!(read.is_ok_and(|environments| environments > 0), "{}", file.display());
        assert_eq!(kind_of(Path::new("deployment.yaml"), &text), None, "{}", file.display());
    }
    assert!(files.len() >= 3, "{} files", files.len());
}
