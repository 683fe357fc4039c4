//! What may happen to a deploy or a served gate from outside: each of these has once gone wrong.

use crate::world::{PROGRAM, World, good, report, signer};
use greenlight_reports::{Outcome, attest, json};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Command, Stdio};

fn kill_at(world: &World, moment: &str, more: &[&str]) {
    world.put("there/kill", moment);
    let arguments = [&["deploy", "--env", "staging"], more].concat();
    let killed = world.command(&arguments).stderr(Stdio::null()).status().expect("it runs");
    assert_eq!(killed.code(), None, "{moment}");
    std::fs::File::open(world.path("state/staging/lock")).expect("a lock").lock().expect("let go");
}

/// Traffic was moved back by hand while the deploy was down; `resume` removes the colour that has it.
#[test]
fn resume_does_not_remove_the_colour_that_has_the_traffic() {
    let world = World::new();
    kill_at(&world, "watch after", &[]);
    world.put("there/active", "blue\n");
    let ended = world.run(&["deploy", "resume", "--env", "staging"]);
    let active = world.read("there/active");
    assert!(world.path("there").join(active.trim()).exists(), "{active:?} has the traffic and is gone: {ended:?}");
}

/// The new colour was replaced while the deploy was down.
#[test]
fn resume_does_not_switch_to_a_colour_that_runs_something_else_by_now() {
    let world = World::new();
    kill_at(&world, "verify after", &[]);
    world.put("there/green", "program_sha256 ffff\n");
    let ended = world.run(&["deploy", "resume", "--env", "staging"]);
    assert_ne!(world.read("there/active"), "green\n", "{ended:?}");
}

/// Two nodes, of which one runs something else.
#[test]
fn a_colour_of_which_one_node_runs_something_else_gets_nothing() {
    let world = World::new();
    world.put("there/ships", &format!("{PROGRAM}\nprogram_sha256 {}", "f".repeat(64)));
    let ended = world.run(&["deploy", "--env", "staging"]);
    assert_ne!(world.read("there/active"), "green\n", "{ended:?}");
}

/// A journal with a torn last line is what a crash leaves.
#[test]
fn status_sees_a_deploy_whose_last_line_is_torn() {
    let world = World::new();
    kill_at(&world, "switch after", &[]);
    world
        .put("state/staging/journal.jsonl", &format!("{}{{\"record\":\"do", world.read("state/staging/journal.jsonl")));
    let ended = world.run(&["deploy", "status", "--env", "staging"]);
    assert!(ended.out.contains("is under way"), "{ended:?}");
}

/// A person is needed, and the status says something else because the audit log can't be written.
#[test]
fn a_broken_audit_log_does_not_hide_how_a_deploy_ended() {
    let world = World::new();
    let driver = world.read("driver");
    world.put("driver", &driver.replace("drain) : ;;", "drain) echo broken >> ../state/audit.jsonl; exit 1 ;;"));
    let ended = world.run(&["deploy", "--env", "staging"]);
    assert_eq!(ended.code, Some(8), "{ended:?}");
}

/// And a deploy that ended all new has no state.
#[test]
fn a_broken_audit_log_does_not_lose_the_state() {
    let world = World::new();
    let driver = world.read("driver");
    world.put("driver", &driver.replace("drain) : ;;", "drain) echo broken >> ../state/audit.jsonl ;;"));
    let ended = world.run(&["deploy", "--env", "staging"]);
    assert!(world.is_all_new());
    assert!(world.read("state/staging/state.json").contains("green"), "{ended:?}");
}

/// Nobody reads the result of a deploy that has moved everything; 1 to 6 mean that nothing was begun.
#[test]
fn a_result_that_nobody_reads_does_not_change_the_status() {
    let world = World::new();
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("/dev/full");
    let status = world.command(&["deploy", "--env", "staging"]).stdout(full).status().expect("it runs");
    assert!(world.is_all_new());
    assert_eq!(status.code(), Some(0));
}

