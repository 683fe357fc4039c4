//! A staging that is migrated with a real fault in each step, and then without: after each fault all is as it was, by the
//! eyes of other programs than ours.

use crate::deployed::{Deployed, ENV, Heard, NEW, OLD};
use crate::world::docker;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// No LiveKit at all: such a container ends at once.
const NO_SERVER: &str = "greenlight/redis:7.0";
/// A page of a small disk is 4096 bytes: so many and the line that a correction adds are more than one.
const NEARLY_A_PAGE: usize = 4_080;
/// Two pages are free beside the two files: one for what is kept of livekit.yaml, and one for half of what replaces it. They
/// are what the way back needs, which brings it alone.
const DISK_KIB: u32 = 16;
/// Five pages are free: enough for livekit.yaml and for the way back, and not for what is set.
const LARGER_DISK_KIB: u32 = 28;
/// A value of an environment file.
const SET_BYTES: usize = 24_000;
/// Less than any point needs.
const STORE_KIB: u32 = 16;
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// A fault, the step that it makes red, what is said then, and how that ends. Up to the point nothing was begun that could be
/// taken back, and the status is the step's own: 7 would say that something had been.
struct Fault {
    step: &'static str,
    plant: fn(&Deployed),
    runs: Runs,
    because: &'static str,
    code: i32,
}

