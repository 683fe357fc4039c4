//! `greenlight plan` on a deployment as it was set up for livekit-server 1.7.0.

use crate::world::Ended;
use serde_json::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

const FILES: [&str; 5] = [".env", "app/package.json", "docker-compose.yml", "livekit.yaml", "sip.yaml"];
const SECRET: &str = "WUDnXb3vYc1qLr8TgZ5sKe7hFa2jMp9oQi4wRx6y";

fn kept(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/plan").join(name)
}

/// A copy of the old deployment.
struct Old(tempfile::TempDir);

impl Old {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        for file in FILES {
            let to = folder.path().join("ops").join(file);
            fs::create_dir_all(to.parent().expect("a folder")).expect("made");
            fs::copy(kept("old").join(file), to).expect("copied");
        }
        Self(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).expect("there")
    }

    fn run(&self, arguments: &[&str]) -> Ended {
        let mut command = Command::new(env!("CARGO_BIN_EXE_greenlight"));
        command.arg("plan").args(arguments).current_dir(self.0.path());
        for name in ["LIVEKIT_API_KEY", "LIVEKIT_API_SECRET"] {
            command.env_remove(name);
        }
        Ended::of(&command.output().expect("it runs"))
    }

    fn generate(&self) -> Ended {
        self.run(&["generate", "ops", "--no-engine", "--to", "1.13.5"])
    }
}

/// Held to a file that was read by a person; `GREENLIGHT_BLESS=1` writes it anew.
fn golden(name: &str, text: &str) {
    if std::env::var_os("GREENLIGHT_BLESS").is_some() {
        fs::write(kept(name), text).expect("written");
    }
    let expected = fs::read_to_string(kept(name)).unwrap_or_default();
    assert!(expected == text, "{name} is not what is expected; GREENLIGHT_BLESS=1 writes it anew:\n{text}");
}

#[test]
fn the_same_input_gives_the_same_plan() {
    let old = Old::new();
    let ended = old.generate();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    golden("plan.md", &old.text("plan.md"));
    let elsewhere = Old::new();
    elsewhere.generate();
    assert_eq!(old.text("plan.json"), elsewhere.text("plan.json"));
    let printed = old.run(&["analyze", "ops", "--no-engine", "-o", "json"]);
    assert_eq!(printed.out, old.text("plan.json"), "{}", printed.said);
    let all = format!("{}{}{}{}", ended.out, ended.said, old.text("plan.json"), old.text("plan.md"));
    assert!(!all.contains(SECRET));
}

/// What a reader of 1.13.5's configuration type knows: these ended its start, and nothing else of the file did.
#[test]
fn every_key_that_is_gone_is_a_risk_with_its_line() {
    let old = Old::new();
    old.generate();
    let plan: Value = serde_json::from_str(&old.text("plan.json")).expect("json");
    let risks = plan["risks"].as_array().expect("risks");
    let of = |rule: &str| -> Vec<String> {
        let found = risks.iter().filter(|risk| risk["rule"] == rule);
        found
            .map(|risk| format!("{} {}", risk["at"].as_str().unwrap_or(""), risk["found"].as_str().unwrap_or("")))
            .collect()
    };
    assert_eq!(
        of("key_removed"),
        [
            "livekit.yaml:20 rtc.congestion_control.probe_mode",
            "livekit.yaml:21 rtc.congestion_control.probe_config",
            "livekit.yaml:25 rtc.congestion_control.nack_ratio_attenuator",
            "livekit.yaml:31 video.stream_tracker",
        ]
    );
    assert_eq!(of("env_rtc_node_ip_ignored"), [".env:2 LIVEKIT_RTC_NODE_IP"]);
    assert_eq!(of("boolean_variables_are_read"), [".env:3 since 1.8.4"]);
    assert_eq!((&plan["from"]["version"], &plan["from"]["seen"]), (&"1.7.0".into(), &"docker-compose.yml:2".into()));
    for risk in risks {
        let step = plan["steps"].as_array().expect("steps").iter().find(|step| step["id"] == risk["step"]);
        assert!(step.is_some(), "no step for {risk}");
        for part in ["what", "fix", "source"] {
            assert_ne!(risk[part], "", "{risk}");
        }
    }
}

