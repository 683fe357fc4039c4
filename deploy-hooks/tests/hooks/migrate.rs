//! `greenlight migrate` on files of 2024 and an environment made of files: forward, back from each step, and after `kill -9`
//! in each.

use crate::world::{Ended, World, good, signer};
use std::fs;
use std::io::{BufRead as _, BufReader, ErrorKind};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const SECRET: &str = "WUDnXb3vYc1qLr8TgZ5sKe7hFa2jMp9oQi4wRx6y";
/// Made for these tests with `age-keygen`; it opens nothing else.
const IDENTITY: &str = "AGE-SECRET-KEY-1KGHQU4RYKSHGK7MWXZ8V5YKE96FTAJ5N72VX6WW7HLYK0GW9EDQSVVNTWA";
const RECIPIENT: &str = "age15letucc8fgq974gaq25axlnz8z00qz9krkq7qa6gjhrefnawac0suv9dqq";
const ENVIRONMENTS: [&str; 2] = ["staging", "production"];

/// What the operator says of the deployment: whether it works as new, whether it is back as old, and how it is brought back.
const HANDS: &str = r#"#!/bin/sh
set -eu
cd "$(dirname "$0")/there"
echo "$1 ${GREENLIGHT_POINT-}" >> said
moment() {
  if [ -e kill ] && [ "$(cat kill)" = "$1" ]; then rm kill; kill -9 "$PPID"; exit 1; fi
}
moment "$1 before"
if [ -e broken ] && grep -qx "$1" broken; then echo "$1 is broken: $CANARY_SECRET" >&2; exit 1; fi
case $1 in
  validate) test "$(cat active)" = green; ! grep -q probe_mode ../ops/livekit.yaml; grep -q '^NODE_IP=' ../ops/.env ;;
  recovered) test "$(cat active)" = blue; test -e blue; grep -q probe_mode ../ops/livekit.yaml ;;
  back) echo old > blue; echo blue > active; rm -f green ;;
esac
moment "$1 after"
"#;

fn executable(world: &World, file: &str, mode: u32) {
    fs::set_permissions(world.path(file), fs::Permissions::from_mode(mode)).expect("rights");
}

/// The world of deploys with a deployment of livekit-server 1.7.0, and what a migration of it needs.
pub(crate) fn place() -> World {
    let world = World::new();
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/plan/old");
    for file in [".env", "app/package.json", "docker-compose.yml", "livekit.yaml", "sip.yaml"] {
        let to = world.path("ops").join(file);
        fs::create_dir_all(to.parent().expect("a folder")).expect("made");
        fs::copy(from.join(file), to).expect("copied");
    }
    for (file, text) in
        [("key.txt", IDENTITY.to_owned()), ("sign.pem", signer().to_pem().expect("pem")), ("hands", HANDS.to_owned())]
    {
        world.put(file, &text);
        executable(&world, file, if file == "hands" { 0o755 } else { 0o600 });
    }
    let hands = world.path("hands").display().to_string();
    let line = |name: &str| format!("{{name: {name}, run: [{hands}, {name}], timeout_s: 30}}");
    let sections = format!(
        "    rollback:
      store: points
      recipients: [{RECIPIENT}]
      files: [ops]
      verify: {}
      rehearse: {}
    migrate:
      folder: ops
      to: 1.13.5
      env: [ops/.env]
      engine: false
      validate: {}
      back: {}
    driver:\n",
        line("recovered"),
        line("rehearse"),
        line("validate"),
        line("back")
    );
    world.put("deployment.yaml", &world.read("deployment.yaml").replace("    driver:\n", &sections));
    world
}

pub(crate) fn command(world: &World, arguments: &[&str]) -> Command {
    let mut command = world.command(&[&["migrate"], arguments].concat());
    command.arg("--sign-key").arg(world.path("sign.pem")).arg("--identity").arg(world.path("key.txt"));
    for name in ["LIVEKIT_URL", "LIVEKIT_API_KEY", "LIVEKIT_API_SECRET", "GREENLIGHT_SIGN_KEY", "GREENLIGHT_IDENTITY"] {
        command.env_remove(name);
    }
    command
}

pub(crate) fn migrate(world: &World, arguments: &[&str]) -> Ended {
    Ended::of(&command(world, arguments).output().expect("it runs"))
}

