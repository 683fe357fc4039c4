//! `greenlight init`: what it writes is read by what reads it, and nothing that exists is touched.

use crate::world::Ended;
use greenlight_config::{Deployment, ExpectedSkips, StagingTests};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

fn init(folder: &Path, arguments: &[&str]) -> Ended {
    let mut command = Command::new(env!("CARGO_BIN_EXE_greenlight"));
    Ended::of(&command.arg("init").args(arguments).current_dir(folder).output().expect("it runs"))
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder")
}

/// Every file and folder below, with its bytes.
fn everything(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).expect("listed").flatten() {
        match entry.file_type().expect("a type").is_dir() {
            true => {
                found.extend(everything(&entry.path()));
                found.insert(entry.path(), Vec::new());
            }
            false => _ = found.insert(entry.path(), fs::read(entry.path()).unwrap_or_default()),
        }
    }
    found
}

#[test]
fn what_is_written_is_read_by_our_own_readers() {
    let folder = folder();
    let ended = init(folder.path(), &["ops/lk"]);
    assert_eq!(
        (ended.code, ended.out.as_str()),
        (
            Some(0),
            "wrote    ops/lk/config/staging_tests.yaml
wrote    ops/lk/config/deployment.yaml
wrote    ops/lk/config/expected_skips.txt
wrote    ops/lk/config/required_checks.txt
wrote    ops/lk/config/.gitignore
next     cd ops/lk
         greenlight doctor
         greenlight keygen --out config/greenlight
         greenlight verify --sign-key config/greenlight.pem
         greenlight gate --env development
"
        )
    );
    let file = |name: &str| folder.path().join("ops/lk/config").join(name).display().to_string();
    let text = |name: &str| fs::read_to_string(file(name)).expect("written");
    StagingTests::read(&file("staging_tests.yaml")).expect("staging_tests.yaml");
    let deployment = Deployment::read(&file("deployment.yaml")).expect("deployment.yaml");
    ExpectedSkips::parse("expected_skips.txt", &text("expected_skips.txt")).expect("expected_skips.txt");
    let report = &deployment.environment("production").expect("there").gate.report;
    assert_eq!(deployment.path(report), folder.path().join("ops/lk/config/../target/greenlight/report.json"));
    assert_eq!(text("required_checks.txt"), include_str!("../../../config/required_checks.txt"));
    assert_eq!(everything(folder.path()).len(), 8, "five files in three folders");
}

/// What is said under `next` works as it stands there, and a key that is made so is not committed.
#[test]
fn the_next_steps_find_what_was_written() {
    let folder = folder();
    assert_eq!(init(folder.path(), &[]).code, Some(0));
    let here = |program: &str, arguments: &[&str]| {
        Ended::of(&Command::new(program).args(arguments).current_dir(folder.path()).output().expect("it runs"))
    };
    let greenlight = env!("CARGO_BIN_EXE_greenlight");
    assert_eq!(here(greenlight, &["keygen", "--out", "config/greenlight"]).code, Some(0));
    let said = here(greenlight, &["doctor"]).out;
    for file in ["deployment.yaml", "staging_tests.yaml", "required_checks.txt", "greenlight.pub.pem"] {
        assert!(said.contains(&format!("  ok     config/{file} is read\n")), "{said}");
    }
    assert_eq!(here("git", &["init", "--quiet"]).code, Some(0));
    let ignored = |file: &str| here("git", &["check-ignore", "--quiet", file]).code;
    assert_eq!((ignored("config/greenlight.pem"), ignored("config/greenlight.pub.pem")), (Some(0), Some(1)));
}

fn yaml(folder: &Path, file: &str) -> Value {
    let text = fs::read_to_string(folder.join(file)).expect("written");
    serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// Every command line of a workflow, as the shell gets them.
fn scripts(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                match (key.as_str(), value) {
                    ("run", Value::String(script)) => found.push(script.clone()),
                    ("script" | "before_script", Value::Array(lines)) => {
                        found.extend(lines.iter().filter_map(Value::as_str).map(str::to_owned));
                    }
                    _ => scripts(value, found),
                }
            }
        }
        Value::Array(list) => list.iter().for_each(|value| scripts(value, found)),
        _ => {}
    }
}

