//! `greenlight watch` with a stand-in for greenlight-verify beside it.

use crate::sinks::{Answers, HttpSink};
use crate::world::{Ended, World, report};
use greenlight_reports::{Outcome, json};
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Leaves the report that lies in `next`, if one does, and ends with the status in `status`.
const STAND_IN: &str = r#"#!/bin/sh
set -eu
here=$(dirname "$0")
echo "$*" >> "$here/called"
case "$*" in
  --version) cat "$here/version"; exit 0 ;;
  *--list*) cat "$here/list"; exit 0 ;;
esac
while [ $# -gt 0 ]; do [ "$1" = --out ] && out=$2; shift; done
if [ -e "$here/hang" ]; then
  trap 'echo removed > "$here/removed"; exit 130' TERM
  echo hanging >&2
  while :; do timeout 60 tail -f /dev/null & wait $!; done
fi
[ -e "$here/next" ] && cp "$here/next" "$out/report.json"
exit "$(cat "$here/status")"
"#;

struct Watched {
    world: World,
    bin: tempfile::TempDir,
    hook: HttpSink,
}

impl Watched {
    fn new() -> Self {
        let world = World::new();
        let hook = HttpSink::start(Answers::With(200));
        let text = world.read("deployment.yaml");
        let sink = format!("notifications:\n  - webhook: {{url: '{}', secret_env: HOOK_SECRET}}\n", hook.url("/"));
        world.put("deployment.yaml", &format!("{text}{sink}"));
        // On the same file system as the binary, so that a second name is enough.
        let bin = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
        fs::hard_link(env!("CARGO_BIN_EXE_greenlight"), bin.path().join("greenlight")).expect("linked");
        let watched = Self { world, bin, hook };
        watched.put("version", concat!("greenlight-verify ", env!("CARGO_PKG_VERSION"), "\n"));
        watched.put("list", r#"[{"id": "api.a", "safe": true, "tags": ["smoke"]}]"#);
        watched.put("greenlight-verify", STAND_IN);
        let executable = fs::Permissions::from_mode(0o755);
        fs::set_permissions(watched.file("greenlight-verify"), executable).expect("executable");
        watched.next(Some(Outcome::Passed), 0);
        watched
    }

    fn file(&self, name: &str) -> PathBuf {
        self.bin.path().join(name)
    }

    fn put(&self, name: &str, text: &str) {
        fs::write(self.file(name), text).expect("written");
    }

    /// What the next run is like.
    fn next(&self, outcome: Option<Outcome>, status: u8) {
        let _ = fs::remove_file(self.file("next"));
        if let Some(outcome) = outcome {
            fs::write(self.file("next"), json(&report(0, outcome)).expect("json")).expect("written");
        }
        self.put("status", &status.to_string());
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.file("greenlight"));
        command.args(["watch", "--env", "staging", "--config"]).arg(self.world.path("deployment.yaml"));
        command.args(arguments).env("HOOK_SECRET", "hook-key-canary");
        command
    }

    fn once(&self) -> Ended {
        let textfile = self.textfile();
        let textfile = textfile.to_str().expect("text");
        Ended::of(&self.command(&["--once", "--textfile", textfile]).output().expect("it runs"))
    }

    fn textfile(&self) -> PathBuf {
        self.world.path("greenlight.prom")
    }

    fn told(&self) -> Vec<String> {
        let notices = self.hook.got();
        let state = |body: &str| serde_json::from_str::<serde_json::Value>(body).expect("json")["state"].to_string();
        notices.iter().map(|got| state(&got.body).trim_matches('"').to_owned()).collect()
    }
}

#[test]
fn only_a_change_of_the_verdict_is_told() {
    let watched = Watched::new();
    assert_eq!(watched.once().code, Some(0));
    assert_eq!(watched.told(), [""; 0], "a first pass is no change");
    watched.next(Some(Outcome::Failed), 1);
    assert_eq!(watched.once().code, Some(1));
    assert_eq!(watched.once().code, Some(1));
    assert_eq!(watched.told(), ["failing"], "twice the same is told once, by two processes as well");
    let notice: serde_json::Value = serde_json::from_str(&watched.hook.got()[0].body).expect("json");
    assert_eq!(notice["summary"], "0 passed, 1 failed; failed api.a: a call was refused");
    assert_eq!((&notice["what"], &notice["id"]), (&"watch smoke".into(), &"k3f9a".into()));
    // The receiver is down while it passes again: it is told later, once.
    watched.hook.answer(Answers::With(403));
    watched.next(Some(Outcome::Passed), 0);
    assert_eq!(watched.once().code, Some(0));
    watched.hook.answer(Answers::With(200));
    assert_eq!(watched.once().code, Some(0));
    assert_eq!(watched.once().code, Some(0));
    assert_eq!(watched.told(), ["failing", "passing", "passing"]);
    let called = fs::read_to_string(watched.file("called")).expect("called");
    let run = called.lines().last().expect("a run");
    assert!(run.starts_with("--tag smoke --out ") && run.ends_with("/state/staging/watch"), "{run}");
}

/// None of these is a pass, whatever lies around of the run before.
#[test]
fn without_a_whole_report_of_this_run_nothing_is_known() {
    let watched = Watched::new();
    assert_eq!(watched.once().code, Some(0));
    watched.next(None, 0);
    let ended = watched.once();
    assert_eq!(ended.code, Some(3), "{ended:?}");
    assert!(
        ended.out.contains("UNKNOWN   greenlight-verify ended with status 0: there is no whole report"),
        "{ended:?}"
    );
    assert_eq!(watched.told(), ["unknown"]);
    let text = fs::read_to_string(watched.textfile()).expect("figures");
    assert!(text.contains("greenlight_up{environment=\"staging\",tags=\"smoke\"} 0\n"), "{text}");
    assert!(!text.contains("greenlight_checks{"), "{text}");
    watched.next(Some(Outcome::Passed), 6);
    assert!(watched.once().out.contains("ended with status 6: its report says Passed"));
    watched.next(Some(Outcome::Passed), 0);
    let cut = fs::read_to_string(watched.file("next")).expect("a report").replace("\"passed\":1", "\"passed\":2");
    let cut = if cut.contains("\"passed\":2") { cut } else { cut.replace("\"passed\": 1", "\"passed\": 2") };
    watched.put("next", &cut);
    assert!(watched.once().out.contains("there is no whole report"), "an edited report");
    watched.put("next", "{\"format\":3");
    assert!(watched.once().out.contains("there is no whole report"), "a cut report");
    assert_eq!(watched.told(), ["unknown"]);
    watched.next(Some(Outcome::Passed), 0);
    assert_eq!(watched.once().code, Some(0));
    assert_eq!(watched.told(), ["unknown", "passing"]);
}

#[test]
fn figures_for_prometheus_are_those_of_the_run() {
    let watched = Watched::new();
    watched.next(Some(Outcome::Failed), 1);
    assert_eq!(watched.once().code, Some(1));
    let text = fs::read_to_string(watched.textfile()).expect("figures");
    for line in [
        "# TYPE greenlight_up gauge",
        "greenlight_up{environment=\"staging\",tags=\"smoke\"} 0",
        "greenlight_checks{environment=\"staging\",tags=\"smoke\",outcome=\"passed\"} 0",
        "greenlight_checks{environment=\"staging\",tags=\"smoke\",outcome=\"failed\"} 1",
    ] {
        assert!(text.lines().any(|found| found == line), "no {line} in:\n{text}");
    }
    watched.next(Some(Outcome::Passed), 0);
    assert_eq!(watched.once().code, Some(0));
    let text = fs::read_to_string(watched.textfile()).expect("figures");
    assert!(text.contains("greenlight_up{environment=\"staging\",tags=\"smoke\"} 1\n"), "{text}");
    let left: Vec<_> =
        fs::read_dir(watched.world.path(".")).expect("listed").flatten().map(|e| e.file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().starts_with(".greenlight.prom")), "{left:?}");
}

