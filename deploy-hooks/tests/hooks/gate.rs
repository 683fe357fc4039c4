//! The gate on the command line: what it says and the status with which it ends.

use crate::world::{World, good, report, report_of, signer};
use greenlight_reports::{Outcome, Signer, attest};
use std::fs;

fn gate(world: &World) -> crate::world::Ended {
    world.run(&["gate", "--env", "staging"])
}

#[test]
fn a_good_report_opens_and_says_by_whom_it_was_signed() {
    let world = World::new();
    let ended = gate(&world);
    let key = signer().verifier().id();
    assert_eq!(
        (ended.code, ended.out),
        (Some(0), format!("gate     OPEN    staging   run k3f9a   signed by {}…\n", &key[..12]))
    );
    assert!(ended.said.ends_with("exit 0: passed\n"), "{}", ended.said);
}

/// The reasons that an operator meets first, with the status of the README's table and the words that help.
#[test]
fn each_reason_has_its_status_and_its_words() {
    type Spoil = fn(&World);
    let cases: [(&str, Spoil, i32, &str); 9] = [
        ("a minute too old", |w| w.report(&good(3660)), 5, "and the policy allows 3600 s: verify again"),
        ("from the future", |w| w.report(&good(-60)), 5, "in the future"),
        (
            "could not find out",
            |w| w.report(&report(60, Outcome::Errored)),
            3,
            "api.a is required and could not be found out",
        ),
        ("skipped", |w| w.report(&report(60, Outcome::Skipped)), 4, "api.a is required and was skipped"),
        ("unsigned", |w| fs::remove_file(w.path("report.intoto.jsonl")).expect("removed"), 5, "--sign-key"),
        ("no report", |w| fs::remove_file(w.path("report.json")).expect("removed"), 5, "cannot read the evidence"),
        (
            "edited",
            |w| w.put("report.json", &w.read("report.json").replace("\"duration_ms\":12", "\"duration_ms\":13")),
            5,
            "the report is not whole",
        ),
        (
            "signed by somebody else",
            |w| {
                let signed = attest(&good(60), &Signer::from_seed([8; 32])).expect("signed");
                fs::write(w.path("report.intoto.jsonl"), signed).expect("written");
            },
            5,
            "under a key that is pinned here",
        ),
        (
            "of another program",
            |w| w.put("deployment.yaml", &w.read("deployment.yaml").replace("b1b1", "c2c2")),
            5,
            "is about to be shipped",
        ),
    ];
    for (name, spoil, code, words) in cases {
        let world = World::new();
        spoil(&world);
        let ended = gate(&world);
        assert_eq!(ended.code, Some(code), "{name}: {ended:?}");
        let words = if name == "signed by somebody else" { "no signature verifies under a pinned key" } else { words };
        assert!(ended.out.contains(words) || ended.said.contains(words), "{name}: no {words:?} in {ended:?}");
        assert!(!ended.out.contains("OPEN"), "{name}: {ended:?}");
    }
}

/// All green, fresh and signed by a pinned key; and no LiveKit was tested.
#[test]
fn a_report_of_the_emulator_never_opens() {
    let world = World::new();
    world.report(&report_of("emulator", 60, Outcome::Passed));
    let ended = gate(&world);
    assert_eq!(ended.code, Some(5), "{ended:?}");
    assert!(ended.out.contains("emulator") && !ended.out.contains("OPEN"), "{ended:?}");
}

#[test]
fn programs_get_the_same_answer() {
    let world = World::new();
    let opened: serde_json::Value =
        serde_json::from_str(&world.run(&["gate", "--env", "staging", "-o", "json"]).out).expect("json");
    assert_eq!((&opened["open"], &opened["exit"], &opened["run_id"]), (&true.into(), &0.into(), &"k3f9a".into()));
    world.report(&good(3660));
    let closed: serde_json::Value =
        serde_json::from_str(&world.run(&["gate", "--env", "staging", "-o", "json"]).out).expect("json");
    assert_eq!((&closed["open"], &closed["exit"]), (&false.into(), &5.into()));
    assert_eq!(closed["refusals"][0]["name"], "stale");
}

