//! The emulator held to what the real server was recorded to answer, and a run on it. Nothing here needs an engine.

#![expect(clippy::expect_used, reason = "a test ends where it can not go on")]
#![expect(clippy::print_stdout, reason = "how much was compared is to be read in the test's output")]

use greenlight_verify::{Held, Line, SELF_TEST, hold, shipped};
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output};

/// So many checks can run on the emulator. More is welcome, and a smaller number is not noticed by anybody else.
const CHECKS_MIN: usize = 46;
/// And so many exchanges are compared.
const COMPARED_MIN: usize = 300;

fn held(recording: &[Line]) -> Held {
    greenlight_harness::clients::install_crypto_provider();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(hold(recording)).expect("an emulator that answers")
}

/// Every recorded exchange is said again. What the emulator knows it must answer as the real server did; what it does
/// not know, it must say that it does not.
#[test]
fn the_emulator_answers_as_the_real_server_was_recorded() {
    let recording = shipped().expect("a recording");
    let held = held(&recording);
    for (check, reason) in &held.beyond {
        println!("beyond the emulator: {check}: {reason}");
    }
    println!(
        "{} compared of {} sent; {} checks as recorded, {} beyond the emulator",
        held.compared,
        held.sent,
        held.same.len(),
        held.beyond.len()
    );
    assert!(held.other.is_empty(), "other answers than LiveKit's: {:#?}", held.other);
    assert!(held.same.len() >= CHECKS_MIN, "only {} checks are as recorded", held.same.len());
    assert!(held.compared >= COMPARED_MIN, "only {} exchanges were compared", held.compared);
}

/// The proof that the test above can fail: each of these is what a wrong emulator would look like.
#[test]
fn another_status_code_or_key_is_seen() {
    let text = serde_json::to_string(&shipped().expect("a recording")).expect("json");
    for (recorded, other) in [
        ("\"status\":401", "\"status\":403"),
        ("\"code\":\"unauthenticated\"", "\"code\":\"permission_denied\""),
        ("\"turn_password\"", "\"turnPassword\""),
        ("\"kind\":\"register\"", "\"kind\":\"registered\""),
    ] {
        assert!(text.contains(recorded), "nothing to change: no {recorded}");
        let changed: Vec<Line> = serde_json::from_str(&text.replace(recorded, other)).expect("lines");
        assert!(!held(&changed).other.is_empty(), "{other} for {recorded} was not seen");
    }
}

/// Nothing in the recording lives: no token, no address, no secret.
#[test]
fn the_recording_holds_no_token() {
    let text = serde_json::to_string(&shipped().expect("a recording")).expect("json");
    assert!(!text.contains("eyJ") && !text.contains("ice-pwd"), "a token or a password stands in the recording");
    assert!(text.contains("<token 0>") && text.contains("\"signed\":\"key\""));
    assert!(text.len() < 1_000_000, "{} bytes", text.len());
}

/// Without what a CI system sets.
fn as_on_a_laptop(command: &mut Command) {
    for name in ["CI", "LIVEKIT_URL", "GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY", "GITLAB_CI", "TF_BUILD", "JENKINS_URL"] {
        command.env_remove(name);
    }
    for name in ["BUILD_ID", "TEAMCITY_VERSION", "CODEBUILD_BUILD_ID", "bamboo_buildKey", "KUBERNETES_SERVICE_HOST"] {
        command.env_remove(name);
    }
}

fn verify(arguments: &[&str], ci: Option<&str>, out: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_greenlight-verify"));
    command.args(arguments).arg("--out").arg(out);
    as_on_a_laptop(&mut command);
    // An engine that is not there.
    command.env("DOCKER_HOST", "unix:///nonexistent/docker.sock").current_dir(env!("CARGO_TARGET_TMPDIR"));
    if let Some(ci) = ci {
        command.env("CI", ci);
    }
    command.output().expect("greenlight-verify runs")
}

