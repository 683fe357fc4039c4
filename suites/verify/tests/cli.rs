//! The command line as a shell sees it. Nothing here needs an engine, and nothing is started.

#![expect(clippy::expect_used, reason = "a test ends where it can not go on")]

use sha2::{Digest as _, Sha256};
use std::process::{Command, Output};

fn verify(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_greenlight-verify"))
        .args(arguments)
        // An engine that is not there: whatever tries to start something ends with 6.
        .env("DOCKER_HOST", "unix:///nonexistent/docker.sock")
        .current_dir(env!("CARGO_TARGET_TMPDIR"))
        .output()
        .expect("greenlight-verify runs")
}

fn code(arguments: &[&str]) -> (Option<i32>, String) {
    let output = verify(arguments);
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn a_list_names_every_check_and_starts_nothing() {
    let output = verify(&["--list", "--format", "terse"]);
    let text = String::from_utf8(output.stdout).expect("text");
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(text.lines().count(), greenlight_suites::checks().len());
    assert!(text.contains("infrastructure.service_health: test\n"), "{text}");
}

/// What somebody reads who is woken by a red check: claim, harm, fix, proof, source.
#[test]
fn a_check_explains_itself() {
    let output = verify(&["--explain", "auth.expired_token_refused"]);
    let text = String::from_utf8(output.stdout).expect("text");
    assert_eq!(output.status.code(), Some(0));
    for line in [
        "auth.expired_token_refused   an expired token is refused\n",
        "  claim     An expired access token must not open a room.\n",
        "  hurts     A server with a skewed clock would keep letting people in whose access was meant to end.\n",
        "  fix       compare the server's clock with NTP (`timedatectl`); the server forgives 60 s and no more\n",
        "  proven by expired_tokens_accepted, planted in: mutant proxy\n",
        "  source    suites/src/auth/expired_token_refused.rs:",
    ] {
        assert!(text.contains(line), "no {line:?} in:\n{text}");
    }
    let (status, error) = code(&["--explain", "auth.expird_token_refused"]);
    assert_eq!(status, Some(2));
    assert!(error.contains("did you mean \"auth.expired_token_refused\"?"), "{error}");
}

#[test]
fn lists_are_readable_by_people_and_programs() {
    let text = String::from_utf8(verify(&["--list", "--suite", "auth"]).stdout).expect("text");
    assert_eq!(
        text,
        "auth
  auth.valid_token_accepted              a valid token is accepted
  auth.expired_token_refused             an expired token is refused
  auth.wrong_secret_refused              a token with a wrong secret or an unknown key is refused
  auth.tampered_token_refused            a token changed after signing is refused
  auth.other_algorithms_refused          unsigned tokens and other algorithms are refused
  auth.early_token_refused               a token that is not valid yet is refused
  auth.missing_grant_refused             a token does only what it was granted
  auth.no_token_refused                  a call without a token is refused
  auth.other_schemes_refused             only Authorization: Bearer is taken
  auth.text_that_is_no_token_refused     a text that is no token is refused
  auth.token_without_issuer_refused      a token without an issuer is refused
  auth.join_grant_required               only a token that may join may join
  auth.identity_required                 a token without identity is no join
  auth.room_comes_from_the_token         the room is the token's, never the query's
  auth.long_names_refused                identities and rooms beyond 256 bytes are refused
  auth.leeway_of_a_minute                the server forgives clocks a minute, both ways
  auth.endless_tokens                    tokens without an end work today, and are named
  auth.issued_in_future                  a token issued in the future is taken
  auth.room_administration_grants        room administration needs roomAdmin for that room
  auth.agent_dispatch_grants             agent dispatch needs roomAdmin for that room
  auth.room_creation_grant               rooms are made and removed with roomCreate alone
  auth.egress_grants                     recordings need roomRecord
  auth.ingress_grants                    ingress needs ingressAdmin
  auth.sip_admin_grant                   SIP trunks and rules need sip.admin
  auth.sip_call_grant                    SIP calls need sip.call
  auth.refresh_token_keeps_key           a renewed token is signed with the same key
  auth.every_node_takes_the_key          every node takes the key, and no other secret
  auth.application_tokens                the application's own tokens are sound
  auth.drill_key_rotation                keys are rotated node by node
"
    );
    let json = verify(&["--list", "--format", "json", "--tag", "load"]).stdout;
    let list: serde_json::Value = serde_json::from_slice(&json).expect("json");
    let ids: Vec<_> = list.as_array().into_iter().flatten().map(|check| check["id"].as_str()).collect();
    assert_eq!(
        ids,
        [
            Some("api.fifty_calls"),
            Some("signal.fifty_joins_in_parallel"),
            Some("performance.api_response_time"),
            Some("performance.signal_response_time"),
            Some("performance.concurrent_connections"),
            Some("performance.join_storm"),
            Some("performance.resource_use"),
            Some("performance.drill_short_stall")
        ]
    );
}

#[test]
fn unknown_names_offer_the_nearest_and_exit_2() {
    for (arguments, said) in [
        (["--test", "infrastructure.service_helth"], "did you mean \"infrastructure.service_health\"?"),
        (["--suite", "aut"], "did you mean \"auth\"?"),
        (["--tag", "smokey"], "did you mean \"smoke\"?"),
        (["--plant", "redis"], "redis_stopped"),
        (["--target", "mars"], "no target \"mars\""),
        (["--config", "no/such.yaml"], "cannot read no/such.yaml"),
        (["--token-file", "no/such.txt"], "cannot read the tokens in no/such.txt"),
        (["--token-file", "/dev/null"], "there is no token in /dev/null; name a file with one token a line"),
        (["--retries", "many"], "invalid value 'many'"),
    ] {
        let (exit, stderr) = code(&arguments);
        assert_eq!(exit, Some(2), "{arguments:?}: {stderr}");
        assert!(stderr.contains(said), "{arguments:?}: {stderr}");
    }
}

/// A baseline with nothing in it, of a deployment at its address: canonical JSON and its SHA-256, as the run writes it.
fn baseline_of_a_deployment() -> String {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let baseline = format!(
        r#"{{"ended":"2026-11-24T00:00:00Z","format":1,"processors":{processors},"profile":"dev","run_id":"abc","samples":[],"target":"url","tool":"{}","url":"wss://a.example"}}"#,
        env!("CARGO_PKG_VERSION")
    );
    let sum: String = Sha256::digest(&baseline).iter().map(|byte| format!("{byte:02x}")).collect();
    format!(r#"{{"baseline":{baseline},"sha256":"{sum}"}}"#)
}

/// Files that a run is given are looked at before anything is started, and no line of them is repeated.
#[test]
fn a_livekit_yaml_or_a_baseline_that_is_of_no_use_exits_2() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("written");
        path.display().to_string()
    };
    let good = file("livekit.yaml", "redis: {address: 'r:6379'}\nkeys: {APIa: hidden-secret}\n");
    let torn = file("torn.yaml", "keys:\n  APIa: [hidden-secret\n");
    let alone = file("alone.yaml", "keys: {APIa: hidden-secret}\nroom: {empty_timeout: 3}\n");
    let shipped = include_str!("../../../config/staging_tests.yaml");
    let compares = shipped.replace("p(50) < 200ms'", "p(50) < 200ms, vs baseline +10%'");
    assert_ne!(compares, shipped);
    let compares = file("compares.yaml", &compares);
    let missing = folder.path().join("none").display().to_string();
    let elsewhere = file("baseline.json", &baseline_of_a_deployment());
    let by_url = ["--url", "wss://127.0.0.1:1", "--api-key", "a", "--api-secret", "b"];
    let performance = ["--suite", "performance"];
    for (arguments, says) in [
        (vec!["--livekit-config", &missing], "cannot read the livekit.yaml"),
        (vec!["--livekit-config", &torn], "line 2: unclosed bracket"),
        (vec!["--livekit-config", &alone], "names no Redis"),
        (vec!["--livekit-config", &good, "--plant", "redis_stopped"], "leave it out"),
        (
            vec!["--livekit-config", &good, "--url", "ws://127.0.0.1:1", "--api-key", "a", "--api-secret", "b"],
            "leave it out",
        ),
        ([&performance[..], &["--config", &compares]].concat(), "record one with --record-baseline FILE"),
        ([&performance[..], &["--config", &compares, "--baseline", &missing]].concat(), "cannot read the baseline"),
        ([&performance[..], &["--config", &compares, "--baseline", &good]].concat(), "is no baseline of this version"),
        (
            [&performance[..], &["--config", &compares, "--baseline", &elsewhere]].concat(),
            "was measured on a target of the kind url, and this run is on containers",
        ),
        ([&performance[..], &["--baseline", &good]].concat(), "no threshold compares with it"),
        // No certificate: nobody would be trusted more than before, and nobody told.
        ([&by_url[..], &["--ca", &good]].concat(), "there is no certificate in"),
        ([&by_url[..], &["--ca", &missing]].concat(), "cannot read the CA certificates"),
        (vec!["--tag", "smoke", "--record-baseline", &missing], "no selected check loads the target"),
    ] {
        let (status, error) = code(&arguments);
        assert_eq!(status, Some(2), "{arguments:?}: {error}");
        assert!(error.contains(says) && !error.contains("hidden-secret"), "{arguments:?}: {error}");
    }
    // The same, with nothing wrong: what is missing then is the engine.
    assert_eq!(code(&["--livekit-config", &good]).0, Some(6));
}

