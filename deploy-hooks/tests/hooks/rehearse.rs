//! `greenlight rollback rehearse`, and deploys that want one.

use crate::bin::{Bin, VERSION};
use crate::world::{Ended, World, signer};
use greenlight_reports::{Signer, canonical_json};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

const SECRET: &str = "WUDnXb3vYc1qLr8TgZ5sKe7hFa2jMp9oQi4wRx6y";
/// Made for these tests with `age-keygen`; it opens nothing else.
const IDENTITY: &str = "AGE-SECRET-KEY-1KGHQU4RYKSHGK7MWXZ8V5YKE96FTAJ5N72VX6WW7HLYK0GW9EDQSVVNTWA";
const RECIPIENT: &str = "age15letucc8fgq974gaq25axlnz8z00qz9krkq7qa6gjhrefnawac0suv9dqq";
const KIND: &str = "application/vnd.greenlight.rehearsal+json";

/// The world of deploys, whose staging has a point of its files, and wants one that was rehearsed in the last hour.
fn place(rehearse: &str) -> World {
    let world = World::new();
    fs::create_dir(world.path("ops")).expect("made");
    world.put("ops/livekit.yaml", &format!("port: 7880\nkeys: {{APIa: {SECRET}}}\n"));
    world.put(".env", &format!("LIVEKIT_API_SECRET={SECRET}\n"));
    for (file, text) in [("key.txt", IDENTITY.to_owned()), ("sign.pem", signer().to_pem().expect("pem").to_string())] {
        world.put(file, &text);
        fs::set_permissions(world.path(file), fs::Permissions::from_mode(0o600)).expect("rights");
    }
    let rollback = format!(
        "    rollback:
      store: points
      recipients: [{RECIPIENT}]
      files: [ops]
      env: [.env]
      rehearsal_age_max_s: 3600
{rehearse}    driver:\n"
    );
    world.put("deployment.yaml", &world.read("deployment.yaml").replacen("    driver:\n", &rollback, 1));
    assert_eq!(create(&world, "a").code, Some(0));
    world
}

/// A line that looks at what was restored: it is what was kept, and is told where.
fn line(script: &str) -> String {
    format!("      rehearse: {{name: looks, run: [sh, -c, '{script}'], timeout_s: 30}}\n")
}

fn create(world: &World, name: &str) -> Ended {
    let sign = world.path("sign.pem").display().to_string();
    world.run(&["rollback", "create", name, "--environment", "staging", "--sign-key", &sign])
}

fn arguments(world: &World, name: &str) -> Vec<String> {
    let path = |file: &str| world.path(file).display().to_string();
    let config = path("deployment.yaml");
    let [key, identity, sign] = ["pub.pem", "key.txt", "sign.pem"].map(path);
    ["rollback", "rehearse", name, "--environment", "staging", "--config", &config]
        .into_iter()
        .chain(["--key", &key, "--identity", &identity, "--sign-key", &sign])
        .map(str::to_owned)
        .collect()
}

fn rehearse(world: &World, name: &str) -> Ended {
    let output = Command::new(env!("CARGO_BIN_EXE_greenlight")).args(arguments(world, name)).output();
    Ended::of(&output.expect("it runs"))
}

fn show(world: &World, what: &[&str]) -> String {
    let key = world.path("pub.pem").display().to_string();
    world.run(&[&["rollback"], what, &["--environment", "staging", "--key", &key]].concat()).out
}

