//! `greenlight plan backup`: a rollback point of files and environment files, or a word about what it would not bring back.

use crate::migrate::{place, seen};
use crate::world::{Ended, World};
use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

const FILES: &str = "      files: [ops]\n";

fn run(world: &World, line: &str) -> Ended {
    let mut command = Command::new(env!("CARGO_BIN_EXE_greenlight"));
    command.args(line.split(' ')).current_dir(world.path(""));
    command.env("GREENLIGHT_SIGN_KEY", "sign.pem").env_remove("GREENLIGHT_STORE");
    Ended::of(&command.output().expect("it runs"))
}

fn backup(world: &World, name: &str) -> Ended {
    run(world, &format!("plan backup {name} --folder ops --environment staging --config deployment.yaml"))
}

fn rollback(world: &World, what: &str) -> Ended {
    let keys = "--environment staging --config deployment.yaml --key pub.pem --identity key.txt";
    run(world, &format!("rollback {what} {keys}"))
}

fn keep(world: &World, instead: &str) {
    let text = world.read("deployment.yaml");
    world.put("deployment.yaml", &text.replace(FILES, instead));
}

/// Only files: nobody would answer at that Redis.
#[test]
fn a_backup_is_a_rollback_point() {
    let world = place();
    keep(&world, &format!("{FILES}      redis: {{url_env: NO_SUCH_URL}}\n"));
    let before = seen(&world, "ops");
    let made = backup(&world, "a");
    assert!(made.code == Some(0) && !made.said.contains("LEFT OUT"), "{made:?}");
    assert!(
        made.out
            .contains("next     greenlight rollback verify a --environment staging --config deployment.yaml --key "),
        "{made:?}"
    );
    let create = run(&world, "rollback create b --only files --environment staging --config deployment.yaml");
    assert_eq!(create.code, Some(0), "{create:?}");
    let paths = |name: &str| {
        let shown = rollback(&world, &format!("show {name}"));
        shown.out.lines().filter(|line| line.contains("/ops")).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(paths("a"), paths("b"));
    assert!(paths("a").iter().any(|line| line.contains("/ops/sip.yaml ")), "{:?}", paths("a"));
    for line in ["plan generate ops --no-engine --to 1.13.5", "plan apply plan.json --folder ops"] {
        let ended = run(&world, line);
        assert_eq!(ended.code, Some(0), "{line}: {ended:?}");
    }
    assert!(world.path("ops/sip.yaml.before").exists() && seen(&world, "ops") != before);
    for line in ["verify a", "rehearse a", "run a"] {
        let ended = rollback(&world, line);
        assert_eq!(ended.code, Some(0), "{line}: {ended:?}");
    }
    assert_eq!(seen(&world, "ops"), before);
    let again = backup(&world, "a");
    assert!(again.code == Some(2) && again.said.contains("there is a point \"a\" already"), "{again:?}");
}

#[test]
fn what_would_not_come_back_is_refused_with_what_to_write() {
    let world = place();
    let good = world.read("deployment.yaml");
    let refused = |because: &[&str]| {
        let ended = backup(&world, "a");
        assert!(ended.code == Some(2) && because.iter().all(|one| ended.said.contains(one)), "{because:?}: {ended:?}");
        assert!(!world.path("points").exists());
    };
    let real = fs::canonicalize(world.path("ops")).expect("there").display().to_string();
    let listed = [".env", "docker-compose.yml", "livekit.yaml", "sip.yaml"].map(|name| format!("\"{real}/{name}\""));
    let whole = format!("`rollback: {{store: points, recipients: [age1…], files: [{}]}}`", listed.join(","));
    world.put("deployment.yaml", &World::new().read("deployment.yaml"));
    refused(&[&whole]);
    fs::remove_file(world.path("deployment.yaml")).expect("removed");
    refused(&[&whole, "which is not there (`greenlight init` writes one)"]);

    // Links are kept as links: that of a root, and that of a file.
    world.put("deployment.yaml", &good);
    fs::rename(world.path("ops"), world.path("real")).expect("moved");
    symlink("real", world.path("ops")).expect("a link");
    refused(&["would bring back .env, docker-compose.yml", "add to its `rollback.files` [\"", "/real/livekit.yaml\""]);
    fs::remove_file(world.path("ops")).expect("removed");
    fs::rename(world.path("real"), world.path("ops")).expect("moved");
    fs::rename(world.path("ops/sip.yaml"), world.path("sip.yaml")).expect("moved");
    symlink("../sip.yaml", world.path("ops/sip.yaml")).expect("a link");

    // Mended as it is said. What a link leads to, and what applications are built from, is left out, and named.
    let text = good.replace("      folder: ops\n", "      folder: there\n").replace("[ops/.env]", "[there/.env]");
    world.put("deployment.yaml", &text);
    keep(&world, "      files: [there]\n      env: [ops/.env]\n");
    let lines = format!("[{},{}]", listed[1], listed[2]);
    refused(&[&format!("would bring back docker-compose.yml, livekit.yaml; add to its `rollback.files` {lines}\n")]);
    let text = world.read("deployment.yaml");
    world.put("deployment.yaml", &text.replace("files: [there]", &format!("files: [there, {}", &lines[1..])));
    let ended = backup(&world, "a");
    let left_out: Vec<&str> = ended.said.lines().filter(|line| line.starts_with("LEFT OUT ")).collect();
    assert!(ended.code == Some(0) && left_out.len() == 2, "{ended:?}");
    assert!(left_out[0].starts_with("LEFT OUT sip.yaml: /") && left_out[1].starts_with("LEFT OUT app/package.json: /"));
    assert!(ended.out.contains("kept     files: ") && ended.out.contains("kept     env: 1 entries, "), "{ended:?}");
}