#[test]
fn an_empty_selection_exits_4() {
    let (exit, stderr) = code(&["--suite", "auth", "--tag", "load"]);
    assert_eq!(exit, Some(4), "{stderr}");
    assert!(stderr.ends_with("exit 4: nothing, or not everything required, ran\n"), "{stderr}");
}

#[test]
fn a_missing_engine_exits_6_and_names_the_fix() {
    let folder = tempfile::tempdir().expect("folder");
    let (exit, stderr) = code(&["--target", "containers", "--out", &folder.path().display().to_string()]);
    assert_eq!(exit, Some(6), "{stderr}");
    assert!(stderr.contains("no container engine answers") && stderr.contains("docker info"), "{stderr}");
}

#[test]
fn an_output_folder_that_can_not_be_written_is_found_before_anything_starts() {
    let (exit, stderr) = code(&["--out", "/proc/greenlight"]);
    assert_eq!(exit, Some(2), "{stderr}");
    assert!(
        stderr.contains("cannot create the output folder /proc/greenlight") && stderr.contains("--out"),
        "{stderr}"
    );
}

#[test]
fn a_report_of_an_earlier_run_does_not_survive_a_run_that_fails_to_start() {
    let folder = tempfile::tempdir().expect("folder");
    let report = folder.path().join("report.json");
    std::fs::write(&report, "an old verdict").expect("written");
    let (exit, stderr) = code(&["--target", "containers", "--out", &folder.path().display().to_string()]);
    assert_eq!(exit, Some(6), "{stderr}");
    assert!(!report.exists(), "the old report is still there");
}

#[test]
fn a_token_on_the_command_line_is_not_repeated() {
    let (exit, stderr) = code(&["--target", "eyJhbGciOiJIUzI1NiJ9.eyJhIjoxfQ.abc"]);
    assert_eq!(exit, Some(2), "{stderr}");
    assert!(stderr.contains("[token]") && !stderr.contains("eyJ"), "{stderr}");
}
