//! `greenlight rollback` where a reviewer found that something could be lost: each case was red before it was mended.

use crate::rollback::{Place, RECIPIENT, SECRET};
use crate::world::Ended;
use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

const GATE: &str = "    gate: {report: none.json, required: [api.a], age_max_s: 60}\n    artefact: {program_sha256: b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1}\n";

/// Two environments that share a store; what says whether what serves has recovered is the file `well`.
fn two_environments(place: &Place, more: &str) {
    let environment = |name: &str, file: &str| {
        format!(
            "  {name}:\n{GATE}    rollback:\n      store: points\n      recipients: [{RECIPIENT}]\n      files: [{file}]\n{more}      verify: {{name: well, run: [test, -e, well], timeout_s: 10}}\n"
        )
    };
    let text = format!(
        "format: 1\nkeys: [sign.pub.pem]\nstate: state\nenvironments:\n{}{}",
        environment("production", "etc"),
        environment("staging", "etc")
    );
    fs::write(place.path("deployment.yaml"), text).expect("written");
}

fn of(place: &Place, environment: &str, what: &str, rest: &[&str]) -> Ended {
    let with = ["--environment", environment, "--config", "deployment.yaml"];
    place.run(&[&["rollback", what], rest, &with].concat())
}

fn create(place: &Place, environment: &str, name: &str) -> Ended {
    of(place, environment, "create", &[name, "--sign-key", "sign.pem"])
}

const OPEN: [&str; 4] = ["--key", "sign.pub.pem", "--identity", "key.txt"];

fn run(place: &Place, environment: &str, name: &str) -> Ended {
    of(place, environment, "run", &[&[name], &OPEN[..]].concat())
}

#[test]
fn what_was_replaced_comes_back_though_somebody_wrote_over_what_came() {
    let place = Place::new(1);
    two_environments(&place, "");
    assert_eq!(create(&place, "production", "a").code, Some(0));
    place.change();
    let changed = place.seen();
    let ended = run(&place, "production", "a");
    assert!(ended.code == Some(8) && ended.said.contains("has not recovered"), "{ended:?}");
    // As sed -i, ansible and our own `env update` do it: by a rename.
    let edit = "cp -r etc edited && echo edited > edited/livekit.yaml && mv etc away && mv edited etc && rm -r away";
    assert!(Command::new("sh").args(["-c", edit]).current_dir(place.0.path()).status().expect("sh").success());
    let aborted = of(&place, "production", "abort", &[]);
    assert!(aborted.code == Some(0) && aborted.out.contains("as it was"), "{aborted:?}");
    assert!(aborted.said.contains("LEFT     ") && aborted.said.contains(".greenlight-a-files-0.new"), "{aborted:?}");
    assert_eq!(place.seen(), changed);
    let left = fs::read_to_string(place.path(".greenlight-a-files-0.new/livekit.yaml")).expect("what was edited");
    assert_eq!(left, "edited\n");
    // Nobody deletes what lies there from before: it may be all that there is of something.
    fs::write(place.path("well"), "").expect("written");
    let refused = run(&place, "production", "a");
    assert!(refused.code == Some(2) && refused.said.contains("whose journal is not in this store"), "{refused:?}");
    fs::remove_dir_all(place.path(".greenlight-a-files-0.new")).expect("removed");
    assert_eq!(run(&place, "production", "a").code, Some(0), "the control");
}

#[test]
fn a_point_of_one_environment_is_nothing_to_another() {
    let place = Place::new(1);
    two_environments(&place, "");
    fs::write(place.path("well"), "").expect("written");
    assert_eq!(create(&place, "staging", "of-staging").code, Some(0));
    assert_eq!(create(&place, "production", "of-production").code, Some(0));
    place.change();
    let changed = place.seen();
    let rehearse = |environment: &str, name: &str| {
        of(&place, environment, "rehearse", &[&[name], &OPEN[..], &["--sign-key", "sign.pem"]].concat())
    };
    for ended in [run(&place, "production", "of-staging"), rehearse("production", "of-staging")] {
        assert!(
            ended.code == Some(2) && ended.said.contains("is of environment staging, and not of production"),
            "{ended:?}"
        );
    }
    assert_eq!(place.seen(), changed);
    let pruned = of(&place, "production", "prune", &["--keep", "1", "--key", "sign.pub.pem"]);
    assert_eq!(
        (pruned.code, pruned.out.as_str()),
        (Some(0), "nothing to remove\n"),
        "two points, and one of them is ours"
    );
    assert_eq!(run(&place, "production", "of-production").code, Some(0), "the control");
}