/// Everything that `find` and `sha256sum` see of some folders, so that no eye of ours decides what is equal.
pub(crate) fn seen(world: &World, folders: &str) -> String {
    let line = format!(
        "find {folders} -printf '%p %y %m %U %G %n %l\\n' | sort; find {folders} -type f -printf '%p %s %T@\\n' | sort; \
         find {folders} -type f -print0 | sort -z | xargs -0 sha256sum"
    );
    let output = Command::new("bash").args(["-euo", "pipefail", "-c", &line]).current_dir(world.path("")).output();
    let output = output.expect("bash");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The report of the one migration of an environment that there was.
fn report(world: &World, environment: &str) -> String {
    let folder = world.path(&format!("state/{environment}/migrate"));
    let entries = fs::read_dir(folder).expect("listed").flatten();
    let found: Vec<_> =
        entries.map(|entry| entry.path().join("migration-report.md")).filter(|file| file.exists()).collect();
    assert_eq!(found.len(), 1, "{found:?}");
    fs::read_to_string(&found[0]).expect("read")
}

fn corrected() -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/plan/new/livekit.yaml");
    fs::read_to_string(file).expect("read")
}

fn is_all_new(world: &World) -> bool {
    let env = world.read("ops/.env");
    world.is_all_new() && world.read("ops/livekit.yaml") == corrected() && env.contains("\nNODE_IP=203.0.113.10\n")
}