#[test]
fn bad_input_is_named_with_its_remedy() {
    let world = World::new();
    let ended = world.run(&["gate", "--env", "prod"]);
    assert_eq!(ended.code, Some(2));
    assert!(ended.said.contains("no environment \"prod\"; it has production, staging"), "{}", ended.said);
    world.put("deployment.yaml", &world.read("deployment.yaml").replace("age_max_s", "age_max"));
    let ended = gate(&world);
    assert_eq!(ended.code, Some(2));
    assert!(ended.said.contains("deployment.yaml") && ended.said.contains("age_max"), "{}", ended.said);
}

#[test]
fn the_self_test_refuses_every_corruption() {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_greenlight")).args(["gate", "--self-test"]).output();
    let output = output.expect("it runs");
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{text}");
    let refused = text.lines().last().expect("a last line");
    let count: usize = refused.split(' ').next().and_then(|word| word.parse().ok()).expect("a number");
    assert!(count >= 60 && refused.contains("refused, 0 not"), "{refused}");
}

/// The signature as OpenSSL sees it: what is signed is built here with base64 and printf's rules, not with our code.
#[test]
fn openssl_verifies_the_signature() {
    use base64::Engine as _;
    let world = World::new();
    let decode = |text: &serde_json::Value| {
        base64::engine::general_purpose::STANDARD.decode(text.as_str().expect("text")).expect("base64")
    };
    for line in world.read("report.intoto.jsonl").lines() {
        let envelope: serde_json::Value = serde_json::from_str(line).expect("json");
        let payload = decode(&envelope["payload"]);
        let message =
            [format!("DSSEv1 28 application/vnd.in-toto+json {} ", payload.len()).into_bytes(), payload].concat();
        fs::write(world.path("message"), message).expect("written");
        fs::write(world.path("signature"), decode(&envelope["signatures"][0]["sig"])).expect("written");
        let mut openssl = std::process::Command::new("openssl");
        openssl.args(["pkeyutl", "-verify", "-pubin", "-rawin"]).arg("-inkey").arg(world.path("pub.pem"));
        openssl.arg("-in").arg(world.path("message")).arg("-sigfile").arg(world.path("signature"));
        let output = openssl.output().expect("openssl");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn keys_are_made_for_their_owner_only_and_never_over_others() {
    use std::os::unix::fs::PermissionsExt as _;
    let world = World::new();
    let keygen = || {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_greenlight"));
        command.args(["keygen", "--out"]).arg(world.path("ci")).output().expect("it runs")
    };
    assert_eq!(keygen().status.code(), Some(0));
    let mode = fs::metadata(world.path("ci.pem")).expect("there").permissions().mode();
    assert_eq!(mode & 0o7777, 0o600);
    let made = world.read("ci.pem");
    let again = keygen();
    assert_eq!(again.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&again.stderr).contains("exists already"));
    assert_eq!(world.read("ci.pem"), made);
    let mut openssl = std::process::Command::new("openssl");
    let output = openssl.args(["pkey", "-pubout", "-in"]).arg(world.path("ci.pem")).output().expect("openssl");
    assert_eq!(String::from_utf8_lossy(&output.stdout), world.read("ci.pub.pem"));
}

#[test]
fn reports_are_shown_compared_and_verified() {
    let world = World::new();
    let file = world.path("report.json");
    let file = file.to_str().expect("utf-8");
    let shown = world.run(&["report", "show", file]);
    assert_eq!(shown.code, Some(0), "{shown:?}");
    assert!(shown.out.contains("PASSED   1 passed, 0 warned, 0 failed"), "{}", shown.out);
    let key = world.path("pub.pem");
    let verified = world.run(&["report", "verify", file, "--key", key.to_str().expect("utf-8")]);
    assert_eq!(verified.code, Some(0), "{verified:?}");
    assert!(verified.out.starts_with("whole and signed   run k3f9a   key "), "{}", verified.out);
    let earlier = world.path("earlier.json");
    fs::copy(file, &earlier).expect("copied");
    world.report(&report(60, Outcome::Errored));
    let diff = world.run(&["report", "diff", earlier.to_str().expect("utf-8"), file]);
    assert_eq!((diff.code, diff.out.as_str()), (Some(1), "NEW RED  api.a\n"));
    assert_eq!(world.run(&["report", "show", file]).code, Some(3));
}