/// What `find`, `stat` and `sha256sum` see of what serves.
fn seen(world: &World) -> String {
    let line = "find ops .env -printf '%p %y %m %U %G %n %i %T@ %l\\n' | sort; find ops .env -type f -print0 | sort -z | xargs -0 sha256sum";
    let output = Command::new("bash").args(["-euo", "pipefail", "-c", line]).current_dir(world.path("")).output();
    let output = output.expect("bash");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn a_rehearsal_touches_nothing_that_serves_and_opens_the_way_for_a_deploy() {
    let world = place("");
    let script = format!(
        "set -eu; grep -q WUDnXb3vYc1q \"$GREENLIGHT_RESTORED\"{0}/ops/livekit.yaml; grep -q WUDnXb3vYc1q \"$GREENLIGHT_RESTORED\"{0}/.env; \
         stat -c %a \"$GREENLIGHT_RESTORED\" > {0}/there/mode; echo \"$GREENLIGHT_RESTORED\" > {0}/there/where",
        fs::canonicalize(world.path("")).expect("there").display()
    );
    let script = line(&script);
    let text = world.read("deployment.yaml").replacen(
        "      rehearsal_age_max_s",
        &format!("{script}      rehearsal_age_max_s"),
        1,
    );
    world.put("deployment.yaml", &text);
    // What serves is another thing by now: what is rehearsed is the point.
    world.put("ops/livekit.yaml", "port: 1\n");
    let before = seen(&world);
    assert!(show(&world, &["list"]).contains("         never rehearsed\n"));
    let ended = rehearse(&world, "a");
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(seen(&world), before, "inodes, times and all");
    assert_eq!(world.read("there/mode"), "700\n");
    assert!(!world.path("").join(world.read("there/where").trim()).exists(), "the scratch folder is left");
    for said in [show(&world, &["list"]), show(&world, &["show", "a"])] {
        assert!(
            said.contains("         rehearsal passed 20") && said.contains("files ") && said.contains("; looks "),
            "{said}"
        );
    }
    assert!(!format!("{ended:?}{}", world.read("points/a/rehearsal.json")).contains(SECRET));
    let dry = world.run(&["deploy", "--env", "staging", "--dry-run"]);
    assert!(dry.code == Some(0) && dry.out.contains("rehearsed  a\n"), "{dry:?}");
    assert_eq!(world.run(&["deploy", "--env", "staging"]).code, Some(0));
    assert!(world.is_all_new());
    assert!(world.read("points/audit.jsonl").contains("rollback rehearse"));
}

/// Without a line greenlight-verify is asked, on containers, with the livekit.yaml that was kept.
#[test]
fn the_suites_see_the_configuration_that_was_kept() {
    let world = place("");
    world.put("ops/livekit.yaml", "port: 1\n");
    let asked = world.path("asked").display().to_string();
    let bin = |status: &str| {
        Bin::beside(&format!(
            "#!/bin/sh\n[ \"$1\" = --version ] && {{ echo {VERSION}; exit 0; }}\necho \"$@\" > {asked}\ncat \"$4\" > {asked}.yaml\necho why >&2\nexit {status}\n"
        ))
    };
    let rehearse = |bin: &Bin| {
        let arguments = arguments(&world, "a");
        bin.run(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
    };
    let ended = rehearse(&bin("0"));
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let said = world.read("asked");
    assert!(
        said.starts_with("--target containers --livekit-config /") && said.contains("/ops/livekit.yaml --tag smoke "),
        "{said}"
    );
    assert_eq!(world.read("asked.yaml"), format!("port: 7880\nkeys: {{APIa: {SECRET}}}\n"));
    // Red: the record says so, replaces the good one, and nothing is deployed on it.
    let ended = rehearse(&bin("1"));
    assert!(ended.code == Some(1) && ended.said.contains("would not bring it back"), "{ended:?}");
    assert!(show(&world, &["list"]).contains("         rehearsal FAILED 20"));
    let ended = world.run(&["deploy", "--env", "staging"]);
    assert!(ended.code == Some(5) && ended.out.contains("its rehearsal failed: greenlight-verify"), "{ended:?}");
    // Where there is no livekit.yaml and no line, nobody can say anything: that is not green.
    world.put("deployment.yaml", &world.read("deployment.yaml").replace("files: [ops]\n", "files: [driver]\n"));
    assert_eq!(create(&world, "b").code, Some(0));
    let arguments = arguments(&world, "b");
    let ended = bin("0").run(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
    assert!(ended.code == Some(1) && ended.said.contains("the point holds no livekit.yaml"), "{ended:?}");
}

#[test]
fn each_rehearsal_that_is_none_keeps_a_deploy_from_beginning() {
    let world = place(&line("true"));
    assert_eq!(create(&world, "b").code, Some(0));
    let refused = |because: &str| {
        let ended = world.run(&["deploy", "--env", "staging"]);
        assert!(ended.code == Some(5) && ended.out.contains(because), "{because}: {ended:?}");
        assert!(ended.out.contains("`greenlight rollback rehearse POINT --environment staging"), "{ended:?}");
        let dry = world.run(&["deploy", "--env", "staging", "--dry-run"]);
        assert!(dry.code == Some(5) && dry.said.contains(because), "{because}: {dry:?}");
        assert!(world.is_all_old() && !world.read("there/said").contains("start"));
    };
    refused("a: it was never rehearsed, b: it was never rehearsed");
    assert_eq!(rehearse(&world, "a").code, Some(0));
    let good: serde_json::Value = serde_json::from_str(&world.read("points/a/rehearsal.json")).expect("json");
    let write = |key: &str, value: serde_json::Value, signer: &Signer| {
        let mut record = good.clone();
        record[key] = value;
        let text = canonical_json(&record).expect("json");
        world.put("points/a/rehearsal.json", &text);
        world.put("points/a/rehearsal.json.sig", &signer.sign_as(KIND, text.as_bytes()));
    };
    let at = |ago: Duration| (OffsetDateTime::now_utc() - ago).format(&Rfc3339).expect("a time").into();
    let seconds = Duration::seconds;
    write("ended", at(seconds(3_700)), &signer());
    refused("s ago, and at most 3600 s are allowed");
    write("ended", at(seconds(-60)), &signer());
    refused("which is in the future");
    write("verdict", "failed".into(), &signer());
    refused("its rehearsal failed");
    write("environment", "production".into(), &signer());
    refused("it was rehearsed for another environment, production");
    write("components_ms", serde_json::json!({"files": 1}), &signer());
    refused("its env was not rehearsed");
    write("point", "c".into(), &signer());
    refused("its rehearsal is that of another point, \"c\"");
    write("who", "somebody".into(), &Signer::from_seed([8; 32]));
    refused("no key that is believed has signed its rehearsal");
    assert!(show(&world, &["list"]).contains("         REHEARSAL NOT TO BE BELIEVED: no key"));
    // The same record, made for another purpose.
    let text = world.read("points/a/rehearsal.json");
    world.put("points/a/rehearsal.json.sig", &signer().sign_as("text/plain", text.as_bytes()));
    refused("no key that is believed has signed its rehearsal");
    // Edited after it was signed.
    write("who", "somebody".into(), &signer());
    world.put("points/a/rehearsal.json", &world.read("points/a/rehearsal.json").replace("somebody", "somebodz"));
    refused("no key that is believed has signed its rehearsal");
    fs::remove_file(world.path("points/a/rehearsal.json.sig")).expect("removed");
    refused("rehearsal.json.sig");
    // Of another point: the whole record of a, beside b.
    write("who", "somebody".into(), &signer());
    for file in ["rehearsal.json", "rehearsal.json.sig"] {
        fs::rename(world.path(&format!("points/a/{file}")), world.path(&format!("points/b/{file}"))).expect("moved");
    }
    refused("b: its rehearsal is that of another point, \"a\"");
    // A point of the same name that was made anew is another one.
    write("who", "somebody".into(), &signer());
    fs::remove_file(world.path("points/b/rehearsal.json")).expect("removed");
    let manifest = world.read("points/a/manifest.json");
    world.put("points/a/manifest.json", &manifest.replace("\"description\":\"\"", "\"description\":\"x\""));
    refused("a: its rehearsal is that of another point");
    world.put("points/a/manifest.json", &manifest);
    // An archive that was cut since.
    let archive = world.path("points/a/files.tar.zst.age");
    let bytes = fs::read(&archive).expect("there");
    fs::write(&archive, &bytes[1..]).expect("written");
    refused("a: its files is not what was rehearsed any more");
    fs::write(&archive, bytes).expect("written");
    assert_eq!(world.run(&["deploy", "--env", "staging"]).code, Some(0), "the control");
}

/// What a killed rehearsal has staged goes with `rollback resume`, and nothing that serves was touched.
#[test]
fn a_kill_leaves_nothing_in_clear_text() {
    let world = place("");
    let there = world.path("there").display().to_string();
    let text = world.read("deployment.yaml");
    let script = line(&format!("echo \"$GREENLIGHT_RESTORED\" > {there}/where; kill -9 $PPID"));
    world.put(
        "deployment.yaml",
        &text.replacen("      rehearsal_age_max_s", &format!("{script}      rehearsal_age_max_s"), 1),
    );
    let before = seen(&world);
    assert_eq!(rehearse(&world, "a").code, None, "it was not killed");
    let folder = || PathBuf::from(world.read("there/where").trim());
    let clear =
        |folder: &Path| Command::new("grep").args(["-ra", SECRET]).arg(folder).output().expect("grep").status.success();
    let first = folder();
    assert!(clear(&first), "the control: it was in the middle");
    // Whoever rehearses next clears away what it left.
    let again = rehearse(&world, "a");
    assert!(again.code.is_none() && again.said.contains("put together of \"a\" and never exchanged"), "{again:?}");
    assert!(!clear(&first), "it is still in the clear");
    let second = folder();
    assert!(second != first && clear(&second), "the control: it was in the middle again");
    let ended = world.run(&["rollback", "resume", "--environment", "staging"]);
    assert!(ended.code == Some(0) && ended.out.contains("a: as it was"), "{ended:?}");
    assert!(!clear(&second) && seen(&world) == before);
    for folder in [first, second] {
        fs::remove_dir_all(folder).expect("removed");
    }
}

/// A point of less than `rollback:` wants opens no deploy, however well it was rehearsed.
#[test]
fn a_rehearsal_of_half_a_point_is_not_enough() {
    let world = place(&line("true"));
    let sign = world.path("sign.pem").display().to_string();
    let half = ["rollback", "create", "half", "--environment", "staging", "--only", "env", "--sign-key", &sign];
    assert_eq!(world.run(&half).code, Some(0));
    assert_eq!(rehearse(&world, "half").code, Some(0));
    let dry = || world.run(&["deploy", "--env", "staging", "--dry-run"]);
    let refused = dry();
    let because = "half: it holds no files, which `rollback:` of the environment wants";
    assert!(refused.code == Some(5) && refused.said.contains(because), "{refused:?}");
    assert_eq!(rehearse(&world, "a").code, Some(0));
    let open = dry();
    assert_eq!(open.code, Some(0), "the control: {open:?}");
}
