//! A folder with a configuration, a pair of keys, a signed report, and an environment made of files, on which the
//! operator's command lines work.

use greenlight_reports::{
    Attempt, CheckResult, Component, Failure, Header, Identity, ImageIdentity, Limit, Measured, NodeIdentity, Outcome,
    Plan, Redactor, Report, Signer, Subject, TargetInfo, Tool, attest, json,
};
use std::fs;
use std::num::NonZeroU64;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

pub(crate) const PROGRAM: &str = "b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1";

/// The command lines of the environment: a colour is a file with its name, traffic is the word in `active`. `kill` may
/// name a line and a moment: then that line ends the deploy as `kill -9` does, before or after it has done its work.
const DRIVER: &str = r#"#!/bin/sh
set -eu
cd "$(dirname "$0")/there"
do_what=$1
echo "$do_what ${GREENLIGHT_COLOUR-}" >> said
moment() {
  if [ -e kill ] && [ "$(cat kill)" = "$do_what $1" ]; then rm kill; kill -9 "$PPID"; exit 1; fi
}
moment before
if [ -e broken ] && [ "$(cat broken)" = "$do_what" ]; then echo "$do_what is broken: $CANARY_SECRET" >&2; exit 1; fi
case $do_what in
  active) cat active ;;
  start) echo "program_sha256 $(cat ships)" > "$GREENLIGHT_COLOUR" ;;
  identify) cat "$GREENLIGHT_COLOUR" ;;
  verify|watch)
    echo "$do_what ${GREENLIGHT_URL-} ${LIVEKIT_URL-} ${GREENLIGHT_OTHER_URL-}" >> told
    test -e "$GREENLIGHT_COLOUR" ;;
  switch) echo "$GREENLIGHT_COLOUR" > active.new; mv active.new active ;;
  drain) : ;;
  remove) rm -f "$GREENLIGHT_COLOUR" ;;
  check) : ;;
esac
moment after
"#;

pub(crate) struct World {
    folder: tempfile::TempDir,
}

impl World {
    /// Blue has the traffic; the report is fresh and good.
    pub(crate) fn new() -> Self {
        let world = Self { folder: tempfile::tempdir().expect("a folder") };
        fs::create_dir(world.path("there")).expect("made");
        for (file, text) in [("there/active", "blue\n"), ("there/blue", "old\n"), ("there/ships", PROGRAM)] {
            world.put(file, text);
        }
        world.put("driver", DRIVER);
        fs::set_permissions(world.path("driver"), fs::Permissions::from_mode(0o755)).expect("executable");
        world.put("pub.pem", &signer().verifier().to_pem().expect("pem"));
        let line = |name: &str| {
            format!(
                "        {name}: {{name: {name}, run: [{}, {name}], timeout_s: 30}}\n",
                world.path("driver").display()
            )
        };
        let lines: String =
            ["active", "start", "identify", "verify", "switch", "watch", "drain", "remove"].map(line).concat();
        let environment = |name: &str| {
            format!(
                "  {name}:
    gate: {{report: report.json, required: [api.a], age_max_s: 3600}}
    artefact: {{program_sha256: {PROGRAM}}}
    checks:
      before: [{{name: own, run: [{}, check], timeout_s: 30}}]
    driver:
      command:
{lines}",
                world.path("driver").display()
            )
        };
        let text = format!(
            "format: 1\nkeys: [pub.pem]\nstate: state\nenvironments:\n{}{}pipelines:\n  release: [staging, production]\n",
            environment("staging"),
            environment("production")
        );
        world.put("deployment.yaml", &text);
        world.report(&good(60));
        world
    }

    pub(crate) fn path(&self, file: &str) -> PathBuf {
        self.folder.path().join(file)
    }

    pub(crate) fn put(&self, file: &str, text: &str) {
        fs::write(self.path(file), text).expect("written");
    }

    pub(crate) fn read(&self, file: &str) -> String {
        fs::read_to_string(self.path(file)).unwrap_or_default()
    }

    /// Writes a report and its signature.
    pub(crate) fn report(&self, report: &Report) {
        fs::write(self.path("report.json"), json(report).expect("json")).expect("written");
        fs::write(self.path("report.intoto.jsonl"), attest(report, &signer()).expect("signed")).expect("written");
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_greenlight"));
        command.args(arguments);
        if arguments.first() != Some(&"report") {
            command.args(["--config".as_ref(), self.path("deployment.yaml").as_os_str()]);
        }
        command.env("CANARY_SECRET", "a-secret-of-the-shell").env_remove("GREENLIGHT_GATE_TOKEN");
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        Ended::of(&self.command(arguments).output().expect("it runs"))
    }

