//! `greenlight doctor` on the machine that runs the tests, in a folder of its own.

use crate::bin::{Bin, VERSION};
use crate::world::Ended;
use std::fs;
use std::process::Command;

const CONFIG: [(&str, &str); 4] = [
    ("staging_tests.yaml", include_str!("../../../config/staging_tests.yaml")),
    ("deployment.yaml", include_str!("../../../config/deployment.yaml")),
    ("expected_skips.txt", include_str!("../../../config/expected_skips.txt")),
    ("required_checks.txt", include_str!("../../../config/required_checks.txt")),
];

/// With the configuration of this repository and no engine.
fn machine() -> Bin {
    let bin = Bin::beside(&format!("#!/bin/sh\necho '{VERSION}'\n"));
    fs::create_dir(bin.path("config")).expect("made");
    for (file, text) in CONFIG {
        fs::write(bin.path("config").join(file), text).expect("written");
    }
    bin
}

fn doctor(bin: &Bin, arguments: &[&str], environment: &[(&str, &str)]) -> Ended {
    let mut command: Command = bin.command(arguments);
    command.env("DOCKER_HOST", "unix:///nonexistent/docker.sock");
    Ended::of(&command.envs(environment.iter().copied()).output().expect("it runs"))
}

#[test]
fn without_an_engine_and_an_address_nothing_can_be_tested() {
    let bin = machine();
    let ended = doctor(&bin, &["doctor"], &[]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    for line in [
        "  ok     greenlight-verify of this version lies beside greenlight\n",
        "  lacks  no container engine answers (",
        "  ok     config/staging_tests.yaml is read\n",
        "  ok     config/deployment.yaml is read\n",
        "  ok     config/required_checks.txt is read\n",
        "  warn   cannot read the public key config/greenlight.pub.pem: No such file or directory",
        "NOT READY   ",
    ] {
        assert!(ended.out.contains(line), "no {line:?} in:\n{}", ended.out);
    }
}

#[test]
fn an_address_with_its_key_is_enough_and_no_secret_is_shown() {
    let bin = machine();
    let url = ("LIVEKIT_URL", "wss://user:pa55w0rd-canary@a.example/");
    let environment = [url, ("LIVEKIT_API_KEY", "APIcanary"), ("LIVEKIT_API_SECRET", "s3cr3t-canary-of-the-shell")];
    let ended = doctor(&bin, &["doctor", "--format", "json"], &environment);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let json: serde_json::Value = serde_json::from_str(&ended.out).expect("json");
    let findings = json["findings"].as_array().expect("findings");
    let verify = findings.iter().find(|finding| finding["group"] == "verify").expect("a target");
    assert_eq!(verify["what"], "`cargo verify` tests wss://a.example (LIVEKIT_URL), with safe checks only");
    assert_eq!((&json["format"], &json["ready"]), (&1.into(), &true.into()));
    assert!(!format!("{}{}", ended.out, ended.said).contains("canary"), "{ended:?}");
}

#[test]
fn a_misspelt_configuration_is_found() {
    let bin = machine();
    let text = CONFIG[1].1.replace("age_max_s: 3600", "age_max: 3600");
    fs::write(bin.path("config/deployment.yaml"), text).expect("written");
    fs::rename(bin.path("config/staging_tests.yaml"), bin.path("config/staging_test.yaml")).expect("renamed");
    let ended = doctor(&bin, &["doctor"], &[("LIVEKIT_URL", "wss://a.example")]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    for line in [
        "unknown field `age_max`",
        "did you mean \"age_max_s\"?; mend config/deployment.yaml\n",
        "nobody reads config/staging_test.yaml; was staging_tests.yaml meant?\n",
        "LIVEKIT_URL is wss://a.example, without LIVEKIT_API_KEY and LIVEKIT_API_SECRET",
    ] {
        assert!(ended.out.contains(line), "no {line:?} in:\n{}", ended.out);
    }
    assert_eq!(ended.out.lines().filter(|line| line.contains("unknown field")).count(), 1, "one line a finding");
}
