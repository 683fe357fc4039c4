//! Repository rules. `cargo xtask tidy` runs only these; `cargo test` runs them with everything else.

#![expect(clippy::expect_used, reason = "a test ends where it can not go on")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().expect("the repository")
}

fn tracked(pattern: &str) -> Vec<PathBuf> {
    let output = Command::new("git").args(["ls-files", pattern]).current_dir(root()).output().expect("git");
    let list = String::from_utf8(output.stdout).expect("paths");
    list.lines().map(PathBuf::from).collect()
}

/// Who may use whom inside the workspace. Whatever is not listed is forbidden.
const ALLOWED: &[(&str, &[&str])] = &[
    ("greenlight-reports", &[]),
    ("greenlight-config", &[]),
    ("greenlight-clients", &[]),
    ("greenlight-media", &["greenlight-clients"]),
    ("greenlight-load", &["greenlight-clients"]),
    (
        "greenlight-harness",
        &["greenlight-reports", "greenlight-config", "greenlight-clients", "greenlight-media", "greenlight-load"],
    ),
    ("greenlight-emulator", &[]),
    ("greenlight-fixtures", &["greenlight-emulator", "greenlight-harness"]),
    ("greenlight-suites", &["greenlight-harness"]),
    ("greenlight-verify", &["greenlight-emulator", "greenlight-fixtures", "greenlight-harness", "greenlight-suites"]),
    ("greenlight-deploy-hooks", &["greenlight-reports", "greenlight-config", "greenlight-clients"]),
    ("xtask", &[]),
];

/// What a crate must never reach, directly: the leaf stays a leaf, and checks never build their world.
const FORBIDDEN: &[(&str, &[&str])] = &[
    ("greenlight-reports", &["tokio", "reqwest", "testcontainers", "bollard"]),
    ("greenlight-config", &["tokio", "reqwest"]),
    ("greenlight-harness", &["testcontainers", "bollard"]),
    ("greenlight-suites", &["testcontainers", "bollard", "reqwest", "redis"]),
    ("greenlight-deploy-hooks", &["testcontainers", "libtest-mimic"]),
];

fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--locked"])
        .current_dir(root())
        .output()
        .expect("cargo metadata");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).expect("json");
    let packages = metadata["packages"].as_array().expect("packages");
    packages
        .iter()
        .map(|package| {
            let text = |value: &serde_json::Value| value.as_str().expect("a name").to_owned();
            // Tests of a crate may use more than the crate itself.
            let normal = package["dependencies"].as_array().expect("a list").iter().filter(|d| d["kind"].is_null());
            (text(&package["name"]), normal.map(|dependency| text(&dependency["name"])).collect())
        })
        .collect()
}

#[test]
fn crates_use_only_what_they_may() {
    let actual = dependencies();
    let allowed: BTreeMap<&str, &[&str]> = ALLOWED.iter().copied().collect();
    assert_eq!(actual.keys().map(String::as_str).collect::<BTreeSet<_>>(), allowed.keys().copied().collect());
    for (package, uses) in &actual {
        let ours: BTreeSet<&str> = uses.iter().map(String::as_str).filter(|name| actual.contains_key(*name)).collect();
        let may: BTreeSet<&str> = allowed[package.as_str()].iter().copied().collect();
        assert!(ours.is_subset(&may), "{package} uses {:?}", ours.difference(&may).collect::<Vec<_>>());
    }
    for (package, never) in FORBIDDEN {
        for name in *never {
            assert!(!actual[*package].contains(*name), "{package} uses {name}");
        }
    }
}

/// Versions and their reasons stand once, in the root manifest.
#[test]
fn every_dependency_is_declared_at_the_root_with_a_reason() {
    for manifest in tracked("*/Cargo.toml") {
        let text = fs::read_to_string(root().join(&manifest)).expect("a manifest");
        let mut inside = false;
        for line in text.lines() {
            if line.starts_with('[') {
                inside = line.contains("dependencies]");
            } else if inside && !line.is_empty() && !line.starts_with('#') {
                assert!(line.ends_with(".workspace = true"), "{}: {line}", manifest.display());
            }
        }
        assert!(text.contains("[lints]\nworkspace = true"), "{} has lints of its own", manifest.display());
    }
    let text = fs::read_to_string(root().join("Cargo.toml")).expect("the root manifest");
    let (_, rest) = text.split_once("[workspace.dependencies]\n").expect("a section");
    let (section, _) = rest.split_once("\n[").expect("an end");
    let mut reason = false;
    for line in section.lines() {
        match line {
            "" => reason = false,
            line if line.starts_with('#') => reason = true,
            line => assert!(reason, "{line}: say above it why it is there"),
        }
    }
}