#[test]
fn workflows_keep_the_files_that_a_run_writes() {
    let folder = folder();
    let ended = init(folder.path(), &["--ci", "gitlab", "--ci", "github"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    // What greenlight-verify writes stands in its sources; hooks never link it.
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("../suites/verify/src/output.rs");
    let sources = fs::read_to_string(sources).expect("its sources");
    let (_, list) = sources.split_once("const FILES: [&str; 6] =").expect("its files");
    let (list, _) = list.split_once(';').expect("an end");
    let gitlab = yaml(folder.path(), ".gitlab-ci.yml");
    let github = yaml(folder.path(), ".github/workflows/greenlight.yml");
    let artefacts = &gitlab["greenlight"]["artifacts"];
    assert_eq!(artefacts["reports"]["junit"], "target/greenlight/junit.xml");
    let kept: Vec<&str> = artefacts["paths"].as_array().expect("paths").iter().filter_map(Value::as_str).collect();
    let steps = github["jobs"]["verify"]["steps"].as_array().expect("steps");
    let upload = steps.last().expect("a step")["with"]["path"].as_str().expect("paths");
    assert_eq!(upload.lines().collect::<Vec<_>>(), kept);
    for file in kept.iter().filter_map(|path| path.strip_prefix("target/greenlight/")).filter(|f| !f.ends_with('/')) {
        let written =
            list.contains(&format!("\"{file}\"")) || (file == "report.intoto.jsonl" && list.contains("ATTESTATION"));
        assert!(written, "no run writes {file}");
    }
    assert!(kept.contains(&"target/greenlight/junit.xml"));
}

/// The shell accepts every script, and the one that verifies ends as the checks or the gate do.
#[test]
fn workflows_end_as_the_checks_do() {
    let folder = folder();
    assert_eq!(init(folder.path(), &["--ci", "gitlab", "--ci", "github"]).code, Some(0));
    let bin = folder.path().join("bin");
    fs::create_dir(&bin).expect("made");
    let greenlight = r#"#!/bin/sh
echo "$*" | sed "s| --sign-key .*||" >> called
while [ $# -gt 0 ]; do [ "$1" = --sign-key ] && { stat -c %a "$2"; cat "$2"; } >> called; shift; done
case $(tail -n 1 called) in verify*) exit "${VERIFY-0}" ;; gate*) exit 5 ;; esac
"#;
    fs::write(bin.join("greenlight"), greenlight).expect("written");
    fs::set_permissions(bin.join("greenlight"), fs::Permissions::from_mode(0o755)).expect("executable");
    fs::write(folder.path().join("variable"), "the key\n").expect("written");
    for (file, key) in [(".github/workflows/greenlight.yml", "the key"), (".gitlab-ci.yml", "variable")] {
        let mut found = Vec::new();
        scripts(&yaml(folder.path(), file), &mut found);
        assert!(found.len() >= 2, "{file}: {found:?}");
        for script in &found {
            let syntax = Command::new("bash").args(["-n", "-c", script]).output().expect("bash");
            assert!(syntax.status.success(), "{file}: {}", String::from_utf8_lossy(&syntax.stderr));
        }
        let verify = found.iter().find(|script| script.contains("greenlight verify")).expect("one that verifies");
        let ended = |key: &str, status: &str| {
            let _ = fs::remove_file(folder.path().join("called"));
            let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap_or_default());
            let mut command = Command::new("bash");
            command.args(["-e", "-o", "pipefail", "-c", verify]).current_dir(folder.path());
            command.env("PATH", path).env("RUNNER_TEMP", folder.path()).env("VERIFY", status);
            let status = command.env("GREENLIGHT_SIGN_PEM", key).status().expect("bash");
            (status.code(), fs::read_to_string(folder.path().join("called")).unwrap_or_default())
        };
        let verified = "doctor\nverify --out target/greenlight\n";
        assert_eq!(ended("", "0"), (Some(0), verified.into()), "{file} without a key");
        assert_eq!(ended("", "1"), (Some(1), verified.into()), "{file} with a red check");
        let signed = format!("{verified}600\nthe key\n");
        let asked = format!("{signed}gate --env staging --report target/greenlight/report.json\n");
        assert_eq!(ended(key, "0"), (Some(5), asked), "{file} with a closed gate");
    }
}

#[test]
fn a_half_full_folder_stays_as_it_is_and_every_conflict_is_named() {
    let folder = folder();
    fs::create_dir(folder.path().join("config")).expect("made");
    fs::write(folder.path().join("config/deployment.yaml"), "mine\n").expect("written");
    fs::write(folder.path().join(".gitlab-ci.yml"), "mine too\n").expect("written");
    // A link that leads nowhere would be written through.
    std::os::unix::fs::symlink("nowhere", folder.path().join("config/expected_skips.txt")).expect("linked");
    let before = everything(folder.path());
    let ended = init(folder.path(), &["--ci", "github", "--ci", "gitlab"]);
    assert_eq!(
        (ended.code, ended.out.as_str(), ended.said.as_str()),
        (
            Some(2),
            "",
            "error: these exist already, and nothing was written: ./.gitlab-ci.yml, ./config/deployment.yaml, ./config/expected_skips.txt; name another folder, move them away, or leave out --ci\nexit 2: usage or configuration error\n"
        )
    );
    assert_eq!(everything(folder.path()), before);
    let file = folder.path().join("config/deployment.yaml");
    let ended = init(folder.path(), &[file.to_str().expect("utf-8")]);
    assert!(ended.code == Some(2) && ended.said.contains("deployment.yaml (no folder)"), "{ended:?}");
    assert_eq!(everything(folder.path()), before);
}

/// A disk that is full after the first files, as the kernel has it for a process with a limit.
#[test]
fn a_full_disk_leaves_nothing() {
    let folder = folder();
    let line = format!("trap '' XFSZ; ulimit -f 7; exec {} init new --ci gitlab", env!("CARGO_BIN_EXE_greenlight"));
    let output = Command::new("bash").args(["-c", &line]).current_dir(folder.path()).output().expect("bash");
    let ended = Ended::of(&output);
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(
        ended.said.contains("cannot write new/config/required_checks.txt: ")
            && ended.said.contains("nothing was written"),
        "{ended:?}"
    );
    assert_eq!(everything(folder.path()), BTreeMap::new());
}