#[test]
fn what_can_not_be_watched_is_a_usage_error() {
    let watched = Watched::new();
    let ended = |arguments: &[&str]| Ended::of(&watched.command(arguments).output().expect("it runs"));
    for (arguments, words) in [
        (&["--every", "5s"][..], "at least 10s"),
        (&["--once", "--", "--plant", "redis_stopped"], "--plant can't be given"),
        (&["--once", "--", "--out=/tmp"], "--out=/tmp can't be given"),
    ] {
        let ended = ended(arguments);
        assert_eq!(ended.code, Some(2), "{arguments:?}: {ended:?}");
        assert!(ended.said.contains(words), "{arguments:?}: {}", ended.said);
    }
    watched.put("list", r#"[{"id": "api.a", "safe": true}, {"id": "failover.node", "safe": false}]"#);
    let unsafe_one = ended(&["--once"]);
    assert!(
        unsafe_one.code == Some(2) && unsafe_one.said.contains("not for watching: failover.node"),
        "{unsafe_one:?}"
    );
    watched.put("list", "[]");
    assert_eq!(ended(&["--once"]).code, Some(4));
    watched.put("version", "greenlight-verify 0.0.1\n");
    let other = ended(&["--once"]);
    assert!(other.code == Some(2) && other.said.contains("install both from one release"), "{other:?}");
    fs::remove_file(watched.file("greenlight-verify")).expect("removed");
    let none = ended(&["--once"]);
    assert!(none.code == Some(2) && none.said.contains("it must lie beside greenlight"), "{none:?}");
    let called = fs::read_to_string(watched.file("called")).expect("called");
    assert!(!called.contains("--out"), "nothing was run: {called}");
}

/// The child is asked to end, removes what it started, and only then its parent ends.
#[test]
fn ctrl_c_ends_the_run_first() {
    let watched = Watched::new();
    watched.put("hang", "");
    let mut child = watched.command(&["--every", "10s"]).stderr(Stdio::piped()).spawn().expect("it runs");
    let mut said = BufReader::new(child.stderr.take().expect("stderr"));
    let mut line = String::new();
    said.read_line(&mut line).expect("a line");
    assert_eq!(line, "hanging\n");
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill").success());
    assert_eq!(child.wait().expect("it ends").code(), Some(130));
    assert_eq!(fs::read_to_string(watched.file("removed")).expect("the child was asked to end"), "removed\n");
    assert!(!Path::new(&watched.textfile()).exists());
    assert_eq!(watched.told(), [""; 0], "an interrupted run says nothing about the target");
}