/// The reader of standard error goes away in the middle.
#[test]
fn a_deploy_survives_the_end_of_its_reader() {
    let world = World::new();
    let mut child = world.command(&["deploy", "--env", "staging"]).stderr(Stdio::piped()).spawn().expect("it runs");
    let mut lines = BufReader::new(child.stderr.take().expect("stderr"));
    lines.read_line(&mut String::new()).expect("a line");
    drop(lines);
    assert_eq!(child.wait().expect("ended").code(), Some(0), "active {}", world.read("there/active"));
}

/// F8: `abort` of a deploy that has started nothing.
#[test]
fn abort_before_the_start_removes_nothing() {
    let world = World::new();
    world.put("there/green", "a standby of the operator\n");
    kill_at(&world, "check before", &[]);
    let ended = world.run(&["deploy", "abort", "--env", "staging"]);
    assert!(world.path("there/green").exists(), "{ended:?}");
}

/// F9: `resume` knows nothing of `--report`.
#[test]
fn resume_asks_about_the_report_with_which_the_deploy_began() {
    let world = World::new();
    for (file, bytes) in [
        ("other.json", json(&good(60)).expect("json")),
        ("other.intoto.jsonl", attest(&good(60), &signer()).expect("s")),
    ] {
        std::fs::write(world.path(file), bytes).expect("written");
    }
    let other = good(60);
    std::fs::write(world.path("other.json"), json(&other).expect("json")).expect("written");
    std::fs::write(world.path("other.intoto.jsonl"), attest(&other, &signer()).expect("signed")).expect("written");
    world.report(&report(60, Outcome::Errored));
    let path = world.path("other.json");
    kill_at(&world, "verify after", &["--report", path.to_str().expect("utf-8")]);
    let ended = world.run(&["deploy", "resume", "--env", "staging"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
}

/// Traffic was moved by a switch that then failed; 1 means that nothing was begun.
#[test]
fn a_switch_by_hand_that_failed_half_way_says_so() {
    let world = World::new();
    world.put("there/green", &format!("program_sha256 {PROGRAM}\n"));
    let driver = world.read("driver");
    world.put("driver", &driver.replace("mv active.new active ;;", "mv active.new active; exit 1 ;;"));
    let ended = world.run(&["deploy", "switch", "green", "--env", "staging"]);
    // It was taken back, by a line that fails just so: a person is needed.
    assert_eq!((ended.code, world.read("there/active").as_str()), (Some(8), "blue\n"), "{ended:?}");
}

/// The secret of LiveKit's own variable.
#[test]
fn the_secret_inside_livekit_keys_is_not_printed() {
    let world = World::new();
    let driver = world.read("driver");
    world.put(
        "driver",
        &driver.replace("verify|watch) test", "verify|watch) echo \"${LIVEKIT_KEYS#*: }\" >&2; exit 1; test"),
    );
    let mut command = world.command(&["deploy", "--env", "staging"]);
    let ended = command.env("LIVEKIT_KEYS", "APIabc: a-secret-of-livekit-32-letters").output().expect("it runs");
    let out = format!("{}{}", String::from_utf8_lossy(&ended.stdout), world.all_text());
    assert!(!out.contains("a-secret-of-livekit"), "{out}");
}

/// The soak of an operator who means for ever.
#[test]
fn a_long_soak_is_no_panic() {
    let world = World::new();
    let text =
        world.read("deployment.yaml").replacen("    driver:", "    soak_s: 18446744073709551615\n    driver:", 1);
    world.put("deployment.yaml", &text);
    // Either refused at once, or it watches; it must not end by itself behind the switch.
    let mut child = world.command(&["deploy", "--env", "staging"]).stderr(Stdio::piped()).spawn().expect("it runs");
    let mut said = String::new();
    let mut lines = BufReader::new(child.stderr.take().expect("stderr"));
    while lines.read_line(&mut said).expect("read") > 0 && !world.read("there/said").contains("watch green") {}
    let _ = child.kill();
    let _ = lines.read_to_string(&mut said);
    child.wait().expect("ended");
    assert!(!said.contains("panicked"), "{said}");
}

/// A policy that was tightened is not asked.
#[test]
fn a_served_gate_reads_its_configuration_anew() {
    let world = World::new();
    let token = "a-token-that-is-long-enough";
    let mut command = world.command(&["gate", "serve", "--env", "staging", "--listen", "127.0.0.1:0"]);
    let mut child = command.env("GREENLIGHT_GATE_TOKEN", token).stderr(Stdio::piped()).spawn().expect("it runs");
    let mut line = String::new();
    BufReader::new(child.stderr.take().expect("stderr")).read_line(&mut line).expect("a line");
    let address = line.split("http://").nth(1).and_then(|rest| rest.split('/').next()).expect("an address");
    world.put("deployment.yaml", &world.read("deployment.yaml").replace("b1b1", "c2c2"));
    let mut stream = std::net::TcpStream::connect(address).expect("connected");
    write!(stream, "GET /gate HTTP/1.1\r\nhost: g\r\nconnection: close\r\nauthorization: Bearer {token}\r\n\r\n")
        .expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    let _ = child.kill();
    let _ = child.wait();
    assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
}

/// A client that says half a request keeps the server from ending.
#[test]
fn a_served_gate_ends_at_sigterm_though_a_client_says_nothing() {
    let world = World::new();
    let mut command = world.command(&["gate", "serve", "--env", "staging", "--listen", "127.0.0.1:0"]);
    let mut child = command
        .env("GREENLIGHT_GATE_TOKEN", "a-token-that-is-long-enough")
        .stderr(Stdio::piped())
        .spawn()
        .expect("runs");
    let mut line = String::new();
    let mut lines = BufReader::new(child.stderr.take().expect("stderr"));
    lines.read_line(&mut line).expect("a line");
    let address = line.split("http://").nth(1).and_then(|rest| rest.split('/').next()).expect("an address");
    let mut stream = std::net::TcpStream::connect(address).expect("connected");
    stream.write_all(b"GET /gate HT").expect("sent");
    // A second connection that is answered: the first was taken before it.
    let mut second = std::net::TcpStream::connect(address).expect("connected");
    second.write_all(b"GET /healthz HTTP/1.1\r\nhost: g\r\nconnection: close\r\n\r\n").expect("sent");
    second.read_to_string(&mut String::new()).expect("answered");
    let pid = child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().expect("kill").success());
    // Standard error ends with the process.
    let (told, hears) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let ended = lines.read_to_string(&mut String::new());
        let _ = told.send(ended);
    });
    let gone = hears.recv_timeout(std::time::Duration::from_secs(10)).is_ok();
    let _ = child.kill();
    let _ = child.wait();
    assert!(gone, "still there after 10 s");
}

