//! `greenlight verify` and `greenlight explain` with a stand-in for greenlight-verify, which says how it was called.

use crate::bin::{Bin, VERSION};
use crate::world::Ended;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};

/// What a program is told by its caller, one thing a line.
fn stand_in(version: &str) -> String {
    format!(
        r#"#!/bin/sh
[ "$*" = --version ] && {{ echo "{version}"; exit 0; }}
for argument in "$@"; do echo "<$argument>"; done
echo "secret $LIVEKIT_API_SECRET" >&2
if [ "$1" = --wait ]; then trap 'echo removed; exit 130' INT; echo waiting; while :; do timeout 60 tail -f /dev/null & wait $!; done; fi
cat
exit 3
"#
    )
}

#[test]
fn arguments_streams_and_status_go_through() {
    let bin = Bin::beside(&stand_in(VERSION));
    let mut command = bin.command(&["verify", "--tag", "smoke", "-o", "short", "", "a b", "--", "--version"]);
    command.env("LIVEKIT_API_SECRET", "of-the-shell").stdin(Stdio::piped());
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it runs");
    child.stdin.take().expect("stdin").write_all(b"given on standard input\n").expect("written");
    let ended = Ended::of(&child.wait_with_output().expect("ended"));
    assert_eq!(ended.code, Some(3));
    assert_eq!(ended.out, "<--tag>\n<smoke>\n<-o>\n<short>\n<>\n<a b>\n<-->\n<--version>\ngiven on standard input\n");
    // The last line, with the reason of the status, is greenlight-verify's, and stands there once.
    assert_eq!(ended.said, "secret of-the-shell\n");
}

#[test]
fn help_is_that_of_greenlight_verify_and_explain_asks_it() {
    let bin = Bin::beside(&stand_in(VERSION));
    assert_eq!(bin.run(&["verify", "--help"]).out, "<--help>\n");
    assert_eq!(bin.run(&["explain", "auth.no_token_refused"]).out, "<--explain=auth.no_token_refused>\n");
    let help = bin.run(&["help", "verify"]);
    assert!(help.code == Some(0) && help.out.contains("greenlight verify --tag smoke"), "{help:?}");
}

/// `ps` shows arguments to everybody.
#[test]
fn a_secret_goes_on_in_the_environment() {
    let bin = Bin::beside(&stand_in(VERSION));
    let ended = bin.run(&["verify", "--url", "ws://127.0.0.1:1", "--api-secret", "s3cr3t", "--list"]);
    assert_eq!(ended.out, "<--url>\n<ws://127.0.0.1:1>\n<--list>\n");
    assert_eq!(ended.said, "secret s3cr3t\n");
}

#[test]
fn ctrl_c_reaches_it_and_its_removal_is_waited_for() {
    let bin = Bin::beside(&stand_in(VERSION));
    let mut command = bin.command(&["verify", "--wait"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it runs");
    let mut lines = BufReader::new(child.stdout.take().expect("stdout")).lines();
    let mut line = || lines.next().expect("a line").expect("text");
    assert_eq!((line(), line()), ("<--wait>".to_owned(), "waiting".to_owned()));
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill").success());
    assert_eq!(line(), "removed");
    assert_eq!(child.wait().expect("ended").code(), Some(130));
}

#[test]
fn another_version_and_none_are_refused() {
    let other = Bin::beside(&stand_in("greenlight-verify 0.0.1"));
    for arguments in [&["verify", "--list"][..], &["explain", "api.a"]] {
        let ended = other.run(arguments);
        assert_eq!((ended.code, ended.out.as_str()), (Some(2), ""), "{ended:?}");
        let said = format!(
            "error: {} is \"greenlight-verify 0.0.1\" and must be {VERSION:?}; install both from one release\nexit 2: usage or configuration error\n",
            other.path("greenlight-verify").display()
        );
        assert_eq!(ended.said, said);
    }
    let none = Bin::alone().run(&["verify"]);
    assert!(none.code == Some(2) && none.said.contains("it must lie beside greenlight"), "{none:?}");
}
