//! `greenlight completions`, loaded by the shells themselves where they are installed.

use crate::world::Ended;
use std::process::{Command, Stdio};

fn script(shell: &str) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_greenlight")).args(["completions", shell]).output().expect("it runs");
    let ended = Ended::of(&output);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    ended.out
}

/// bash loads it, has registered it, and offers what is asked for.
#[test]
fn bash_completes() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("greenlight.bash"), script("bash")).expect("written");
    let ask = |line: &str| {
        let output =
            Command::new("bash").args(["--norc", "-c", line]).current_dir(folder.path()).output().expect("bash");
        let ended = Ended::of(&output);
        assert!(ended.code == Some(0) && ended.said.is_empty(), "{ended:?}");
        ended.out
    };
    let registered = ask("source ./greenlight.bash; complete -p greenlight");
    assert!(
        registered.starts_with("complete -") && registered.ends_with(" -F _greenlight greenlight\n"),
        "{registered}"
    );
    let offered = |words: &str, at: usize| {
        let mut last = words.split(' ').rev();
        let (now, before) = (last.next().expect("a word"), last.next().expect("a word before"));
        ask(&format!(
            "source ./greenlight.bash; COMP_WORDS=({words}); COMP_CWORD={at}; _greenlight greenlight '{now}' '{before}'; echo \"${{COMPREPLY[*]}}\""
        ))
    };
    assert_eq!(offered("greenlight doc", 1), "doctor\n");
    assert_eq!(offered("greenlight gate --e", 2), "--env\n");
    assert_eq!(offered("greenlight init --ci gi", 3), "github gitlab\n");
}

/// The others are read by their own shell if it is there, and by their shape otherwise.
#[test]
fn other_shells_get_theirs() {
    for (shell, check, begin) in [
        ("zsh", "zsh", "#compdef greenlight\n"),
        ("fish", "fish", "# Print an optspec"),
        ("powershell", "", "\nusing namespace System.Management.Automation\n"),
    ] {
        let script = script(shell);
        assert!(script.starts_with(begin), "{shell}: {}", script.lines().next().unwrap_or_default());
        for command in ["gate", "deploy", "doctor", "init", "verify", "explain", "completions"] {
            assert!(script.contains(command), "{shell} does not know {command}");
        }
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), &script).expect("written");
        // Syntax only. A shell that is not installed can't say anything.
        if !check.is_empty()
            && let Ok(status) = Command::new(check).arg("-n").arg(file.path()).stdin(Stdio::null()).status()
        {
            assert!(status.success(), "{shell} does not read it");
        }
    }
}