#[test]
fn nothing_is_kept_that_could_not_be_exchanged() {
    let place = Place::new(1);
    fs::create_dir(place.path("real")).expect("made");
    fs::write(place.path("real/livekit.yaml"), SECRET).expect("written");
    symlink("real", place.path("current")).expect("linked");
    let create = |files: &str, store: &str| {
        place.run(&[
            "rollback",
            "create",
            "a",
            "--files",
            files,
            "--recipient",
            RECIPIENT,
            "--sign-key",
            "sign.pem",
            "--store",
            store,
        ])
    };
    for (files, store, because) in [
        ("current", "points", "is a link, and leads to "),
        ("real", "real/points", "holds the store of points, "),
        ("real", "current/deep/points", "holds the store of points, "),
    ] {
        let ended = create(files, store);
        assert!(ended.code == Some(2) && ended.said.contains(because), "{because}: {ended:?}");
        assert!(!place.path("real/points").exists() && !place.path("real/deep").exists());
    }
    assert_eq!(create("real", "points").code, Some(0), "the control");
}

/// A mount point can't be renamed. What is mounted below a root goes along with it, and was emptied with what was replaced.
#[test]
fn what_is_mounted_in_a_root_is_left_alone() {
    let place = Place::new(1);
    fs::create_dir_all(place.path("real/deep")).expect("made");
    fs::create_dir(place.path("shared")).expect("made");
    fs::write(place.path("real/a"), "kept").expect("written");
    let rollback = |mount: &str, arguments: &[&str]| {
        let script = format!("{mount} || exit 99; exec \"$@\"");
        let mut command = Command::new("unshare");
        command.args(["--mount", "sh", "-c", &script, "sh", env!("CARGO_BIN_EXE_greenlight"), "rollback"]);
        command.args(arguments).args(["--store", "points"]).current_dir(place.0.path());
        let ended = Ended::of(&command.output().expect("unshare"));
        let is_mounted = ended.code != Some(99) && !ended.said.contains("unshare failed");
        assert!(is_mounted || std::env::var_os("CI").is_none(), "nobody may mount here: {ended:?}");
        is_mounted.then_some(ended)
    };
    let create = ["create", "a", "--files", "real", "--recipient", RECIPIENT, "--sign-key", "sign.pem"];
    const BELOW: &str = "mount --bind shared real/deep";
    for (mount, point) in [("mount -t tmpfs tmpfs real", "/real"), (BELOW, "/real/deep")] {
        let Some(ended) = rollback(mount, &create) else {
            return eprintln!("NOTHING IS TESTED: nobody may mount here");
        };
        let words = format!("{point} is a mount point; unmount it");
        assert!(ended.code == Some(2) && ended.said.contains(&words), "{ended:?}");
    }
    assert_eq!(rollback("true", &create).expect("the control").code, Some(0));
    // Mounted since. All of it is as it was, in the folder and in what is mounted.
    fs::write(place.path("shared/customer.db"), "rows").expect("written");
    fs::write(place.path("real/a"), "changed").expect("written");
    let run = [&["run", "a"], &OPEN[..]].concat();
    let ended = rollback(BELOW, &run).expect("mounted");
    assert!(ended.code == Some(2) && ended.said.contains("/real/deep is a mount point; unmount it"), "{ended:?}");
    let there = |file: &str| fs::read_to_string(place.path(file)).expect("there");
    assert_eq!([there("shared/customer.db"), there("real/a")], ["rows", "changed"]);
    assert_eq!(rollback("true", &run).expect("the control").code, Some(0));
    assert_eq!([there("shared/customer.db"), there("real/a")], ["rows", "kept"]);
}
