//! `greenlight migrate resume` where what the way back has brought is not what was kept.

use crate::migrate::{TRIES_MAX, command, migrate, place, seen};
use crate::world::World;
use std::process::Stdio;
use std::time::{Duration, Instant};

/// The restore's own journal.
const RESTORE: &str = "points/restore.json";
const LOOK_EVERY: Duration = Duration::from_micros(200);
const SEEN_MAX: Duration = Duration::from_secs(60);

/// A migration on its way back, killed when everything is exchanged and before it was read again; then somebody has written
/// into what came.
fn written_into() -> (World, String) {
    let world = place();
    let before = seen(&world, "ops");
    world.put("there/broken", "validate");
    world.put("there/kill", "back before");
    let killed = command(&world, &["staging"]).stdout(Stdio::null()).stderr(Stdio::null()).status();
    assert_eq!(killed.expect("it runs").code(), None, "it was not killed");
    let journal = world.read(RESTORE);
    let unread = journal.replace("\"verified\": true", "\"verified\": null");
    assert_ne!(unread, journal);
    world.put(RESTORE, &unread);
    world.put("ops/livekit.yaml", &(world.read("ops/livekit.yaml") + "# in the window\n"));
    (world, before)
}

/// Kills it when it is written down that what came is not what was kept. Whether it had put that back by then is a matter of
/// luck, so it is tried until it had not.
fn killed_while_putting_back(world: &World) -> bool {
    let is_seen = || world.read(RESTORE).contains("\"verified\": false");
    let mut child = command(world, &["resume", "staging"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    let child = child.as_mut().expect("it runs");
    let begun = Instant::now();
    while !is_seen() && child.try_wait().expect("asked").is_none() {
        assert!(begun.elapsed() < SEEN_MAX, "it never sees that");
        std::thread::park_timeout(LOOK_EVERY);
    }
    child.kill().expect("killed");
    child.wait().expect("ended").code().is_none() && is_seen() && world.read(RESTORE).contains("\"exchanging\"")
}

/// It can't be kept, and nobody guesses: a person ends the restore, and then the way back is gone anew.
#[test]
fn a_restore_that_was_killed_while_it_put_back_what_is_not_as_kept_needs_a_person() {
    let hit = (0..TRIES_MAX).any(|_| {
        let (world, before) = written_into();
        if !killed_while_putting_back(&world) {
            return false;
        }
        for _ in 0..2 {
            let ended = migrate(&world, &["resume", "staging"]);
            assert_eq!(ended.code, Some(8), "{ended:?}");
            for part in ["is not what was kept, so it can't be kept", "`greenlight rollback abort`"] {
                assert!(ended.said.contains(part), "no {part:?} in {ended:?}");
            }
        }
        let identity = world.path("key.txt").display().to_string();
        let aborted = world.run(&["rollback", "abort", "--environment", "staging", "--identity", &identity]);
        assert_eq!(aborted.code, Some(0), "{aborted:?}");
        assert!(!world.path(RESTORE).exists() && world.is_all_new(), "{aborted:?}");
        let ended = migrate(&world, &["resume", "staging"]);
        assert_eq!(ended.code, Some(7), "{ended:?}");
        assert!(world.is_all_old() && seen(&world, "ops") == before, "{ended:?}");
        true
    });
    assert!(hit, "it had always put it back when it was killed");
}

/// Not killed, it puts it back itself, says what was wrong, and the next one goes the way back anew.
#[test]
fn what_is_not_as_kept_is_put_back_and_brought_anew() {
    let (world, before) = written_into();
    let ended = migrate(&world, &["resume", "staging"]);
    assert_eq!(ended.code, Some(8), "{ended:?}");
    for part in ["the way back failed", "everything is as it was", "`greenlight migrate resume staging` tries again"] {
        assert!(ended.said.contains(part), "no {part:?} in {ended:?}");
    }
    assert!(!world.path(RESTORE).exists() && world.is_all_new(), "{ended:?}");
    let ended = migrate(&world, &["resume", "staging"]);
    assert_eq!(ended.code, Some(7), "{ended:?}");
    assert!(world.is_all_old() && seen(&world, "ops") == before, "{ended:?}");
}
