//! Help that teaches: every command shows how it is called.

use crate::world::Ended;
use std::process::Command;

fn greenlight(arguments: &[&str]) -> Ended {
    Ended::of(&Command::new(env!("CARGO_BIN_EXE_greenlight")).args(arguments).output().expect("it runs"))
}

/// The names below `Commands:`.
fn commands(help: &str) -> Vec<String> {
    let lines = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let names = lines.take_while(|line| line.starts_with("  ")).filter(|line| !line.starts_with("   "));
    names.filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
}

#[test]
fn every_command_teaches_by_example() {
    let top = greenlight(&["--help"]);
    assert_eq!((top.code, top.said.as_str()), (Some(0), ""), "help is no error and goes to standard output");
    let commands = commands(&top.out);
    for command in [
        "verify",
        "explain",
        "doctor",
        "init",
        "env",
        "validate",
        "rollback",
        "completions",
        "gate",
        "deploy",
        "migrate",
        "watch",
        "report",
        "audit",
        "keygen",
    ] {
        assert!(commands.iter().any(|found| found == command), "no {command} in:\n{}", top.out);
    }
    for command in commands.iter().filter(|command| *command != "help") {
        let help = greenlight(&["help", command]);
        assert_eq!(help.code, Some(0), "{command}");
        let example = help.out.split_once("Example").map(|(_, rest)| rest).unwrap_or_default();
        assert!(example.contains(&format!("greenlight {command}")), "{command} shows no example:\n{}", help.out);
    }
}

#[test]
fn the_version_is_that_of_the_release() {
    let ended = greenlight(&["--version"]);
    assert_eq!((ended.code, ended.out), (Some(0), concat!("greenlight ", env!("CARGO_PKG_VERSION"), "\n").to_owned()));
}