#[test]
fn one_command_moves_files_and_traffic_and_leaves_its_report() {
    let world = place();
    let ended = migrate(&world, &["staging"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(is_all_new(&world), "{ended:?}");
    let report = report(&world, "staging");
    for part in [
        "# Migration of staging to livekit-server 1.13.5",
        "**NEW**: every step is done",
        "**none looked at it** | files, env, ~~services~~ |",
        "| deploy | done | ",
        "| 1.1 JWT authentication | jwt, staging, validate | ",
        "`files.keys`",
        "| 3.1 SIP configuration | sip, staging, validate | ",
        "~~redis~~",
        "what serves was not tested by greenlight-verify",
        "(`database`), and would not come back",
    ] {
        assert!(report.contains(part), "no {part:?} in\n{report}");
    }
    // Each file that is named as evidence has that sum.
    let rows: Vec<&str> = report.lines().filter(|line| line.contains("` | `")).collect();
    assert!(rows.len() >= 6, "{rows:?}");
    for row in rows {
        let fields: Vec<&str> = row.split('`').collect();
        let sum = Command::new("sha256sum").arg(fields[1]).output().expect("sha256sum").stdout;
        assert!(String::from_utf8_lossy(&sum).starts_with(fields[3]), "{row}");
    }
    let said = world.read("there/said");
    assert!(said.contains("validate migrate-") && !said.contains("recovered"), "{said}");
    // Log and audit are there, and nothing of a secret is anywhere but in the operator's own files and their copies.
    let everything = format!("{report}{}{}", ended.out, ended.said);
    assert!(!everything.contains(SECRET) && !everything.contains(IDENTITY) && everything.contains("migration.log"));
    let grep = Command::new("grep").args(["-ra", SECRET, "state", "points"]).current_dir(world.path("")).output();
    let grep = grep.expect("grep");
    assert_eq!(String::from_utf8_lossy(&grep.stdout), "", "in records or store");
    assert!(world.read("state/audit.jsonl").contains("\"migrate\""));
    let again = migrate(&world, &["resume", "staging"]);
    assert!(again.code == Some(2) && again.said.contains("there is nothing to resume"), "{again:?}");
}

/// Nothing can be kept beside it any more, and so it can't be replaced: no dry run sees that.
fn a_thousand_before(world: &World, file: &str) {
    world.put(&format!("{file}.before"), "other");
    (1..1_000).for_each(|number| world.put(&format!("{file}.before.{number}"), "other"));
}

/// A fault planted before it begins, the step that it makes red, and how that ends.
type Fault = (&'static str, fn(&World), &'static str, i32);

const FAULTS: [Fault; 11] = [
    ("prerequisites", |world| executable(world, "key.txt", 0o644), "others may read the key", 2),
    (
        "plan",
        |world| world.put("ops/docker-compose.yml", &world.read("ops/docker-compose.yml").replace("v1.7.0", "latest")),
        "--from",
        2,
    ),
    ("gate", |world| world.report(&good(3_660)), "the gate is closed", 5),
    (
        "point",
        |world| {
            world.put("deployment.yaml", &world.read("deployment.yaml").replace("files: [ops]", "files: [ops, gone]"))
        },
        "gone",
        2,
    ),
    // What needs a person is found before anything is changed.
    (
        "plan",
        |world| world.put("ops/livekit.yaml", &world.read("ops/livekit.yaml").replace("port: 7880", "port: abc")),
        "greenlight plan apply --dry-run ended with 1",
        1,
    ),
    (
        "plan",
        |world| world.put("ops/.env", &format!("{}no line of an environment\n", world.read("ops/.env"))),
        "line 4 is neither NAME=value nor a comment",
        2,
    ),
    ("configuration", |world| a_thousand_before(world, "ops/sip.yaml"), "a thousand files of what stood there", 7),
    ("environment", |world| a_thousand_before(world, "ops/.env"), "a thousand files of what stood there", 7),
    ("deploy", |world| world.put("there/broken", "verify"), "greenlight deploy ended with 7", 7),
    ("deploy", |world| world.put("there/ships", "another"), "greenlight deploy ended with 7", 7),
    ("validation", |world| world.put("there/broken", "validate"), "validate is broken: [CANARY_SECRET]", 7),
];

#[test]
fn a_fault_in_each_step_ends_as_it_began() {
    for (step, plant, because, code) in FAULTS {
        let world = place();
        plant(&world);
        let before = seen(&world, "ops");
        let ended = migrate(&world, &["staging"]);
        assert_eq!(ended.code, Some(code), "{step}: {ended:?}");
        let everything = format!("{}{}", ended.out, ended.said);
        assert!(everything.contains(because), "{step}: no {because:?} in {everything}");
        assert_eq!(seen(&world, "ops"), before, "{step}");
        assert!(world.is_all_old(), "{step}");
        let asked = world.read("there/said").contains("recovered");
        assert_eq!(asked, code == 7, "{step}: whether anybody was asked if that has helped");
        let report = report(&world, "staging");
        let word = if code == 7 { "**OLD**" } else { "**UNCHANGED**" };
        assert!(
            report.contains(word) && report.contains(&format!("| {step} | **begun and not done** |")),
            "{step}: {report}"
        );
        assert_eq!(report.contains("| way back | done, because "), code == 7, "{step}: {report}");
        assert!(!everything.contains("a-secret-of-the-shell") && !report.contains("a-secret-of-the-shell"), "{step}");
        // Mended, it begins anew and comes through.
        if step == "validation" {
            fs::remove_file(world.path("there/broken")).expect("removed");
            assert_eq!(migrate(&world, &["staging"]).code, Some(0), "{step}: mended");
            assert!(is_all_new(&world));
        }
    }
}

/// A restore that nobody can say has helped is none; with that mended, the way back is gone to its end.
#[test]
fn a_way_back_that_does_not_help_needs_a_person() {
    let world = place();
    let before = seen(&world, "ops");
    world.put("there/broken", "validate\nrecovered");
    let ended = migrate(&world, &["staging"]);
    assert_eq!(ended.code, Some(8), "{ended:?}");
    assert!(report(&world, "staging").contains("**STUCK**"));
    let again = migrate(&world, &["staging"]);
    assert!(again.code == Some(2) && again.said.contains("is not finished"), "{again:?}");
    fs::remove_file(world.path("there/broken")).expect("removed");
    let ended = migrate(&world, &["resume", "staging"]);
    assert_eq!(ended.code, Some(7), "{ended:?}");
    assert!(world.is_all_old() && seen(&world, "ops") == before);
    // Nothing gives the traffic back: that is said, and not called back.
    let world = place();
    let text = world.read("deployment.yaml");
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with("      back: ")).collect();
    world.put("deployment.yaml", &(lines.join("\n") + "\n"));
    world.put("there/broken", "validate");
    let ended = migrate(&world, &["staging"]);
    assert!(ended.code == Some(8) && ended.said.contains("the new build still serves"), "{ended:?}");
}

#[test]
fn production_wants_an_open_gate_and_a_rehearsal() {
    let world = place();
    let before = seen(&world, "ops");
    let refused = |because: &str| {
        for more in [&["production", "--dry-run"][..], &["production"]] {
            let ended = migrate(&world, more);
            assert!(ended.code == Some(5) && ended.said.contains(because), "{because}: {ended:?}");
            assert!(seen(&world, "ops") == before && world.is_all_old());
        }
    };
    refused("no point that production could go back to was rehearsed");
    let sign = world.path("sign.pem").display().to_string();
    let create = ["rollback", "create", "a", "--environment", "production", "--sign-key", &sign];
    assert_eq!(world.run(&create).code, Some(0));
    refused("a: it was never rehearsed");
    let [key, identity] = ["pub.pem", "key.txt"].map(|file| world.path(file).display().to_string());
    let rehearse = ["rollback", "rehearse", "a", "--environment", "production", "--sign-key", &sign];
    let rehearsed = world.run(&[&rehearse[..], &["--key", &key, "--identity", &identity]].concat());
    assert_eq!(rehearsed.code, Some(0), "{rehearsed:?}");
    let attestation = world.path("report.intoto.jsonl");
    let aside = world.path("aside");
    fs::rename(&attestation, &aside).expect("moved");
    refused("the gate is closed");
    fs::rename(&aside, &attestation).expect("moved");
    let ended = migrate(&world, &["production"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(is_all_new(&world));
}

/// `development` is what is meant when nobody says what. It has no driver here.
#[test]
fn what_has_no_driver_is_not_deployed_to_and_that_is_said() {
    let world = place();
    let text = world.read("deployment.yaml");
    let (above, rest) = text.split_once("  staging:\n").expect("an environment");
    let (staging, rest) = rest.split_once("  production:\n").expect("another");
    let (bare, _) = staging.split_once("    driver:\n").expect("a driver");
    let validate = format!("[{}, validate]", world.path("hands").display());
    let bare = bare.replace(&validate, "[\"true\"]");
    world.put("deployment.yaml", &format!("{above}  development:\n{bare}  staging:\n{staging}  production:\n{rest}"));
    let dry = migrate(&world, &["--dry-run"]);
    assert!(
        dry.code == Some(0) && dry.out.contains("deploy         NOT DONE environment development has no `driver:`"),
        "{dry:?}"
    );
    let ended = migrate(&world, &[]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(world.is_all_old() && world.read("ops/livekit.yaml") == corrected());
    let report = report(&world, "development");
    assert!(report.contains("| deploy | not done: environment development has no `driver:`"), "{report}");
    assert!(report.contains("**NEW, in part**"), "{report}");
    assert!(report.contains("- deploy: environment development has no `driver:`"), "{report}");
    let more = "      to: 1.13.5\n      database: true\n";
    world.put("deployment.yaml", &world.read("deployment.yaml").replacen("      to: 1.13.5\n", more, 1));
    let ended = migrate(&world, &["--dry-run", "--yes"]);
    assert!(ended.code == Some(2) && ended.said.contains("there is no `driver:`; leave it out"), "{ended:?}");
}

#[test]
fn a_dry_run_touches_nothing_and_names_every_step() {
    let world = place();
    let before = seen(&world, ".");
    let ended = migrate(&world, &["staging", "--dry-run"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    for step in ["prerequisites", "plan", "gate", "point", "configuration", "environment", "deploy", "validation"] {
        assert!(ended.out.contains(&format!("\n  {step:<14} ")), "{step}: {}", ended.out);
    }
    assert!(ended.out.contains("greenlight env update") && ended.out.contains("gate     OPEN"), "{ended:?}");
    // The driver is not called, not even to ask who is active.
    assert_eq!(seen(&world, "."), before);
    for (arguments, because) in [
        (&["nowhere"][..], "no environment \"nowhere\""),
        (&["resume", "staging"], "there is nothing to resume"),
        (&["abort", "staging"], "there is nothing to abort"),
    ] {
        let ended = migrate(&world, arguments);
        assert!(ended.code == Some(2) && ended.said.contains(because), "{because}: {ended:?}");
    }
    let bare =
        Ended::of(&world.command(&["migrate", "staging"]).env_remove("GREENLIGHT_SIGN_KEY").output().expect("it runs"));
    assert!(bare.code == Some(2) && bare.said.contains("--sign-key"), "{bare:?}");
}

/// What deployment.yaml must say before anything is moved.
#[test]
fn a_migration_that_could_not_come_back_is_refused_when_it_is_read() {
    let world = place();
    let good = world.read("deployment.yaml");
    for (from, to, because) in [
        ("      files: [ops]\n", "      files: [there]\n", "is in none of rollback.files"),
        ("      env: [ops/.env]\n", "      env: [elsewhere.env]\n", "is neither in rollback.env nor in rollback.files"),
        ("      to: 1.13.5\n", "", "migrate says not to which version"),
        (
            "      to: 1.13.5\n",
            "      to: 1.13.5\n      database: true\n",
            "there is no `rollback.database` to bring back",
        ),
        ("      verify: ", "      rehearse: ", "duplicate"),
    ] {
        let text = good.replacen(from, to, 1);
        assert_ne!(text, good, "{from}");
        world.put("deployment.yaml", &text);
        let ended = migrate(&world, &["staging"]);
        assert!(ended.code == Some(2) && ended.said.contains(because), "{because}: {ended:?}");
    }
}

/// What lies behind a link is written, and would not come back: the point holds the link.
#[test]
fn what_a_link_leads_to_must_be_held_itself() {
    let refused = |world: &World, leads_to: &str, because: &str| {
        let real = fs::canonicalize(world.path(leads_to)).expect("there").display().to_string();
        let before = seen(world, "ops elsewhere");
        for more in [&["staging", "--dry-run"][..], &["staging"]] {
            let ended = migrate(world, more);
            assert_eq!(ended.code, Some(2), "{because}: {ended:?}");
            assert!(ended.said.contains(because) && ended.said.contains(&format!("write {real} itself")), "{ended:?}");
            assert!(seen(world, "ops elsewhere") == before && world.is_all_old() && !world.path("points").exists());
        }
    };
    let world = place();
    fs::create_dir(world.path("elsewhere")).expect("made");
    fs::rename(world.path("ops/.env"), world.path("elsewhere/.env")).expect("moved");
    symlink("../elsewhere/.env", world.path("ops/.env")).expect("a link");
    refused(&world, "elsewhere/.env", "the environment file ");
    // Mended as it is said.
    let text = world.read("deployment.yaml").replace("env: [ops/.env]", "env: [elsewhere/.env]");
    world.put("deployment.yaml", &text.replace("files: [ops]", "files: [ops]\n      env: [elsewhere/.env]"));
    world.put("there/broken", "validate");
    let before = seen(&world, "ops elsewhere/.env");
    let ended = migrate(&world, &["staging"]);
    assert!(ended.code == Some(7) && ended.out.contains("restored env"), "{ended:?}");
    assert!(world.is_all_old() && seen(&world, "ops elsewhere/.env") == before, "{ended:?}");
    // A root that is a link itself, and one above the folder.
    for (root, folder) in [("ops", "ops"), ("up", "up/ops")] {
        let world = place();
        fs::create_dir(world.path("elsewhere")).expect("made");
        fs::rename(world.path("ops"), world.path("elsewhere/ops")).expect("moved");
        symlink("elsewhere/ops", world.path("ops")).expect("a link");
        symlink("elsewhere", world.path("up")).expect("a link");
        let text = world.read("deployment.yaml").replace("files: [ops]", &format!("files: [{root}]"));
        let text = text.replace("folder: ops", &format!("folder: {folder}"));
        world.put("deployment.yaml", &text.replace("[ops/.env]", &format!("[{folder}/.env]")));
        refused(&world, "elsewhere/ops", "migrate.folder ");
    }
}

/// What is written to a database meanwhile is lost when it comes back, which is for people to decide, and before anything
/// is begun.
#[test]
fn a_database_comes_back_only_where_somebody_says_that_writes_may_be_lost() {
    let world = place();
    let before = seen(&world, "ops");
    let text = world.read("deployment.yaml").replace("      to: 1.13.5\n", "      to: 1.13.5\n      database: true\n");
    let database = "      store: points\n      database: {name: application, user: admin, host: 127.0.0.1, port: 1}\n";
    world.put("deployment.yaml", &text.replace("      store: points\n", database));
    for more in [&["staging", "--dry-run"][..], &["staging"]] {
        let ended = migrate(&world, more);
        assert_eq!(ended.code, Some(2), "{ended:?}");
        for part in ["bring the database application too", "what is written to it after migrate-", "say --yes"] {
            assert!(ended.said.contains(part), "no {part:?} in {ended:?}");
        }
        assert!(seen(&world, "ops") == before && world.is_all_old() && !world.path("points").exists());
    }
    let dry = migrate(&world, &["staging", "--dry-run", "--yes"]);
    let way = "  way back       files from configuration on; database from deploy on\n";
    assert!(dry.code == Some(0) && dry.out.contains(way), "{dry:?}");
    // Without it the database is part of the point, and left alone.
    world.put("deployment.yaml", &world.read("deployment.yaml").replace("      database: true\n", ""));
    let dry = migrate(&world, &["staging", "--dry-run"]);
    assert!(dry.code == Some(0) && dry.out.contains("  way back       files from configuration on\n"), "{dry:?}");
}

/// One that was killed in its step `environment`, or a step later and before its deploy.
fn before_its_deploy() -> World {
    let killed = (0..TRIES_MAX).find_map(|_| {
        let world = place();
        killed_in(&world, "environment");
        let journal = world.read("state/staging/migrate/journal.jsonl");
        let is_begun = |step: &str| journal.contains(&format!("\"step\":\"{step}\""));
        (is_begun("environment") && !is_begun("deploy")).then_some(world)
    });
    killed.expect("it was never before its deploy when it was killed")
}

/// The id of the last deploy, by its own journal.
fn last_deploy(world: &World) -> String {
    let journal = world.read("state/staging/journal.jsonl");
    let first: serde_json::Value = serde_json::from_str(journal.lines().next().expect("a line")).expect("json");
    first["plan"]["id"].as_str().expect("an id").to_owned()
}

fn hands(world: &World, from: &str, to: &str) {
    let text = HANDS.replace(from, to);
    assert_ne!(text, HANDS);
    world.put("hands", &text);
}

/// A colleague deploys between a kill and `resume`: that is not this migration's deploy, forward or back.
#[test]
fn a_deploy_of_somebody_else_is_not_taken_for_its_own() {
    let deploy = |world: &World| {
        let ended = world.run(&["deploy", "--env", "staging"]);
        assert_eq!(ended.code, Some(0), "{ended:?}");
        last_deploy(world)
    };
    let world = before_its_deploy();
    let another = deploy(&world);
    hands(&world, "test \"$(cat active)\" = green; ", "");
    let ended = migrate(&world, &["resume", "staging"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_ne!(last_deploy(&world), another, "its own was not done");
    assert!(world.read("there/active") == "blue\n" && !world.path("there/green").exists(), "{ended:?}");

    let world = before_its_deploy();
    let another = deploy(&world);
    hands(&world, "test \"$(cat active)\" = blue; test -e blue; ", "");
    let ended = migrate(&world, &["abort", "staging"]);
    assert_eq!(ended.code, Some(7), "{ended:?}");
    assert!(ended.said.contains(&format!("deploy {another}, which is not this migration's")), "{ended:?}");
    let said = world.read("there/said");
    assert!(!said.contains("back ") && world.read("ops/livekit.yaml").contains("probe_mode"), "{said}");
    assert!(world.is_all_new() && last_deploy(&world) == another, "it was taken away: {ended:?}");

    // After its own has come through.
    let world = place();
    let before = seen(&world, "ops");
    world.put("there/kill", "validate before");
    let killed = command(&world, &["staging"]).stdout(Stdio::null()).stderr(Stdio::null()).status();
    assert_eq!(killed.expect("it runs").code(), None);
    let another = deploy(&world);
    let ended = migrate(&world, &["abort", "staging"]);
    let because = format!("deploy {another} of staging is not this migration's and came after it");
    assert!(ended.code == Some(8) && ended.said.contains(&because), "{ended:?}");
    assert_eq!((world.read("ops/livekit.yaml"), last_deploy(&world)), (corrected(), another));
    let ended = migrate(&world, &["abort", "staging", "--yes"]);
    assert_eq!(ended.code, Some(7), "{ended:?}");
    assert!(world.is_all_old() && seen(&world, "ops") == before, "{ended:?}");

    // Under way.
    let world = before_its_deploy();
    world.put("there/kill", "verify before");
    assert_eq!(world.run(&["deploy", "--env", "staging"]).code, None);
    let another = world.read("state/staging/journal.jsonl");
    for way in ["resume", "abort"] {
        let ended = migrate(&world, &[way, "staging"]);
        assert!(ended.code == Some(8) && ended.said.contains("and is not finished"), "{way}: {ended:?}");
        let now = (world.read("ops/livekit.yaml"), world.read("state/staging/journal.jsonl"));
        assert_eq!(now, (corrected(), another.clone()), "{way}: {ended:?}");
    }
    assert_eq!(world.run(&["deploy", "abort", "--env", "staging"]).code, Some(7));
    assert_eq!(migrate(&world, &["abort", "staging"]).code, Some(7));
    assert!(world.is_all_old());
}

/// The same with `prlimit` as a disk that is full: no file of it can grow any more.
fn with_limits(world: &World, arguments: &[&str]) -> Command {
    let bare = command(world, arguments);
    let mut limited = Command::new("sh");
    // Its default ends a process, where a full disk is an error.
    limited.args(["-c", "trap '' XFSZ; exec \"$@\"", "sh"]).arg(bare.get_program()).args(bare.get_args());
    for (name, value) in bare.get_envs() {
        match value {
            Some(value) => limited.env(name, value),
            None => limited.env_remove(name),
        };
    }
    limited
}

/// Everything is done and nothing can be written down: that is not "nothing was changed".
#[test]
fn a_disk_that_is_full_after_the_deploy_needs_a_person() {
    for way in ["resume", "abort"] {
        let world = place();
        let before = seen(&world, "ops");
        hands(
            &world,
            "  validate) ",
            "  validate) if [ -e full ]; then rm full; prlimit --pid \"$PPID\" --fsize=1; fi; ",
        );
        world.put("there/full", "");
        let ended = Ended::of(&with_limits(&world, &["staging"]).output().expect("it runs"));
        assert!(!world.path("there/full").exists(), "{ended:?}");
        assert_eq!(ended.code, Some(8), "{ended:?}");
        assert!(ended.out.contains("STUCK    staging") && ended.said.contains("cannot write the journal"), "{ended:?}");
        assert!(ended.said.contains("`greenlight migrate resume staging` goes on"), "{ended:?}");
        assert!(is_all_new(&world) && !ended.said.contains("nothing was changed"), "{ended:?}");
        let ended = migrate(&world, &[way, "staging"]);
        match way {
            "resume" => assert!(ended.code == Some(0) && is_all_new(&world), "{ended:?}"),
            _ => assert!(ended.code == Some(7) && world.is_all_old() && seen(&world, "ops") == before, "{ended:?}"),
        }
    }
}

/// There was room for the beginning of a line, and then for more: the next line is one of its own.
#[test]
fn a_line_for_which_there_was_no_room_is_not_the_beginning_of_the_next() {
    let hit = (0..TRIES_MAX).any(|_| {
        let world = place();
        let size = "$(($(stat -c %s ../state/staging/migrate/journal.jsonl) + 10))";
        let limit = format!("  validate) prlimit --pid \"$PPID\" --fsize={size}:; exit 1; ");
        hands(&world, "  validate) ", &limit);
        let mut command = with_limits(&world, &["staging"]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("it runs");
        let pid = child.id().to_string();
        let mut full = false;
        for line in BufReader::new(child.stderr.take().expect("piped")).lines().map_while(Result::ok) {
            full |= line.contains("cannot write the journal");
            // Room again: in time, or the way back finds none either, and a person is needed.
            if line.starts_with("  way back       begun") {
                let limit = Command::new("prlimit").args(["--pid", &pid, "--fsize=unlimited:"]).status();
                limit.expect("prlimit");
            }
        }
        let ended = child.wait().expect("ended").code();
        assert!(full && matches!(ended, Some(7 | 8)), "{full} {ended:?}");
        let again = migrate(&world, &["staging", "--dry-run"]);
        assert_eq!(again.code, Some(0), "{again:?}");
        let again = migrate(&world, &[if ended == Some(7) { "abort" } else { "resume" }, "staging"]);
        assert!(!again.said.contains("is none of a journal"), "{ended:?}: {again:?}");
        ended == Some(7)
    });
    assert!(hit, "there was never room again in time");
}

/// Ends a migration that was killed, and says what must be true then.
fn ended_by(world: &World, case: &str, way: &str, before: &str) {
    for environment in ENVIRONMENTS {
        // A step that killed it ends a moment later, and has the lock of the deploy until then.
        match fs::File::open(world.path(&format!("state/{environment}/lock"))) {
            Ok(lock) => lock.lock().expect("let go"),
            Err(error) => assert_eq!(error.kind(), ErrorKind::NotFound),
        }
    }
    let again = migrate(world, &["staging"]);
    assert!(
        again.code == Some(2) && again.said.contains("is not finished"),
        "{case}: another began over it: {again:?}"
    );
    let ended = migrate(world, &[way, "staging"]);
    if way == "resume" {
        assert_eq!(ended.code, Some(0), "{case}: {ended:?}");
        assert!(is_all_new(world), "{case}: {ended:?}");
        return;
    }
    if ended.code == Some(2) && ended.said.contains("drains already") {
        assert!(case.contains("drain") || case.contains("remove"), "{case}: {ended:?}");
        assert_eq!(migrate(world, &["resume", "staging"]).code, Some(0), "{case}");
        assert!(is_all_new(world), "{case}");
        return;
    }
    assert!(matches!(ended.code, Some(0 | 7)), "{case}: {ended:?}");
    assert!(world.is_all_old(), "{case}");
    assert_eq!(seen(world, "ops"), before, "{case}");
}

/// `kill -9` before and after each line of the operator's has done its work.
#[test]
fn kill_9_in_each_line_is_survived() {
    let lines = ["check", "start", "verify", "switch", "watch", "drain", "remove", "validate"];
    for (line, moment) in lines.iter().flat_map(|line| ["before", "after"].map(|moment| (*line, moment))) {
        for way in ["resume", "abort"] {
            let case = format!("killed {moment} {line}, then {way}");
            let world = place();
            let before = seen(&world, "ops");
            world.put("there/kill", &format!("{line} {moment}"));
            let killed = command(&world, &["staging"]).stdout(Stdio::null()).stderr(Stdio::null()).status();
            assert_eq!(killed.expect("it runs").code(), None, "{case}: it was not killed");
            ended_by(&world, &case, way, &before);
        }
    }
    // On the way back as well: then there is no other way.
    for line in ["back", "recovered"] {
        for (moment, way) in [("before", "resume"), ("after", "abort")] {
            let case = format!("killed {moment} {line}, then {way}");
            let world = place();
            let before = seen(&world, "ops");
            world.put("there/broken", "validate");
            world.put("there/kill", &format!("{line} {moment}"));
            let killed = command(&world, &["staging"]).stdout(Stdio::null()).stderr(Stdio::null()).status();
            assert_eq!(killed.expect("it runs").code(), None, "{case}: it was not killed");
            let ended = migrate(&world, &[way, "staging"]);
            assert_eq!(ended.code, Some(7), "{case}: {ended:?}");
            assert!(world.is_all_old() && seen(&world, "ops") == before, "{case}");
        }
    }
}

/// Kills it when its journal says that a step has begun. Whether the step was still under way then is a matter of luck, so it
/// is tried until it was.
fn killed_in(world: &World, step: &str) -> bool {
    let journal = world.path("state/staging/migrate/journal.jsonl");
    let read = || fs::read_to_string(&journal).unwrap_or_default();
    let has = |text: &str, record: &str| {
        text.lines().any(|line| {
            line.contains(&format!("\"record\":\"{record}\"")) && line.contains(&format!("\"step\":\"{step}\""))
        })
    };
    let mut child = command(world, &["staging"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it runs");
    let begun = Instant::now();
    while !has(&read(), "begun") {
        assert!(begun.elapsed() < Duration::from_secs(60), "{step} never begins");
        std::thread::park_timeout(Duration::from_micros(200));
    }
    child.kill().expect("killed");
    let status = child.wait().expect("ended");
    status.code().is_none() && !has(&read(), "done")
}

pub(crate) const TRIES_MAX: usize = 15;

/// Between two files that are corrected, which is too short to be hit: the first is as it will be, the second as it was. A
/// plan is applied to what was planned only, so it is planned again.
#[test]
fn a_kill_between_two_files_is_survived() {
    let hit = (0..TRIES_MAX).any(|_| {
        let world = place();
        if !killed_in(&world, "configuration") {
            return false;
        }
        world.put("ops/livekit.yaml", &corrected());
        let ended = migrate(&world, &["resume", "staging"]);
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert!(is_all_new(&world) && world.read("ops/sip.yaml").contains("nat_1_to_1_ip"), "{ended:?}");
        assert!(report(&world, "staging").contains("| plan after a kill | "), "{ended:?}");
        true
    });
    assert!(hit, "it was never under way when it was killed");
}

#[test]
fn kill_9_in_each_step_is_survived() {
    for step in ["prerequisites", "plan", "gate", "point", "configuration", "environment"] {
        for way in ["resume", "abort"] {
            let hit = (0..TRIES_MAX).any(|_| {
                let world = place();
                let before = seen(&world, "ops");
                let hit = killed_in(&world, step);
                let journal = world.read("state/staging/migrate/journal.jsonl");
                if !journal.contains("\"record\":\"ended\"") {
                    ended_by(&world, &format!("killed in {step} ({hit}), then {way}"), way, &before);
                }
                hit
            });
            assert!(hit, "{step} was never under way when it was killed");
        }
    }
}
