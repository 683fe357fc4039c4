//! `kill -9` in each phase, on containers, then `resume` or `abort`: all old or all new.

use crate::world::World;
use std::fs;
use std::process::Stdio;
use std::time::{Duration, Instant};

/// In order. From the drain on there is no way back.
const PHASES: [(&str, bool); 9] = [
    ("gate", true),
    ("before", true),
    ("start", true),
    ("identify", true),
    ("verify", true),
    ("switch", true),
    ("watch", true),
    ("drain", false),
    ("remove", false),
];
/// A phase such as `identify` takes milliseconds, and on a busy machine it can be over before it is seen.
const TRIES: usize = 5;
const LOOK_EVERY: Duration = Duration::from_millis(1);
const REACHED_MAX: Duration = Duration::from_secs(60);

/// Both ways, each in a world of its own, side by side: most of it is waiting for containers.
pub(super) fn killed() {
    std::thread::scope(|scope| {
        let ways = ["resume", "abort"].map(|way| scope.spawn(move || each_phase(&World::start(), way)));
        for way in ways {
            way.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        }
    });
}

fn each_phase(world: &World, way: &str) {
    assert_eq!(world.deploy().0, Some(0));
    for (phase, can_go_back) in PHASES {
        let begun = Instant::now();
        let old = kill_in(world, phase);
        let old = old.as_str();
        let new = if old == "blue" { "green" } else { "blue" };
        let all = |colour: &str| (vec![colour.to_owned()], colour.to_owned());
        let (code, said) = world.greenlight(&["deploy", way]);
        let (code, said, ended) = match (way, can_go_back) {
            ("abort", true) => (code, said, (7, old)),
            ("abort", false) => {
                assert_eq!(code, Some(2), "{phase}: {said}");
                assert!(said.contains("drains already, and can't come back"), "{phase}: {said}");
                eprintln!("  killed in {phase:<8} abort  refused, exit 2: the old colour drains already");
                let (code, said) = world.greenlight(&["deploy", "resume"]);
                (code, said, (0, new))
            }
            _ => (code, said, (0, new)),
        };
        assert_eq!(code, Some(ended.0), "killed in {phase}, {way}: {said}");
        assert_eq!(world.there(), all(ended.1), "killed in {phase}, {way}: {said}");
        world.serves();
        let state = if ended.1 == new { "all new" } else { "all old" };
        let way = if can_go_back { way } else { "resume" };
        eprintln!("  killed in {phase:<8} {way:<6} {state}, exit {}, {:.1} s", ended.0, begun.elapsed().as_secs_f64());
    }
}

/// Ends a deploy as soon as its journal says that the phase has begun, makes sure that it says nothing after that, and
/// returns who had the traffic before.
fn kill_in(world: &World, phase: &str) -> String {
    for _ in 0..TRIES {
        let old = world.there().1;
        let _ = fs::remove_file(world.path("records/production/journal.jsonl"));
        let mut command = world.command(&["deploy"]);
        let mut deploy = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it runs");
        let end = Instant::now() + REACHED_MAX;
        while !journal(world).iter().any(|line| is_begin_of(line, phase)) {
            assert!(deploy.try_wait().expect("its status").is_none(), "it ended before {phase}");
            assert!(Instant::now() < end, "{phase} was not reached");
            std::thread::park_timeout(LOOK_EVERY);
        }
        deploy.kill().expect("killed");
        assert_eq!(deploy.wait().expect("its status").code(), None, "{phase}: it was not killed");
        // What a step has started may go on, and holds the lock until it has ended.
        fs::File::open(world.path("records/production/lock")).expect("a lock").lock().expect("let go");
        if journal(world).last().is_some_and(|line| is_begin_of(line, phase)) {
            return old;
        }
        let (code, said) = world.greenlight(&["deploy", "resume"]);
        assert_eq!(code, Some(0), "{said}");
    }
    panic!("{phase} was over before it could be killed, {TRIES} times");
}

fn journal(world: &World) -> Vec<serde_json::Value> {
    let text = fs::read_to_string(world.path("records/production/journal.jsonl")).unwrap_or_default();
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

fn is_begin_of(line: &serde_json::Value, phase: &str) -> bool {
    line["record"] == "begun" && line["phase"] == phase
}
