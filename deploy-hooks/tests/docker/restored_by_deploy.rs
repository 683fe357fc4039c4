//! What was kept comes back by a deploy like any other: with an open gate, one colour after the other, and never without.

use crate::points::Points;
use crate::world::done;
use std::fs;
use std::time::Instant;

/// Blue was kept; green is another build's, and has the traffic.
pub(super) fn restored_by_deploy() {
    let points = &Points::start(&[]);
    let world = &points.world;
    points.create("good");
    let good = points.seen("blue");
    let other = world.read("livekit.yaml") + "room:\n  max_participants: 7\n";

    // Nothing to do.
    let before = points.id("blue");
    let (code, said) = points.rollback(&points.run("good", &[]));
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("nothing was done"), "{said}");
    assert_eq!(points.id("blue"), before);

    world.put("livekit.yaml", &other);
    let (code, said) = world.deploy();
    assert_eq!(code, Some(0), "{said}");
    let green = points.id("green");

    // A closed gate: too old a report, and none.
    let lines = world.read("deployment.yaml");
    world.put("deployment.yaml", &lines.replace("age_max_s: 3600", "age_max_s: 1"));
    let (code, said) = points.rollback(&points.run("good", &[]));
    assert_eq!(code, Some(5), "{said}");
    assert!(
        said.contains("the gate of production is closed for what was kept") && said.contains("--emergency"),
        "{said}"
    );
    world.put("deployment.yaml", &lines.replace("report: report.json", "report: none.json"));
    let (code, said) = points.rollback(&points.run("good", &[]));
    assert_eq!(code, Some(5), "{said}");
    world.put("deployment.yaml", &lines);
    assert_eq!((points.id("green"), world.there()), (green, (vec!["green".to_owned()], "green".to_owned())));
    eprintln!("  a closed gate: exit 5, nothing was touched");

    let begun = Instant::now();
    let (code, said) = points.rollback(&points.run("good", &[]));
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(world.there(), (vec!["blue".to_owned()], "blue".to_owned()), "{said}");
    // The limits were set by hand, and no deploy sets them.
    done(&["update", "--memory", "300m", "--memory-swap", "300m", "--cpus", "1.5", &points.name("blue")]);
    assert_eq!(points.seen("blue"), good.replace("greenlight/livekit-server:v1.13.5", &image_id(&good)), "{said}");
    world.serves();
    assert!(!world.path(".greenlight-good-services.new").exists());
    eprintln!("  an open gate: all as kept, exit 0, {:.1} s", begun.elapsed().as_secs_f64());

    for (phase, way, active) in
        [("verify", "abort", "green"), ("verify", "resume", "blue"), ("drain", "resume", "blue")]
    {
        world.put("livekit.yaml", &other);
        let (_, was) = world.there();
        if was == "blue" {
            let (code, said) = world.deploy();
            assert_eq!(code, Some(0), "{said}");
        }
        let _ = fs::remove_file(world.path("records/production/journal.jsonl"));
        let begins = format!("\"phase\":\"{phase}\"");
        points.killed(&points.run("good", &[]), || {
            let text = fs::read_to_string(world.path("records/production/journal.jsonl")).unwrap_or_default();
            text.lines().any(|line| line.contains("\"record\":\"begun\"") && line.contains(&begins))
        });
        // What a step has started may go on, and holds the lock until it has ended.
        fs::File::open(world.path("records/production/lock")).expect("a lock").lock().expect("let go");
        let (code, said) = points.rollback(&[way]);
        assert_eq!(code, Some(0), "{phase}, {way}: {said}");
        assert_eq!(world.there(), (vec![active.to_owned()], active.to_owned()), "{phase}, {way}: {said}");
        world.serves();
        assert_eq!(points.seen(active).contains("max_participants"), active == "green", "{phase}, {way}");
        eprintln!("  killed in {phase}, {way}: all {}", if active == "blue" { "new" } else { "old" });
    }
}

fn image_id(seen: &str) -> String {
    seen.split(' ').next().unwrap_or_default().to_owned()
}
