//! `greenlight validate`: files by themselves, and together with a stand-in for greenlight-verify.

use crate::bin::{Bin, VERSION};
use crate::world::{Ended, good};
use greenlight_reports::{Outcome, Report, json, open};
use serde_json::Value;
use std::fs;
use std::path::Path;

fn old(bin: &Bin) {
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/plan/old");
    for file in [".env", "app/package.json", "docker-compose.yml", "livekit.yaml", "sip.yaml"] {
        let to = bin.path("ops").join(file);
        fs::create_dir_all(to.parent().expect("a folder")).expect("made");
        fs::copy(from.join(file), to).expect("copied");
    }
}

fn report(bin: &Bin, file: &str) -> Report {
    open(&fs::read(bin.path(file)).expect("a report")).expect("sealed")
}

/// Each planned risk is found by what the plan says, at its line, if nobody does anything.
#[test]
fn a_risk_that_was_ignored_is_found() {
    let bin = Bin::alone();
    old(&bin);
    assert_eq!(bin.run(&["plan", "generate", "ops", "--no-engine", "--to", "1.13.5"]).code, Some(0));
    let plan: Value = serde_json::from_str(&fs::read_to_string(bin.path("plan.json")).expect("there")).expect("json");
    let mut found = 0;
    for risk in plan["risks"].as_array().expect("risks") {
        let found_by = risk["found_by"].as_str().expect("text");
        let Some(command) = found_by.strip_prefix("greenlight validate ") else {
            // What serves is asked, and not the files.
            assert_eq!(found_by, "greenlight verify --test signal.v1_validate");
            continue;
        };
        let mut arguments = vec!["validate", "ops", "--output", "r.json"];
        arguments.extend(command.split(' '));
        let ended = bin.run(&arguments);
        assert_eq!(ended.code, Some(1), "{risk}: {ended:?}");
        let failed: String = report(&bin, "r.json")
            .results
            .into_iter()
            .filter(|result| matches!(result.outcome, Outcome::Failed | Outcome::Warned))
            .map(|result| result.attempts[0].log.clone())
            .collect();
        let text = |name: &str| risk[name].as_str().expect("text");
        // What the plan calls removed is for the linter a key that it does not know.
        let rule = if text("rule") == "key_removed" { "unknown_key" } else { text("rule") };
        assert!(failed.contains(&format!("{} {rule}: ", text("at"))), "{risk} not in {failed}");
        found += 1;
    }
    assert_eq!(found, plan["risks"].as_array().expect("risks").len() - 1);
    let apply = bin.run(&["plan", "apply", "plan.json", "--folder", "ops"]);
    assert_eq!(apply.code, Some(0), "{apply:?}");
    assert_eq!(bin.run(&["env", "update", "ops/.env", "--to", "1.13.5"]).code, Some(0));
    let ended = bin.run(&["validate", "ops", "--full", "--level", "config"]);
    assert_eq!((ended.code, ended.out.contains("\nPASSED   ")), (Some(0), true), "{ended:?}");
    // Defaults of 1.7.0 (its pkg/config/config.go:509-510) and of 1.13.5 (507-508). What the file says is no default.
    let changed = |bin: &Bin| {
        let ended = bin.run(&["validate", "ops", "--full", "--level", "config", "--from", "1.7.0"]);
        assert_eq!((ended.code, ended.out.contains("WARNED   files.other_version")), (Some(0), true), "{ended:?}");
        [" limit.max_metadata_size: 64000 → 524288", " limit.max_attributes_size: 64000 → 65536"]
            .map(|found| ended.out.contains(found))
    };
    assert_eq!(changed(&bin), [true, true]);
    let config = bin.path("ops/livekit.yaml");
    let text = fs::read_to_string(&config).expect("there");
    fs::write(&config, format!("{text}limit: {{max_metadata_size: 64000}}\n")).expect("written");
    assert_eq!(changed(&bin), [false, true]);
}

