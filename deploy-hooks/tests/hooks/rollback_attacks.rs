//! `greenlight rollback` where things go wrong underneath: a disk that fills up, and a kill while a point is made.

use crate::rollback::{Place, RECIPIENT, SECRET};
use crate::world::Ended;
use std::fs;
use std::process::{Command, Stdio};
use std::time::Instant;

/// Empty files: a point of them has no bytes for the preflight to count, and a list that wants room all the same.
const FILES: usize = 3_000;

/// In a mount namespace of its own, with a small disk at a folder; `None` where nobody may mount.
fn on_a_small_disk(place: &Place, options: &str, at: &str, arguments: &[&str]) -> Option<Ended> {
    let script = "mount -t tmpfs -o mode=700,$1 tmpfs \"$2\" || exit 99; shift 2; exec \"$@\"";
    let mut command = Command::new("unshare");
    command.args(["--mount", "sh", "-c", script, "sh", options, at, env!("CARGO_BIN_EXE_greenlight")]).args(arguments);
    command.current_dir(place.0.path()).env_remove("GREENLIGHT_STORE");
    let ended = Ended::of(&command.output().expect("unshare"));
    if ended.code == Some(99) || ended.said.contains("unshare failed") {
        eprintln!("NOTHING IS TESTED: nobody may mount a disk of its own here");
        return None;
    }
    Some(ended)
}

#[test]
fn a_disk_that_fills_up_leaves_no_half_point_and_no_half_restore() {
    let place = Place::new(0);
    fs::create_dir(place.path("many")).expect("made");
    for number in 0..FILES {
        fs::write(place.path(&format!("many/{number}-{SECRET}")), "").expect("written");
    }
    let create = |name| {
        [
            "rollback",
            "create",
            name,
            "--files",
            "many",
            "--recipient",
            RECIPIENT,
            "--sign-key",
            "sign.pem",
            "--store",
            "disk",
        ]
    };
    fs::create_dir(place.path("disk")).expect("made");
    let Some(full) = on_a_small_disk(&place, "size=24k", "disk", &create("a")) else { return };
    assert!(
        full.code == Some(2)
            && full.said.contains("No space left on device")
            && full.said.contains("no point was made"),
        "{full:?}"
    );
    let control = on_a_small_disk(&place, "size=4m", "disk", &create("a")).expect("mounted before");
    assert_eq!(control.code, Some(0), "{control:?}");

    // Restoring: there is room for the bytes, and none for so many files.
    fs::set_permissions(place.path("disk"), std::os::unix::fs::PermissionsExt::from_mode(0o700)).expect("rights");
    assert_eq!(place.run(&create("b")).code, Some(0));
    let listed = || {
        let seen = Command::new("sh")
            .args(["-c", "find . -path ./disk -prune -o -print | sort"])
            .current_dir(place.0.path())
            .output();
        String::from_utf8_lossy(&seen.expect("find").stdout).into_owned()
    };
    let before = listed();
    // What it would come back to lies on a disk without room for it, and so does the store, which is copied there.
    let run = ["rollback", "run", "b", "--store", "disk", "--key", "sign.pub.pem", "--identity", "key.txt"];
    let restore = "s=$(mktemp -d) && mount -t tmpfs -o nr_inodes=$1 tmpfs \"$s\" && cp -a key.txt sign.pub.pem \"$s\" && cp -a disk \"$s\" && mkdir \"$s/many\" && echo kept > \"$s/many/old\" && mount --bind \"$s\" \"$2\" && cd \"$2\" && shift 2 && \"$@\"; code=$?; ls -A; cat many/old; exit $code";
    let restored = |inodes: &str| {
        let mut command = Command::new("unshare");
        command
            .args(["--mount", "sh", "-c", restore, "sh", inodes])
            .arg(place.0.path())
            .arg(env!("CARGO_BIN_EXE_greenlight"))
            .args(run);
        Ended::of(&command.current_dir(place.0.path()).output().expect("unshare"))
    };
    let full = restored("200");
    assert!(
        full.code == Some(3)
            && full.said.contains("No space left on device")
            && full.said.contains("nothing was replaced"),
        "{full:?}"
    );
    assert_eq!(full.out, "disk\nkey.txt\nmany\nsign.pub.pem\nkept\n", "what was there, and nothing beside it");
    let control = restored("20000");
    assert!(control.code != Some(3) && control.out.contains("restored files"), "{control:?}");
    assert_eq!(listed(), before);
}

/// `kill -9` while a point is made: there is no such point, nothing in clear text, and the next one is whole.
#[test]
fn a_kill_while_a_point_is_made_leaves_none() {
    let place = Place::new(1);
    let mut noise = Command::new("head").args(["-c", "30000000", "/dev/urandom"]).output().expect("head").stdout;
    noise.extend(SECRET.bytes());
    fs::write(place.path("etc/large"), noise).expect("written");
    let before = place.seen();
    let create = ["rollback", "create", "a", "--files", "etc", "--recipient", RECIPIENT, "--sign-key", "sign.pem"];
    let begun = Instant::now();
    assert_eq!(place.run(&create).code, Some(0));
    let takes = begun.elapsed();
    fs::remove_dir_all(place.path("greenlight-points")).expect("removed");
    let (mut none, mut whole) = (0, 0);
    for turn in 0..40_u32 {
        let mut child = place.command(&create).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it runs");
        let until = Instant::now() + takes * turn / 36;
        while Instant::now() < until && child.try_wait().expect("asked").is_none() {
            std::thread::yield_now();
        }
        let _ = child.kill();
        child.wait().expect("ended");
        if place.path("greenlight-points/a").exists() {
            assert_eq!(place.opened("verify", "a").code, Some(0), "turn {turn}");
            fs::remove_dir_all(place.path("greenlight-points/a")).expect("removed");
            whole += 1;
        } else {
            none += 1;
        }
        let grep =
            Command::new("grep").args(["-rqa", SECRET, "greenlight-points"]).current_dir(place.0.path()).status();
        assert_ne!(grep.expect("grep").code(), Some(0), "turn {turn}: in clear text");
    }
    assert!(none > 0, "{none} without a point, {whole} with one");
    assert_eq!(place.run(&create).code, Some(0));
    let left = fs::read_dir(place.path("greenlight-points")).expect("listed").flatten();
    assert!(left.into_iter().all(|entry| !entry.file_name().to_string_lossy().starts_with(".unfinished")));
    place.change();
    assert_eq!(place.opened("run", "a").code, Some(0));
    assert_eq!(files(&place.seen()), files(&before));
}

/// Of everything seen, what lies below `etc`.
fn files(seen: &str) -> Vec<&str> {
    seen.lines().filter(|line| line.contains("etc")).collect()
}
