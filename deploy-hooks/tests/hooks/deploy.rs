//! Deploys with the operator's command lines on an environment made of files, and `kill -9` in the middle of them.

use crate::world::{PROGRAM, World, good};
use std::process::Stdio;

fn deploy(world: &World) -> crate::world::Ended {
    world.run(&["deploy", "--env", "staging"])
}

/// What was done, without the questions who is active.
fn said(world: &World) -> String {
    let said = world.read("there/said");
    said.lines().filter(|line| !line.starts_with("active")).map(str::trim).collect::<Vec<_>>().join(", ")
}

#[test]
fn a_good_deploy_moves_the_traffic_and_leaves_its_records() {
    let world = World::new();
    let ended = deploy(&world);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.out.starts_with("NEW      green has the traffic of staging"), "{}", ended.out);
    assert!(world.is_all_new());
    assert_eq!(
        said(&world),
        "check, start green, identify green, verify green, identify green, switch green, watch green, drain blue, remove blue"
    );
    let status = world.run(&["deploy", "status", "--env", "staging"]);
    assert!(status.out.contains("state    green since") && status.out.contains("lock     free"), "{}", status.out);
    assert!(status.out.contains(" has ended, all new\n"), "{}", status.out);
    let state: serde_json::Value = serde_json::from_str(&world.read("state/staging/state.json")).expect("json");
    assert_eq!((&state["active"], &state["runs"][0]), (&"green".into(), &format!("program_sha256 {PROGRAM}").into()));
    let audit = world.path("state/audit.jsonl");
    let verified =
        std::process::Command::new(env!("CARGO_BIN_EXE_greenlight")).args(["audit", "verify"]).arg(&audit).output();
    assert_eq!(verified.expect("it runs").status.code(), Some(0));
    let changed = world.read("state/audit.jsonl").replacen("switch", "swatch", 1);
    world.put("state/audit.jsonl", &changed);
    let verified =
        std::process::Command::new(env!("CARGO_BIN_EXE_greenlight")).args(["audit", "verify"]).arg(&audit).output();
    assert_eq!(verified.expect("it runs").status.code(), Some(5));
}

/// `lk` and `greenlight-verify` read LIVEKIT_URL: a line that runs them tests the colour it is called for, whatever the
/// operator's shell points at.
#[test]
fn verify_and_watch_are_told_where_the_colour_is_if_it_is_known() {
    let world = World::new();
    let deploy = || {
        let mut command = world.command(&["deploy", "--env", "staging"]);
        let output = command.env("LIVEKIT_URL", "ws://of.the.shell").output().expect("it runs");
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        world.read("there/told")
    };
    assert_eq!(deploy(), "verify  ws://of.the.shell \nwatch  ws://of.the.shell \n");
    world.put("there/told", "");
    let urls = "      command:\n        urls: {blue: \"http://10.0.0.1:7880\", green: \"http://10.0.0.2:7880\"}\n";
    world.put("deployment.yaml", &world.read("deployment.yaml").replace("      command:\n", urls));
    // The other one while it has the traffic, which is before the switch only.
    let told = "http://10.0.0.1:7880 http://10.0.0.1:7880";
    assert_eq!(deploy(), format!("verify {told} http://10.0.0.2:7880\nwatch {told} \n"));
    world.put("there/told", "");
    let told = "http://10.0.0.2:7880 http://10.0.0.2:7880";
    assert_eq!(deploy(), format!("verify {told} http://10.0.0.1:7880\nwatch {told} \n"));
}

#[test]
fn a_closed_gate_moves_nothing() {
    let world = World::new();
    world.report(&good(3660));
    let ended = deploy(&world);
    assert_eq!(ended.code, Some(5), "{ended:?}");
    assert!(ended.out.contains("the gate is closed: the run began"), "{ended:?}");
    assert_eq!(said(&world), "");
    assert!(world.is_all_old());
    // Nothing is under way: the next one may begin.
    world.report(&good(60));
    assert_eq!(deploy(&world).code, Some(0));
}