#[test]
fn what_has_changed_is_asked_for_by_the_version_before() {
    let bin = Bin::alone();
    old(&bin);
    for (more, words) in [
        (&["--from", "1.13.5"][..], "nothing lies between --from 1.13.5 and --to 1.13.5; name the older version"),
        (&["--from", "1.8"], "--from \"1.8\" is no version; write it as in --from 1.13.5"),
        (&["--to", "1.13.5"], "--from <VERSION>"),
        (&["--category", "auth", "--from", "1.7.0"], "belongs to the category configuration; add it"),
    ] {
        let all = if more.contains(&"--category") { &[][..] } else { &["--full"] };
        let ended = bin.run(&[&["validate", "ops", "--level", "config"][..], all, more].concat());
        assert!(ended.code == Some(2) && ended.said.contains(words), "{more:?}: {ended:?}");
    }
    // Nothing is known of what lies between these: that is no pass.
    for [from, to] in [["1.12.0", "1.13.4"], ["1.13.11", "1.99.0"], ["0.0.1", "0.0.2"]] {
        let ended = bin.run(&["validate", "ops", "--full", "--level", "config", "--from", from, "--to", to]);
        let words =
            format!("version_not_known: a version whose keys are not known; the keys of livekit-server {from}: ");
        assert!(ended.out.contains("WARNED   files.other_version") && ended.out.contains(&words), "{ended:?}");
    }
}

#[test]
fn one_report_in_every_format() {
    let bin = Bin::alone();
    old(&bin);
    let validate = |output: &str| {
        bin.run(&["validate", "ops", "--category", "configuration,sip", "--level", "config", "--output", output])
    };
    for output in ["r.json", "r.xml", "r.html"] {
        assert_eq!(validate(output).code, Some(1));
    }
    let report = report(&bin, "r.json");
    let seen: Vec<(&str, Outcome)> = report.results.iter().map(|result| (result.id.as_str(), result.outcome)).collect();
    assert_eq!(
        seen,
        [
            ("files.livekit_yaml", Outcome::Failed),
            ("files.environment", Outcome::Failed),
            ("files.containers", Outcome::Passed),
            ("files.balancer", Outcome::Skipped),
            ("files.sip_yaml", Outcome::Failed),
            ("files.sip_doors", Outcome::Skipped),
        ]
    );
    let xml = fs::read_to_string(bin.path("r.xml")).expect("there");
    let xml = roxmltree::Document::parse(&xml).expect("XML");
    let root = xml.root_element();
    assert_eq!(
        (root.attribute("tests"), root.attribute("failures"), root.attribute("skipped")),
        (Some("6"), Some("3"), Some("2"))
    );
    for name in ["report.json", "junit.xml", "ctrf.json", "index.html"] {
        assert!(bin.path("target/greenlight-validate").join(name).exists(), "{name}");
    }
    let ended = validate("r.txt");
    assert!(ended.code == Some(2) && ended.said.contains("no format has this ending"), "{ended:?}");
    assert!(
        !fs::read_to_string(bin.path("r.html")).expect("there").contains("WUDnXb3vYc1qLr8TgZ5sKe7hFa2jMp9oQi4wRx6y")
    );
}

#[test]
fn nothing_to_look_at_is_no_success() {
    let bin = Bin::alone();
    fs::create_dir(bin.path("empty")).expect("made");
    let ended = bin.run(&["validate", "empty", "--full", "--level", "config"]);
    assert_eq!(
        (ended.code, ended.out.starts_with("skipped  files.livekit_yaml  no livekit.yaml")),
        (Some(4), true),
        "{ended:?}"
    );
    assert_eq!(bin.run(&["validate", "empty"]).code, Some(2), "which category?");
    assert_eq!(bin.run(&["validate", "empty", "--full", "--category", "sip"]).code, Some(2));
    let ended = bin.run(&["validate", "empty", "--full", "--level", "config", "--", "--target", "containers"]);
    assert!(ended.code == Some(2) && ended.said.contains("--level config asks nothing"), "{ended:?}");
    let ended = bin.run(&["validate", "empty", "--full"]);
    assert!(ended.code == Some(2) && ended.said.contains("it must lie beside greenlight"), "{ended:?}");
}

/// A livekit.yaml that nobody can read is no healthy one, and none that is absent.
#[test]
fn what_can_not_be_read_is_not_known() {
    let bin = Bin::alone();
    old(&bin);
    let text = fs::read(bin.path("ops/livekit.yaml")).expect("there");
    fs::write(bin.path("ops/livekit.yaml"), [text, b"# caf\xe9\n".to_vec()].concat()).expect("written");
    fs::remove_file(bin.path("ops/.env")).expect("removed");
    fs::remove_file(bin.path("ops/sip.yaml")).expect("removed");
    let ended = bin.run(&["validate", "ops", "--category", "configuration", "--level", "config"]);
    assert_eq!(ended.code, Some(3), "{ended:?}");
    assert!(ended.out.contains("ERRORED  files.readable  livekit.yaml: no text in UTF-8"), "{ended:?}");
    let point = ["plan", "backup", "b", "--folder", "ops", "--environment", "staging", "--sign-key", "sign.pem"];
    let backup = bin.run(&point);
    assert!(backup.code == Some(2) && backup.said.contains("livekit.yaml: no text in UTF-8"), "{backup:?}");
}