#[test]
fn the_plan_is_as_its_schema_says() {
    let old = Old::new();
    old.generate();
    let plan: Value = serde_json::from_str(&old.text("plan.json")).expect("json");
    let Some(wrong) = mistakes(&plan) else { return };
    assert_eq!(wrong, 0);
    let mut worse = plan.clone();
    worse["risks"][0]["severity"] = "terrible".into();
    worse["steps"][0]["more"] = 1.into();
    worse["to"] = Value::Null;
    assert_eq!(mistakes(&worse), Some(3), "the schema is looked at");
}

/// How many mistakes a validator of others finds: Debian's python3-jsonschema. A crate that does it would turn on features
/// of crates below nearly all others, and tests would build those a second time.
fn mistakes(plan: &Value) -> Option<usize> {
    const VALIDATE: &str = "import json, sys, jsonschema
schema = json.load(open(sys.argv[1]))
of = jsonschema.validators.validator_for(schema)
of.check_schema(schema)
print(len(list(of(schema).iter_errors(json.load(open(sys.argv[2]))))))";
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/plan.schema.json");
    let file = tempfile::NamedTempFile::new().expect("a file");
    fs::write(file.path(), plan.to_string()).expect("written");
    let run = |program: &str| Command::new(program).args(["-c", VALIDATE]).arg(&schema).arg(file.path()).output();
    let said = run("/usr/bin/python3").expect("python3");
    let told = String::from_utf8_lossy(&said.stderr);
    if told.contains("ModuleNotFoundError") {
        assert!(
            std::env::var_os("CI").is_none(),
            "python3-jsonschema is not installed, and with CI set that is no reason to skip"
        );
        eprintln!("NOTHING IS TESTED: python3-jsonschema is not installed");
        return None;
    }
    assert!(said.status.success(), "{told}");
    String::from_utf8_lossy(&said.stdout).trim().parse().ok()
}