/// Words that have no place in our sources, with what to do instead.
const BANNED: &[(&str, &str)] = &[
    ("thread::sleep", "wait for a condition with a deadline"),
    ("time::sleep(", "wait for a condition with a deadline"),
    ("#[ignore]", "a runtime skip with a reason"),
    ("process::exit(", "return an exit code, so that values are dropped"),
    ("serde(flatten)", "name the fields: flatten loses positions and unknown keys"),
    ("serde(untagged)", "a tag: untagged hides what was wrong"),
    ("static mut ", "a value that somebody owns"),
];

#[test]
fn banned_words_stay_out() {
    for file in tracked("*.rs") {
        if file.ends_with("xtask/tests/tidy.rs") {
            continue;
        }
        let text = fs::read_to_string(root().join(&file)).expect("a source file");
        for (number, line) in text.lines().enumerate() {
            for (word, instead) in BANNED {
                assert!(!line.contains(word), "{}:{}: {word}; instead: {instead}", file.display(), number + 1);
            }
        }
    }
}

#[test]
fn tables_of_contents_hold_no_logic() {
    for file in tracked("*/mod.rs") {
        let text = fs::read_to_string(root().join(&file)).expect("a source file");
        let shared = file.ends_with("containers/mod.rs");
        assert!(shared || !text.contains("fn "), "{} holds functions", file.display());
    }
}

#[test]
fn every_source_file_says_what_it_is() {
    for file in tracked("*.rs") {
        let text = fs::read_to_string(root().join(&file)).expect("a source file");
        assert!(text.starts_with("//! "), "{} has no module documentation", file.display());
    }
}

/// Documents show what a run prints and what sees what; a renamed check must not leave them behind.
#[test]
fn documents_name_existing_checks() {
    for (document, at_least) in [
        ("README.md", 3),
        ("docs/failure-modes.md", 30),
        ("docs/trust.md", 100),
        ("harness/config/data/measured.json", 2),
    ] {
        let text = fs::read_to_string(root().join(document)).expect("a document");
        let mut named = 0;
        for word in text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '.')) {
            let Some((suite, check)) = word.split_once('.') else {
                continue;
            };
            let folder = root().join("suites/src").join(suite);
            // `performance.md` and `sip.yaml` are files that are called like a suite.
            if !suite.is_empty() && !matches!(check, "md" | "yaml") && folder.is_dir() {
                let check = check.trim_end_matches('.');
                assert!(folder.join(format!("{check}.rs")).exists(), "{document} names {word}");
                named += 1;
            }
        }
        assert!(named >= at_least, "{document} names {named} checks");
    }
}

/// What the repository says has been seen red must be about the checks that it has: each has a row in which it failed.
#[test]
fn every_check_has_been_seen_to_fail() {
    let text = fs::read_to_string(root().join("docs/trust.json")).expect("docs/trust.json");
    let record: serde_json::Value = serde_json::from_str(&text).expect("json");
    let rows = record["rows"].as_array().expect("rows");
    let failed: BTreeSet<&str> =
        rows.iter().filter(|row| row["outcome"] == "failed").filter_map(|row| row["check"].as_str()).collect();
    for file in tracked("suites/src/*/*.rs") {
        let (suite, name) = (file.parent().and_then(Path::file_name), file.file_stem());
        let (Some(suite), Some(name)) = (suite, name) else { continue };
        let id = format!("{}.{}", suite.to_string_lossy(), name.to_string_lossy());
        assert!(name == "mod" || failed.contains(id.as_str()), "{id} has no row in docs/trust.json in which it failed");
    }
}