/// A line of the audit log without its line feed is whole for `verify` and nothing for `append`.
#[test]
fn what_verify_calls_whole_is_not_taken_out() {
    let world = World::new();
    assert_eq!(world.run(&["deploy", "--env", "staging"]).code, Some(0));
    let text = world.read("state/audit.jsonl");
    let lines = text.lines().count();
    world.put("state/audit.jsonl", text.trim_end());
    let audit = world.path("state/audit.jsonl");
    let verify = Command::new(env!("CARGO_BIN_EXE_greenlight")).args(["audit", "verify"]).arg(&audit).output();
    let whole = verify.expect("it runs").status.code() == Some(0);
    world.put("there/broken", "check");
    world.run(&["deploy", "--env", "staging"]);
    let kept = world.read("state/audit.jsonl").contains(text.lines().last().expect("a line"));
    assert!(!whole || kept, "verify called {lines} lines whole, and append took out the last");
}

/// What the first deploy leaves when it is red after the switch.
#[test]
fn a_first_deploy_that_is_rolled_back_does_not_leave_traffic_with_what_was_removed() {
    let world = World::new();
    world.put("there/active", "none\n");
    std::fs::remove_file(world.path("there/blue")).expect("removed");
    world.put("there/broken", "watch");
    let ended = world.run(&["deploy", "--env", "staging"]);
    let active = world.read("there/active");
    assert!(active == "none\n" || world.path("there").join(active.trim()).exists(), "{active:?}: {ended:?}");
}