#[test]
fn apply_writes_the_corrected_files_and_nothing_else() {
    let old = Old::new();
    old.generate();
    let dry = old.run(&["apply", "plan.json", "--folder", "ops", "--dry-run", "--out", "new"]);
    assert_eq!(dry.code, Some(0), "{dry:?}");
    for file in ["livekit.yaml", "sip.yaml"] {
        golden(&format!("new/{file}"), &old.text(&format!("new/{file}")));
        assert_eq!(old.text(&format!("ops/{file}")), fs::read_to_string(kept("old").join(file)).expect("there"));
    }
    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md")).expect("there");
    let sample = readme.split_once("```diff\n").and_then(|(_, rest)| rest.split_once("```")).expect("a sample").0;
    assert!(dry.out.contains(sample), "the README shows another difference than {}", dry.out);
    assert!(dry.out.contains("\n-    probe_mode: padding\n") && !dry.out.contains(SECRET), "{}", dry.out);
    let ended = old.run(&["apply", "plan.json", "--folder", "ops"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    for file in ["livekit.yaml", "sip.yaml"] {
        assert_eq!(old.text(&format!("ops/{file}")), old.text(&format!("new/{file}")));
        assert_eq!(old.text(&format!("ops/{file}.before")), fs::read_to_string(kept("old").join(file)).expect("there"));
    }
    let again = old.run(&["apply", "plan.json", "--folder", "ops"]);
    assert!(
        again.code == Some(2) && again.said.contains("livekit.yaml has changed since the plan was made"),
        "{again:?}"
    );
}

#[test]
fn a_copy_has_the_rights_of_its_original_and_never_replaces_it() {
    let old = Old::new();
    fs::set_permissions(old.path("ops/livekit.yaml"), fs::Permissions::from_mode(0o600)).expect("rights");
    old.generate();
    let before = old.text("ops/livekit.yaml");
    let ended = old.run(&["apply", "plan.json", "--folder", "ops", "--dry-run", "--out", "ops"]);
    assert!(ended.code == Some(2) && ended.said.contains("it is the file that was planned"), "{ended:?}");
    assert_eq!(old.text("ops/livekit.yaml"), before);
    assert_eq!(old.run(&["apply", "plan.json", "--folder", "ops", "--out", "new"]).code, Some(0));
    let mode = fs::metadata(old.path("new/livekit.yaml")).expect("there").permissions().mode() & 0o777;
    assert_eq!((mode, old.text("ops/livekit.yaml")), (0o600, before));
}

/// The second file can't be written, so the first is as it was.
#[test]
fn all_files_are_corrected_or_none() {
    let old = Old::new();
    old.generate();
    let before = old.text("ops/livekit.yaml");
    // Nothing can be kept beside sip.yaml: every name is taken by a folder.
    fs::create_dir(old.path("ops/sip.yaml.before")).expect("made");
    for number in 1..1_000 {
        fs::create_dir(old.path(&format!("ops/sip.yaml.before.{number}"))).expect("made");
    }
    let ended = old.run(&["apply", "plan.json", "--folder", "ops"]);
    assert!(
        ended.code == Some(2)
            && ended.said.contains("cannot write ops/sip.yaml: ")
            && ended.said.contains("nothing was changed"),
        "{ended:?}"
    );
    assert_eq!(old.text("ops/livekit.yaml"), before);
    assert!(!old.path("ops/livekit.yaml.before").exists());
}

#[test]
fn a_plan_replaces_nothing_but_a_plan() {
    let old = Old::new();
    fs::write(old.path("README.md"), "mine\n").expect("written");
    for (out, because) in [
        ("README.json", "README.md exists and is no plan"),
        ("p.md", "is where the Markdown goes"),
        ("ops/app/package.json", "exists and is no plan"),
    ] {
        let ended = old.run(&["generate", "ops", "--no-engine", "--out", out]);
        assert!(ended.code == Some(2) && ended.said.contains(because), "{ended:?}");
    }
    assert_eq!(old.text("README.md"), "mine\n");
    assert_eq!((old.generate().code, old.generate().code), (Some(0), Some(0)), "a plan may be made again");
}

/// Edits that belong together are all made or none is: a section is not removed before its parts have their new places.
#[test]
fn nothing_is_half_corrected() {
    let old = Old::new();
    let flow = "    channel_observer_probe_config: {nack_window_min_duration: 4s}\n    probe_mode: padding\n";
    let text = old.text("ops/livekit.yaml").replace("    probe_mode: padding\n", flow);
    let text = text.replace("logging:\n  # what operations wants to see\n  level: warn\n", "logging: {level: warn}\n");
    fs::write(old.path("ops/livekit.yaml"), text).expect("written");
    old.generate();
    let ended = old.run(&["apply", "plan.json", "--folder", "ops", "--dry-run", "--out", "new"]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let new = old.text("new/livekit.yaml");
    assert!(new.contains("    channel_observer_probe_config: {nack_window_min_duration: 4s}\n"), "{new}");
    assert!(new.contains("log_level: info\nlogging: {level: warn}\n"), "{new}");
    assert!(ended.out.contains("unknown_key") && ended.out.contains("log_level_twice"), "{}", ended.out);
}

/// A configuration in a compose file is planned at its lines, and is not edited: that is said.
#[test]
fn a_configuration_inside_a_compose_file_is_left_and_said() {
    let old = Old::new();
    let compose = "services:\n  livekit:\n    image: livekit/livekit-server:v1.7.0\n    restart: unless-stopped\n    stop_grace_period: 6h\n    network_mode: host\n    environment:\n      LIVEKIT_CONFIG: |\n        redis:\n          address: 127.0.0.1:6379\n        rtc:\n          stun_servers: [stun.example.com:3478]\n          congestion_control:\n            probe_mode: padding\n";
    fs::write(old.path("ops/docker-compose.yml"), compose).expect("written");
    old.generate();
    let plan: Value = serde_json::from_str(&old.text("plan.json")).expect("json");
    let risks = plan["risks"].as_array().expect("risks");
    let here = risks.iter().find(|risk| risk["at"] == "docker-compose.yml:14").expect("the key is seen at its line");
    assert_eq!((&here["rule"], &here["found"]), (&"key_removed".into(), &"rtc.congestion_control.probe_mode".into()));
    let ended = old.run(&["apply", "plan.json", "--folder", "ops", "--dry-run"]);
    assert!(ended.code == Some(1) && ended.out.contains("LEFT     docker-compose.yml:14 unknown_key: "), "{ended:?}");
}

/// So are values of a chart, where the server ignores what it does not know: the chart tells it to.
#[test]
fn values_of_a_chart_are_planned_at_their_lines() {
    let old = Old::new();
    for file in ["docker-compose.yml", "livekit.yaml", "sip.yaml", ".env"] {
        fs::remove_file(old.path(&format!("ops/{file}"))).expect("removed");
    }
    let values = format!(
        "replicaCount: 2\nimage:\n  tag: v1.7.0\nlivekit:\n  rtc:\n    stun_servers: [stun.example.com:3478]\n    congestion_control:\n      probe_mode: padding\n  redis:\n    address: redis:6379\n  keys:\n    APIold: {SECRET}\n"
    );
    fs::write(old.path("ops/values.yaml"), values).expect("written");
    let egress = "ws_url: ws://livekit\napi_key: APIold\napi_secret: ${SECRET}\nredis:\n  address: cache:6379\n";
    fs::write(old.path("ops/egress.yaml"), egress).expect("written");
    let ended = old.generate();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let plan: Value = serde_json::from_str(&old.text("plan.json")).expect("json");
    assert_eq!((&plan["from"]["version"], &plan["from"]["seen"]), (&"1.7.0".into(), &"values.yaml:2".into()));
    assert_eq!(
        (&plan["jwt"]["keys"][1]["key"], &plan["jwt"]["keys"][1]["seen"]),
        (&"APIold".into(), &"values.yaml:12".into())
    );
    let risk = |at: &str, rule: &str| -> String {
        let mut risks = plan["risks"].as_array().expect("risks").iter();
        let here = risks.find(|risk| risk["at"] == at && risk["rule"] == rule);
        here.map(|risk| format!("{} {}", risk["what"], risk["fix"])).unwrap_or_default()
    };
    let removed = risk("values.yaml:8", "key_removed");
    assert!(removed.contains("ignores it in silence") && !removed.contains("plan apply"), "{removed}");
    assert!(!risk("values.yaml:11", "secret_literal").is_empty());
    assert!(!risk("egress.yaml:4", "worker_redis_differs").is_empty());
    let ended = old.run(&["apply", "plan.json", "--folder", "ops", "--dry-run"]);
    assert!(ended.code == Some(1) && ended.out.contains("LEFT     values.yaml:8 unknown_key: "), "{ended:?}");
    let all = format!("{}{}{}", ended.out, old.text("plan.json"), old.text("plan.md"));
    assert!(!all.contains(SECRET));
}

/// A password that is an ordinary word hides nothing that a plan is applied by.
#[test]
fn a_plan_is_applied_whatever_the_passwords_are() {
    let old = Old::new();
    let text =
        old.text("ops/livekit.yaml").replace("  address: redis:6379\n", "  address: redis:6379\n  password: livekit\n");
    fs::write(old.path("ops/livekit.yaml"), text).expect("written");
    assert_eq!(old.generate().code, Some(0));
    let ended = old.run(&["apply", "plan.json", "--folder", "ops"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(old.text("ops/livekit.yaml").contains("  password: livekit\n"));
}

#[test]
fn what_changed_since_planning_is_refused() {
    let old = Old::new();
    old.generate();
    // Not a file that would be corrected: it may be why the plan is as it is.
    fs::write(old.path("ops/.env"), "NODE_IP=203.0.113.7\n").expect("written");
    let ended = old.run(&["apply", "plan.json", "--folder", "ops"]);
    assert!(ended.code == Some(2) && ended.said.contains(".env has changed since the plan was made"), "{ended:?}");
    assert!(!old.path("ops/livekit.yaml.before").exists());
    fs::remove_file(old.path("ops/.env")).expect("removed");
    let ended = old.run(&["apply", "plan.json", "--folder", "ops", "--dry-run"]);
    assert!(ended.code == Some(2) && ended.said.contains(".env was planned and is not there any more"), "{ended:?}");
}

/// A plan that somebody has written by hand leads nowhere outside of its folder.
#[test]
fn a_plan_names_files_of_its_folder_only() {
    let old = Old::new();
    old.generate();
    let text = old.text("plan.json");
    fs::copy(old.path("ops/livekit.yaml"), old.path("livekit.yaml")).expect("copied");
    let absolute = old.path("livekit.yaml").display().to_string();
    for (from, to) in [("\"livekit.yaml\"", "\"../livekit.yaml\""), ("\"livekit.yaml\"", &format!("{absolute:?}")[..])]
    {
        let forged = text.replace(&format!("\"path\": {from}"), &format!("\"path\": {to}"));
        let forged = forged.replace(&format!("\"file\": {from}"), &format!("\"file\": {to}"));
        assert_ne!(forged, text);
        fs::write(old.path("plan.json"), forged).expect("written");
        let ended = old.run(&["apply", "plan.json", "--folder", "ops"]);
        assert!(ended.code == Some(2) && ended.said.contains("which no plan of ours does"), "{ended:?}");
    }
    fs::write(old.path("plan.json"), text.replacen("\"file\": \"livekit.yaml\"", "\"file\": \"other.yaml\"", 1))
        .expect("written");
    let ended = old.run(&["apply", "plan.json", "--folder", "ops"]);
    assert!(ended.code == Some(2) && ended.said.contains("names \"other.yaml\""), "{ended:?}");
    assert!(!old.path("livekit.yaml.before").exists() && !old.path("ops/livekit.yaml.before").exists());
}

#[test]
fn what_needs_a_decision_is_left_and_said() {
    let old = Old::new();
    let text = old.text("ops/livekit.yaml").replace("tcp_port: 7881", "tcp_port: seven");
    fs::write(old.path("ops/livekit.yaml"), text).expect("written");
    old.generate();
    let ended = old.run(&["apply", "plan.json", "--folder", "ops", "--dry-run"]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.out.contains("LEFT     livekit.yaml (new):10 wrong_type: "), "{}", ended.out);
    // A file on one line has no lines to take out.
    let flow = "{port: 7880, rtc: {congestion_control: {probe_mode: padding}}, keys: {APIold: WUDnXb3vYc1qLr8TgZ5sKe7hFa2jMp9oQi4wRx6y}}\n";
    fs::write(old.path("ops/livekit.yaml"), flow).expect("written");
    old.generate();
    let ended = old.run(&["apply", "plan.json", "--folder", "ops", "--dry-run"]);
    assert!(ended.code == Some(1) && ended.out.contains("LEFT     livekit.yaml (new):1 unknown_key: "), "{ended:?}");
    assert!(
        old.text("plan.json").contains("not corrected by itself: livekit.yaml: rtc.congestion_control.probe_mode: ")
    );
}

#[test]
fn mistakes_are_named_with_what_to_do() {
    let old = Old::new();
    let empty = old.path("empty");
    fs::create_dir(&empty).expect("made");
    fs::write(old.path("ops/docker-compose.yml"), "services: {}\n").expect("written");
    for (arguments, because) in [
        (vec!["analyze", "empty", "--no-engine"], "nothing of a LiveKit deployment is here"),
        (vec!["analyze", "nowhere", "--no-engine"], "nowhere is no folder"),
        (vec!["analyze", "ops", "--no-engine"], "say it with --from"),
        (vec!["analyze", "ops", "--no-engine", "--from", "old"], "--from \"old\" is no version"),
        (
            vec!["analyze", "ops", "--no-engine", "--url", "ws://127.0.0.1:1"],
            "set LIVEKIT_API_KEY and LIVEKIT_API_SECRET",
        ),
        (vec!["apply", "plan.json"], "make a plan with `greenlight plan generate --out plan.json`"),
        (vec!["backup", "b", "--folder", "ops", "--sign-key", "k"], "--environment <NAME>"),
        (
            vec!["backup", "b", "--folder", "empty", "--environment", "e", "--sign-key", "k"],
            "empty holds no file of a deployment",
        ),
    ] {
        let ended = old.run(&arguments);
        assert!(ended.code == Some(2) && ended.said.contains(because), "{arguments:?}: {ended:?}");
    }
    fs::write(empty.join("livekit.yaml"), b"port: 7880 # caf\xe9\n").expect("written");
    let ended = old.run(&["analyze", "empty", "--no-engine"]);
    assert!(ended.code == Some(2) && ended.said.contains("(livekit.yaml: no text in UTF-8"), "{ended:?}");
    fs::write(old.path("plan.json"), "{\"format\": 1}").expect("written");
    let ended = old.run(&["apply", "plan.json"]);
    assert!(ended.code == Some(2) && ended.said.contains("plan.json is no plan of this version"), "{ended:?}");
}