    pub(crate) fn is_all_old(&self) -> bool {
        self.read("there/active") == "blue\n" && self.path("there/blue").exists() && !self.path("there/green").exists()
    }

    pub(crate) fn is_all_new(&self) -> bool {
        self.read("there/active") == "green\n" && self.path("there/green").exists() && !self.path("there/blue").exists()
    }

    /// Everything that was written, by whatever command.
    pub(crate) fn all_text(&self) -> String {
        fn walk(folder: &Path, text: &mut String) {
            for entry in fs::read_dir(folder).expect("listed").flatten() {
                match entry.path().is_dir() {
                    true => walk(&entry.path(), text),
                    false => text.push_str(&String::from_utf8_lossy(&fs::read(entry.path()).unwrap_or_default())),
                }
            }
        }
        let mut text = String::new();
        walk(self.folder.path(), &mut text);
        text
    }
}

/// How a command ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) said: String,
}

impl Ended {
    pub(crate) fn of(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self { code: output.status.code(), out: text(&output.stdout), said: text(&output.stderr) }
    }
}

pub(crate) fn signer() -> Signer {
    Signer::from_seed([7; 32])
}

fn failure() -> Failure {
    let [what, found, expected] = ["a call was refused", "503", "200"].map(str::to_owned);
    let (fix, at) = ("ask the server why".to_owned(), "suites/src/api/a.rs:9".to_owned());
    Failure { what, found, expected, fix, blame: Component::LivekitServer, at }
}

/// A passing report that ended so many seconds ago.
pub(crate) fn good(age_s: i64) -> Report {
    report(age_s, Outcome::Passed)
}

pub(crate) fn report(age_s: i64, outcome: Outcome) -> Report {
    report_of("containers", age_s, outcome)
}

/// The same about a target of this kind.
pub(crate) fn report_of(kind: &str, age_s: i64, outcome: Outcome) -> Report {
    let ended = OffsetDateTime::now_utc() - Duration::seconds(age_s);
    let text = |time: OffsetDateTime| time.format(&Rfc3339).expect("a time");
    let node = NodeIdentity {
        name: "livekit-a".into(),
        node_id: "ND_1".into(),
        version: "1.13.5".into(),
        config_sha256: None,
    };
    let image = ImageIdentity {
        name: "livekit/livekit-server:v1.13.5".into(),
        id: format!("sha256:{}", "1d".repeat(32)),
        digest: None,
        program_sha256: Some(PROGRAM.into()),
    };
    let identity = Identity { nodes: vec![node], images: vec![image], tls_pin: None };
    let subject = Subject { endpoints: vec![], before: identity.clone(), restarts: vec![], after: Some(identity) };
    let header = Header {
        run_id: "k3f9a".into(),
        seed: 7,
        started: text(ended - Duration::seconds(41)),
        ended: text(ended),
        tool: Tool { name: "greenlight-verify".into(), version: "0.1.0".into(), profile: "dev".into() },
        target: TargetInfo { kind: kind.into(), url: "wss://127.0.0.1:1".into(), planted: None },
        interrupted: false,
    };
    let measured = Measured { name: "calls".into(), value: 2.0, limit: Limit::Exactly(2.0), n: NonZeroU64::MIN };
    let attempt = Attempt {
        started: text(ended),
        duration_ms: 12,
        outcome,
        measured: vec![measured],
        failure: (outcome == Outcome::Failed).then(failure),
        reason: matches!(outcome, Outcome::Errored | Outcome::Skipped).then(|| "no answer".into()),
        waiver: None,
        log: String::new(),
    };
    let result = CheckResult {
        id: "api.a".into(),
        title: "a claim".into(),
        tags: vec![],
        file: "suites/src/api/a.rs".into(),
        line: 7,
        outcome,
        flaky: false,
        simulated: vec![],
        attempts: vec![attempt],
    };
    let plan = Plan::new(vec!["api.a".into()]);
    Report::sealed(header, subject, plan, vec![result], vec![], &Redactor::default()).expect("a consistent report")
}