/// The port range stands in livekit.yaml, what is published in the compose file beside it.
#[test]
fn a_compose_file_is_held_against_the_configuration_that_it_mounts() {
    let bin = Bin::alone();
    old(&bin);
    let compose = fs::read_to_string(bin.path("ops/docker-compose.yml")).expect("there");
    let bridge = compose.replacen(
        "    network_mode: host\n",
        "    ports:\n      - \"7881:7881\"\n      - \"50000-50100:50000-50100/udp\"\n",
        1,
    );
    fs::write(bin.path("ops/docker-compose.yml"), bridge.replace("    env_file: .env\n", "")).expect("written");
    let yaml = fs::read_to_string(bin.path("ops/livekit.yaml")).expect("there");
    fs::write(
        bin.path("ops/livekit.yaml"),
        yaml.replace("50000\n  port_range_end: 60000", "50500\n  port_range_end: 50600"),
    )
    .expect("written");
    let ended = bin.run(&["validate", "ops", "--category", "configuration", "--level", "config"]);
    assert!(ended.out.contains("  docker-compose.yml:5 media_unpublished: "), "{ended:?}");
}

/// Lists two checks; run, it says what it was called with, leaves the report that lies there, and ends with `status`.
fn beside(status: u8) -> Bin {
    let list = r#"[{"id":"api.a","suite":"api","tags":["smoke"]},{"id":"api.b","suite":"api","tags":["load"]},{"id":"sip.c","suite":"sip","tags":[]}]"#;
    Bin::beside(&format!(
        r#"#!/bin/sh
case "$1" in
  --version) echo '{VERSION}' ;;
  --list) echo '{list}' ;;
  *) echo "$*" > called
     for last; do :; done
     mkdir -p "$last"
     [ ! -e live.json ] || cp live.json "$last/report.json"
     exit {status} ;;
esac
"#
    ))
}

#[test]
fn files_and_what_serves_are_one_report() {
    let bin = beside(0);
    old(&bin);
    fs::write(bin.path("live.json"), json(&good(5)).expect("json")).expect("written");
    let call = [
        "validate",
        "ops",
        "--category",
        "api,auth",
        "--level",
        "integration",
        "--output",
        "r.json",
        "--url",
        "ws://127.0.0.1:1",
    ];
    // Without a key nobody is asked anything.
    assert!(bin.run(&call).said.contains("set LIVEKIT_API_KEY and LIVEKIT_API_SECRET"));
    let call = [
        "validate",
        "ops",
        "--category",
        "api,auth",
        "--level",
        "integration",
        "--output",
        "r.json",
        "--",
        "--target",
        "containers",
    ];
    let ended = bin.run(&call);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let called = fs::read_to_string(bin.path("called")).expect("called");
    assert_eq!(called, "--target containers --test api.a --out target/greenlight-validate/live\n", "no load, no SIP");
    let merged = report(&bin, "r.json");
    let ids: Vec<&str> = merged.results.iter().map(|result| result.id.as_str()).collect();
    assert_eq!(ids, ["files.keys", "files.tokens", "api.a"]);
    assert_eq!(merged.subject.before, good(5).subject.before, "what was tested is what greenlight-verify says");
    let refused = bin.run(&["validate", "ops", "--full", "--", "--tag", "smoke"]);
    assert!(refused.code == Some(2) && refused.said.contains("--tag can't be given"), "{refused:?}");
}

#[test]
fn what_did_not_run_is_not_passed() {
    for (status, expected) in [(6, 6), (0, 4)] {
        let bin = beside(status);
        old(&bin);
        let ended = bin.run(&["validate", "ops", "--category", "api", "--output", "r.json"]);
        assert_eq!(ended.code, Some(expected), "{ended:?}");
        assert!(ended.out.contains("NOT RUN  api.a") && ended.out.contains("NOT RUN  api.b"), "{ended:?}");
    }
    // A report that somebody has edited is none.
    let bin = beside(0);
    old(&bin);
    let text = String::from_utf8(json(&good(5)).expect("json")).expect("text");
    fs::write(bin.path("live.json"), text.replace("\"api.a\"", "\"api.x\"")).expect("written");
    let ended: Ended = bin.run(&["validate", "ops", "--category", "api"]);
    assert_eq!(ended.code, Some(5), "{ended:?}");
}