#[test]
fn a_dry_run_touches_nothing_and_says_what_would_be_done() {
    let world = World::new();
    let ended = world.run(&["deploy", "--env", "staging", "--dry-run"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    for part in ["gate     OPEN", "staging blue -> green; nothing is touched", "drain", "no way back from here"] {
        assert!(ended.out.contains(part), "no {part:?} in {}", ended.out);
    }
    assert!(world.is_all_old() && said(&world).is_empty());
    assert!(!world.path("state/staging/journal.jsonl").exists());
}

#[test]
fn what_is_red_before_the_switch_removes_the_new_colour_and_after_it_takes_traffic_back() {
    for (broken, code, old_verified) in
        [("check", 1, false), ("start", 7, false), ("verify", 7, false), ("watch", 7, true)]
    {
        let world = World::new();
        world.put("there/broken", broken);
        let ended = deploy(&world);
        assert_eq!(ended.code, Some(code), "{broken}: {ended:?}");
        assert!(world.is_all_old(), "{broken}");
        assert!(ended.out.contains(&format!("{broken} is broken")) || broken == "check", "{broken}: {}", ended.out);
        assert_eq!(said(&world).contains("verify blue"), old_verified, "{broken}: {}", said(&world));
        // What a command line prints of the shell's secrets is not passed on.
        let everything = format!("{}{}{}", world.all_text().replace("$CANARY_SECRET", ""), ended.out, ended.said);
        assert!(!everything.contains("a-secret-of-the-shell"), "{broken}");
        assert!(everything.contains("[CANARY_SECRET]"), "{broken}: the canary was never printed");
    }
}

#[test]
fn a_colour_that_runs_another_program_gets_no_traffic() {
    let world = World::new();
    world.put("there/ships", "another");
    let ended = deploy(&world);
    assert_eq!(ended.code, Some(7), "{ended:?}");
    assert!(ended.out.contains("green does not run what the gate has seen"), "{}", ended.out);
    assert!(world.is_all_old() && !said(&world).contains("switch"));
}

/// `kill -9` of the deploy before and after each of its lines has done its work, then `resume` and, on a world of its own,
/// `abort`: all old or all new.
#[test]
fn kill_9_at_every_step_is_survived() {
    let lines = ["check", "start", "identify", "verify", "switch", "watch", "drain", "remove"];
    for (line, moment) in lines.iter().flat_map(|line| ["before", "after"].map(|moment| (*line, moment))) {
        for way in ["resume", "abort"] {
            let case = format!("killed {moment} {line}, then {way}");
            let world = World::new();
            world.put("there/kill", &format!("{line} {moment}"));
            let killed =
                world.command(&["deploy", "--env", "staging"]).stderr(Stdio::null()).status().expect("it runs");
            assert_eq!(killed.code(), None, "{case}: it was not killed");
            // The step that killed it ends a moment later, and has the lock until then.
            let lock = std::fs::File::open(world.path("state/staging/lock")).expect("a lock");
            lock.lock().expect("let go");
            drop(lock);
            assert_eq!(deploy(&world).code, Some(2), "{case}: another deploy began over it");
            let ended = world.run(&["deploy", way, "--env", "staging"]);
            let no_way_back = matches!(line, "drain" | "remove");
            match (way, no_way_back) {
                ("abort", true) => {
                    assert_eq!(ended.code, Some(2), "{case}: {ended:?}");
                    assert!(ended.said.contains("can't come back"), "{case}: {}", ended.said);
                    assert_eq!(world.run(&["deploy", "resume", "--env", "staging"]).code, Some(0), "{case}");
                    assert!(world.is_all_new(), "{case}");
                }
                ("abort", false) => {
                    assert_eq!(ended.code, Some(7), "{case}: {ended:?}");
                    assert!(world.is_all_old(), "{case}");
                }
                _ => {
                    assert_eq!(ended.code, Some(0), "{case}: {ended:?}");
                    assert!(world.is_all_new(), "{case}");
                }
            }
        }
    }
}

#[test]
fn resume_of_nothing_and_unknown_names_are_usage_errors() {
    let world = World::new();
    for (arguments, words) in [
        (&["deploy", "resume", "--env", "staging"][..], "there is nothing to resume"),
        (&["deploy", "abort", "--env", "staging"], "there is nothing to abort"),
        (&["deploy", "--env", "nowhere"], "no environment \"nowhere\""),
        (&["deploy", "--pipeline", "relase"], "no pipeline \"relase\"; it has release"),
        (&["deploy"], "name it with --env"),
    ] {
        let ended = world.run(arguments);
        assert_eq!(ended.code, Some(2), "{arguments:?}: {ended:?}");
        assert!(ended.said.contains(words), "{arguments:?}: {}", ended.said);
    }
}

#[test]
fn a_pipeline_stops_where_a_stage_does_not_become_new() {
    let world = World::new();
    world.put("there/broken", "verify");
    assert_eq!(world.run(&["deploy", "--pipeline", "release"]).code, Some(7));
    assert!(!world.path("state/production/journal.jsonl").exists());
}

#[test]
fn traffic_is_switched_by_hand_only_to_what_the_gate_has_seen() {
    let world = World::new();
    world.put("there/green", &format!("program_sha256 {PROGRAM}\n"));
    let ended = world.run(&["deploy", "switch", "green", "--env", "staging"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(world.read("there/active"), "green\n");
    let ended = world.run(&["deploy", "switch", "blue", "--env", "staging"]);
    assert_eq!(ended.code, Some(1), "blue runs an old program: {ended:?}");
    assert_eq!(world.read("there/active"), "green\n");
}