/// What somebody sees on a laptop without Docker: that it was no LiveKit, what ran, what did not, and what to do next.
#[test]
fn without_an_engine_a_first_run_is_headed_and_passes() {
    let folder = tempfile::tempdir().expect("folder");
    let output = verify(&[], None, folder.path());
    let (text, told) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(0), "{text}\n{told}");
    assert_eq!(text.lines().next(), Some("SELF-TEST: no LiveKit was tested"), "{text}");
    assert!(told.contains("no container engine answers"), "{told}");
    assert!(text.contains("\nnot seen ") && text.contains("cargo xtask images") && text.contains("--url"), "{text}");
    let report: Value =
        serde_json::from_slice(&std::fs::read(folder.path().join("report.json")).expect("a report")).expect("json");
    assert_eq!(report["header"]["target"]["kind"], "emulator");
    let page = std::fs::read_to_string(folder.path().join("index.html")).expect("a page");
    assert!(page.contains(SELF_TEST));
}

#[test]
fn with_ci_set_the_emulator_is_never_enough() {
    let folder = tempfile::tempdir().expect("folder");
    for (arguments, said) in
        [(&[][..], "no container engine answers"), (&["--target", "emulator", "--suite", "auth"], "and CI is set")]
    {
        let output = verify(arguments, Some("true"), folder.path());
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(6), "{arguments:?}: {told}");
        assert!(told.contains(said), "{arguments:?}: {told}");
    }
}

/// Who signs or compares means a server, wherever it runs.
#[test]
fn what_is_evidence_never_comes_from_the_emulator() {
    let folder = tempfile::tempdir().expect("folder");
    for arguments in [&["--profile", "smoke"][..], &["--record-baseline", "base.json", "--suite", "performance"]] {
        let output = verify(arguments, None, folder.path());
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(6), "{arguments:?}: {told}");
    }
}

/// A disk of this many kilobytes, in a mount namespace of its own, so that it goes with the process. What lies on it at the
/// end is copied.
fn on_a_small_disk(kilobytes: u32, copied: &Path) -> Output {
    let script = "mount -t tmpfs -o size=$1k tmpfs \"$2\" || exit 99; \"$3\" --target emulator --out \"$2\"; code=$?; cp -r \"$2\"/. \"$4\"; exit $code";
    let disk = tempfile::tempdir().expect("folder");
    let mut command = Command::new("unshare");
    command.args(["--mount", "sh", "-c", script, "sh", &kilobytes.to_string()]);
    command.arg(disk.path()).arg(env!("CARGO_BIN_EXE_greenlight-verify")).arg(copied);
    as_on_a_laptop(&mut command);
    command.output().expect("unshare runs")
}

/// Wherever the disk is full: no pass, the file and the remedy are named, and a report is there whole or not at all.
#[test]
fn a_full_disk_is_named_and_leaves_no_half_report() {
    let mount = ["--mount", "sh", "-c", "mount -t tmpfs -o size=8k tmpfs /mnt"];
    if !Command::new("unshare").args(mount).output().is_ok_and(|said| said.status.success()) {
        println!("NOTHING IS TESTED: nobody may mount a disk of its own here");
        return;
    }
    let (mut full, mut whole) = (0, 0);
    for kilobytes in [8, 40, 100, 200, 300, 400, 600, 1000, 20_000] {
        let copied = tempfile::tempdir().expect("folder");
        let output = on_a_small_disk(kilobytes, copied.path());
        let told = String::from_utf8_lossy(&output.stderr);
        let report = std::fs::read(copied.path().join("report.json"));
        if let Ok(bytes) = &report {
            greenlight_harness::reports::open(bytes)
                .unwrap_or_else(|error| panic!("half a report of {kilobytes} kB: {error}"));
        }
        match output.status.code() {
            Some(0) => {
                assert!(report.is_ok(), "passed without a report: {told}");
                whole += 1;
            }
            Some(2 | 3) => {
                let errors: Vec<&str> = told.lines().filter(|line| line.starts_with("error: ")).collect();
                assert!(
                    errors.len() == 1 && errors[0].contains("No space left on device") && errors[0].contains("--out"),
                    "{kilobytes} kB: {told}"
                );
                full += 1;
            }
            other => panic!("{kilobytes} kB ended with {other:?}: {told}"),
        }
    }
    assert!(full >= 4 && whole >= 1, "{full} full disks and {whole} that were not");
}