/// Where the migration runs.
enum Runs {
    Here,
    /// The engine does not answer.
    WithoutEngine,
    /// This folder lies on a disk of so many KiB.
    OnASmallDisk(&'static str, u32),
    /// The new server ends when it is alone.
    WithADyingServer,
}

const FAULTS: [Fault; 8] = [
    Fault {
        step: "prerequisites",
        plant: |_| (),
        runs: Runs::WithoutEngine,
        because: "no container engine answers",
        code: 2,
    },
    Fault {
        step: "plan",
        plant: |staging| edit(staging, "disk/ops/livekit.yaml", "port: 7880", "port: abc"),
        runs: Runs::Here,
        because: "greenlight plan apply --dry-run ended with 1",
        code: 1,
    },
    Fault {
        step: "gate",
        plant: |staging| staging.world.report(OLD),
        runs: Runs::Here,
        because: "the gate is closed",
        code: 5,
    },
    Fault {
        step: "point",
        plant: |_| (),
        runs: Runs::OnASmallDisk("points", STORE_KIB),
        because: "bytes free, and a point of ",
        code: 2,
    },
    Fault {
        step: "configuration",
        plant: |staging| {
            let text = staging.world.read("disk/ops/livekit.yaml");
            let padding = format!("#{}\n", "-".repeat(NEARLY_A_PAGE - text.len() - 2));
            staging.world.put("disk/ops/livekit.yaml", &(text + &padding));
        },
        runs: Runs::OnASmallDisk("disk", DISK_KIB),
        because: "No space left on device",
        code: 7,
    },
    Fault {
        step: "environment",
        plant: |staging| {
            let set = format!("      engine: false\n      set: {{GREETING: {}}}\n", "x".repeat(SET_BYTES));
            edit(staging, "deployment.yaml", "      engine: false\n", &set);
        },
        runs: Runs::OnASmallDisk("disk", LARGER_DISK_KIB),
        because: "No space left on device",
        code: 7,
    },
    Fault {
        step: "deploy",
        plant: |staging| {
            edit(staging, "deployment.yaml", NEW, NO_SERVER);
            staging.world.report(NO_SERVER);
        },
        runs: Runs::Here,
        because: "  start        FAILED",
        code: 7,
    },
    Fault {
        step: "validation",
        plant: |_| (),
        runs: Runs::WithADyingServer,
        because: "greenlight validate ended with 6",
        code: 7,
    },
];

pub(super) fn migrates(staging: &Deployed) {
    let world = &staging.world;
    let line = format!("      engine: false\n      back: {}\n", staging.gives_back());
    edit(staging, "deployment.yaml", "      engine: false\n", &line);
    let state = staging.state();
    assert_eq!((state.durable.len(), state.trunks.len()), (3, 3), "{state:?}");
    let good = ["deployment.yaml", "disk/ops/livekit.yaml", ENV].map(|file| (file, world.read(file)));
    let mend = || {
        good.iter().for_each(|(file, text)| world.put(file, text));
        world.report(NEW);
    };
    let seen = staging.postgres.seen();

    for (number, fault) in FAULTS.iter().enumerate() {
        let begun = Instant::now();
        let when = format!("after a fault in the step {}", fault.step);
        (fault.plant)(staging);
        let files = staging.files();
        let Some((code, said)) = run(staging, &fault.runs, &when) else {
            mend();
            continue;
        };
        assert_eq!(code, Some(fault.code), "{when}: {said}");
        let before = FAULTS[..number].iter().map(|fault| format!("  {:<14} done in ", fault.step));
        for part in before.chain([format!("  {:<14} FAILED", fault.step), fault.because.to_owned()]) {
            assert!(said.contains(&part), "{when}: no {part:?} in {said}");
        }
        assert_eq!(staging.files_again(), files, "{when}");
        assert_eq!((world.there().0, staging.image("blue")), (vec!["blue".to_owned()], OLD.to_owned()), "{when}");
        assert_eq!((staging.state(), staging.postgres.seen()), (state.clone(), seen.clone()), "{when}");
        staging.accepts(&when);
        is_reported(staging, fault, &said);
        eprintln!("  {}: exit {}, {:.1} s", fault.step, fault.code, begun.elapsed().as_secs_f64());
        mend();
    }

    let begun = Instant::now();
    let (code, said) = staging.greenlight(&["migrate", "staging"]);
    assert_eq!(code, Some(0), "{said}");
    assert_eq!((world.there().0, staging.image("green")), (vec!["green".to_owned()], NEW.to_owned()));
    assert!(world.read("disk/ops/livekit.yaml").contains("    stream_allocator:\n"), "{said}");
    assert_eq!((world.read(ENV), staging.state()), ("NODE_IP=127.0.0.1\n".to_owned(), state));
    staging.accepts("after the migration");
    let verdict = said.lines().find(|line| line.starts_with("PASSED ")).unwrap_or_default();
    eprintln!("  staging, mended: exit 0, {:.1} s, {verdict}", begun.elapsed().as_secs_f64());
}

/// Status, and everything that was said; on a disk of its own the files there are as they were. `None` where nobody may mount.
fn run(staging: &Deployed, runs: &Runs, when: &str) -> Option<Heard> {
    let arguments = ["migrate", "staging"];
    Some(match runs {
        Runs::Here => staging.greenlight(&arguments),
        Runs::WithoutEngine => {
            let mut command = Command::new(env!("CARGO_BIN_EXE_greenlight"));
            staging.heard(command.args(arguments).env("DOCKER_HOST", "unix:///nonexistent/docker.sock"))
        }
        Runs::OnASmallDisk(folder, kib) => {
            let (ended, [before, after]) = staging.on_a_small_disk(folder, *kib, &arguments)?;
            assert!(
                before.contains("  disk/ops/livekit.yaml\n") && before.contains("  disk/livekit.env\n"),
                "{before}"
            );
            assert_eq!(before, after, "{when}: {}", ended.1);
            ended
        }
        Runs::WithADyingServer => {
            let over = AtomicBool::new(false);
            std::thread::scope(|scope| {
                scope.spawn(|| dies(staging, &over));
                let ended = staging.greenlight(&arguments);
                over.store(true, Ordering::Relaxed);
                ended
            })
        }
    })
}

/// Its deploy was good, the old one is gone, and then it ends.
fn dies(staging: &Deployed, over: &AtomicBool) {
    while staging.world.there().0 != ["green"] && !over.load(Ordering::Relaxed) {
        std::thread::park_timeout(LOOK_EVERY);
    }
    docker(&["kill", &format!("{}-green", staging.world.name)]);
}

/// What is told: which step was red, whether anything came back, and that the suites have seen what serves.
fn is_reported(staging: &Deployed, fault: &Fault, said: &str) {
    let mut reports = said.lines().filter_map(|line| line.strip_prefix("report   "));
    let file = reports.find(|file| file.ends_with("migration-report.md")).expect("a report");
    let report = staging.world.read(file);
    let is_back = fault.code == 7;
    let word = if is_back { "**OLD**" } else { "**UNCHANGED**" };
    for part in [word, &format!("| {} | **begun and not done** |", fault.step)] {
        assert!(report.contains(part), "no {part:?} in {report}");
    }
    assert_eq!(report.contains("| way back | done, because "), is_back, "{report}");
    assert_eq!(said.contains("recovered, says greenlight-verify"), is_back, "{said}");
    assert!(is_back || said.contains("; nothing was changed\nexit "), "{said}");
    assert!(!said.contains("nothing was changed; nothing was changed"), "{said}");
}

fn edit(staging: &Deployed, file: &str, from: &str, to: &str) {
    let text = staging.world.read(file);
    assert!(text.contains(from), "no {from:?} in {text}");
    staging.world.put(file, &text.replace(from, to));
}
