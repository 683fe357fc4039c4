//! Containers that were replaced, changed or removed come back as they were when a point was made, without gate and deploy.

use crate::points::Points;
use crate::world::{docker, done};
use std::time::Instant;

const OLD: &str = "greenlight/livekit-server:v1.7.0";
const REASON: &str = "the gate is closed and callers are waiting";

pub(super) fn emergency() {
    let points = &Points::start(&["side"]);
    side(points, "one");
    let world = &points.world;
    let kept = points.create("good");
    assert!(kept.contains("kept     services: 2 entries"), "{kept}");
    let secret = world.key.secret.expose();
    let stored = in_clear_text(points, secret);
    assert_eq!(stored, "", "the secret lies in the store in clear text");
    let good = (points.seen("blue"), points.seen("side"));
    refused_without_yes_and_reason(points);

    type Harm = fn(&Points);
    let harms: [(&str, Harm); 4] = [
        ("another image", wrong_image),
        ("removed", |points| {
            done(&["rm", "-f", &points.name("blue")]);
            done(&["rm", "-f", &points.name("side")]);
        }),
        ("another configuration", |points| {
            points.world.put("bad.yaml", "port: 7880\nkeys: {APIother: another-secret-than-applications-sign-with}\n");
            let to = format!("{}:/livekit.yaml", points.name("blue"));
            done(&["cp", &points.world.path("bad.yaml").display().to_string(), &to]);
            done(&["restart", &points.name("blue")]);
        }),
        ("a stranger has the traffic", |points| {
            done(&["rm", "-f", &points.name("blue")]);
            let green = points.name("green");
            done(&[
                "run",
                "-d",
                "--name",
                &green,
                "--network",
                &points.world.name,
                "greenlight/redis:7.0",
                "redis-server",
            ]);
        }),
    ];
    for (what, harm) in harms {
        harm(points);
        assert_ne!((seen_or_gone(points, "blue"), seen_or_gone(points, "side")), good, "{what} does no harm");
        let begun = Instant::now();
        let (code, said) = points.rollback(&points.run("good", &["--emergency", "--yes", "--reason", REASON]));
        assert_eq!(code, Some(0), "{what}: {said}");
        assert!(said.contains(&format!("EMERGENCY: {REASON}")), "{what}: {said}");
        assert_eq!((points.seen("blue"), points.seen("side")), good, "{what}: {said}");
        // Nobody was in a call: whoever gets its signal ends in time, also one that had one before it was started again.
        assert!(!said.contains("KILLED"), "{what}: {said}");
        assert_eq!(points.left(), [""; 0], "{what}");
        world.serves();
        assert_eq!(world.there().1, "blue", "{what}: {said}");
        let stranger = format!("{} is new since the point, and was left alone", points.name("green"));
        assert_eq!(said.contains(&stranger), what.contains("stranger"), "{what}: {said}");
        eprintln!("  {what}: as it was, exit 0, {:.1} s", begun.elapsed().as_secs_f64());
    }
    assert!(points.id("green").ends_with("true"), "the stranger was touched");
    done(&["rm", "-f", &points.name("green")]);
    let log = world.read("points/audit.jsonl");
    assert_eq!(log.matches(REASON).count(), 4, "{log}");
    missing_image(points);
    not_recovered(points);
    killed(points);
}

/// As the engine's client sees it, or nothing.
fn seen_or_gone(points: &Points, part: &str) -> String {
    match docker(&["inspect", &points.name(part)]).status.success() {
        true => points.seen(part),
        false => String::new(),
    }
}

fn in_clear_text(points: &Points, what: &str) -> String {
    let output = std::process::Command::new("grep").args(["-rlF", what]).arg(points.world.path("points")).output();
    String::from_utf8_lossy(&output.expect("grep").stdout).into_owned()
}

/// A container that has nothing to do with calls.
fn side(points: &Points, value: &str) {
    let (name, variable) = (points.name("side"), format!("VALUE={value}"));
    docker(&["rm", "-f", &name]);
    let run =
        ["run", "-d", "--name", &name, "--network", &points.world.name, "--network-alias", "beside", "-e", &variable];
    done(&[&run[..], &["greenlight/redis:7.0", "redis-server", "--save", ""]].concat());
}

/// The same name, the ports of blue, another image and another environment.
fn wrong_image(points: &Points) {
    let blue = points.name("blue");
    done(&["rm", "-f", &blue]);
    done(&["create", "--name", &blue, "--network", &points.world.name, "-e", "X=1", OLD, "--config", "/livekit.yaml"]);
    let from = points.world.path("livekit.yaml").display().to_string();
    done(&["cp", &from, &format!("{blue}:/livekit.yaml")]);
    done(&["start", &blue]);
    side(points, "two");
}

fn refused_without_yes_and_reason(points: &Points) {
    let before = points.id("blue");
    for more in [
        &["--emergency"][..],
        &["--emergency", "--yes"],
        &["--emergency", "--reason", REASON],
        &["--emergency", "--yes", "--reason", " "],
        &["--reason", REASON],
    ] {
        let (code, said) = points.rollback(&points.run("good", more));
        assert_eq!(code, Some(2), "{more:?}: {said}");
    }
    assert_eq!(points.id("blue"), before);
}

/// The image of what was kept is gone: nothing is stopped.
fn missing_image(points: &Points) {
    let (side, image) = (points.name("side"), format!("{}:kept", points.world.name));
    let id = done(&["commit", "--change", "LABEL kept=yes", &side]);
    done(&["tag", &id, &image]);
    done(&["rm", "-f", &side]);
    done(&["run", "-d", "--name", &side, "--network", &points.world.name, &image, "redis-server", "--save", ""]);
    points.create("lost");
    done(&["rm", "-f", &side]);
    done(&["rmi", &image]);
    wrong_image(points);
    let before = (points.id("blue"), points.id("side"));
    let (code, said) = points.rollback(&points.run("lost", &["--emergency", "--yes", "--reason", REASON]));
    assert_eq!(code, Some(6), "{said}");
    assert!(said.contains(&image) && said.contains("Nothing was stopped"), "{said}");
    assert_eq!((points.id("blue"), points.id("side")), before);
    eprintln!("  a missing image: exit 6, nothing was stopped");
}

/// What was there stays until somebody has said that what came has helped.
fn not_recovered(points: &Points) {
    wrong_image(points);
    let (wrong, wrong_seen) = ((points.id("blue"), points.id("side")), points.seen("blue"));
    std::fs::remove_file(points.world.path("healthy")).expect("removed");
    let (code, said) = points.rollback(&points.run("good", &["--emergency", "--yes", "--reason", REASON]));
    assert_eq!(code, Some(8), "{said}");
    assert_eq!(
        points.left(),
        [format!("{}.greenlight-before", points.name("blue")), format!("{}.greenlight-before", points.name("side"))]
    );
    assert_ne!(points.seen("blue"), wrong_seen);
    points.world.serves();
    let (code, said) = points.rollback(&["abort"]);
    assert_eq!(code, Some(0), "{said}");
    assert_eq!((points.id("blue"), points.id("side")), wrong, "{said}");
    assert_eq!(points.left(), [""; 0]);
    points.world.put("healthy", "");
    eprintln!("  not recovered: exit 8, then aborted: all old");
}

/// Ended in the middle of the first, of the second, and before both.
fn killed(points: &Points) {
    let before = |part: &str| format!("{}.greenlight-before", points.name(part));
    let new = |part: &str| format!("{}.greenlight-new", points.name(part));
    for (moment, wanted) in [("staged", new("blue")), ("first", before("side")), ("second", before("blue"))] {
        for way in ["resume", "abort"] {
            wrong_image(points);
            let wrong = (points.id("blue"), points.id("side"));
            points.killed(&points.run("good", &["--emergency", "--yes", "--reason", REASON]), || {
                points.left().contains(&wanted)
            });
            // While nothing is exchanged a second one ends the first by itself.
            if moment != "staged" {
                let (code, said) = points.rollback(&points.run("good", &["--emergency", "--yes", "--reason", REASON]));
                assert_eq!(code, Some(2), "a second one was begun: {said}");
            }
            let (code, said) = points.rollback(&[way]);
            assert_eq!(code, Some(0), "{moment}, {way}: {said}");
            assert_eq!(points.left(), [""; 0], "{moment}, {way}: {said}");
            let now = (points.id("blue"), points.id("side"));
            let is_new = said.contains(": restored");
            assert!(way == "resume" || !is_new, "{moment}, {way}: {said}");
            assert!(way == "abort" || is_new || moment == "staged", "{moment}, {way}: {said}");
            match is_new {
                false => assert_eq!(now, wrong, "{moment}, {way}: {said}"),
                true => {
                    assert!(now.0 != wrong.0 && now.1 != wrong.1, "{moment}, {way}: {said}");
                    assert!(points.seen("side").contains("VALUE=one"), "{moment}, {way}: {said}");
                    points.world.serves();
                }
            }
            eprintln!("  killed {moment}, {way}: {}", if is_new { "all new" } else { "all old" });
        }
    }
}
