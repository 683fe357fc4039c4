//! The procedure against a world that records what is done to it, and that ends at any point as a machine does.

use super::driver::Driver;
use super::engine::{Ended, Engine};
use super::journal::{Ending, Journal, Plan, Position};
use super::phase::{Colour, Phase};
use crate::failure::Failure;
use greenlight_reports::Exit;
use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::path::Path;
use tokio_util::sync::CancellationToken;

/// What is there: who has the traffic, and which colours run.
#[derive(Debug, Clone, PartialEq, Eq)]
struct There {
    active: Option<Colour>,
    running: BTreeSet<&'static str>,
}

/// What is done to it, and what goes wrong with that.
struct World {
    there: RefCell<There>,
    said: RefCell<Vec<String>>,
    /// After so many events the machine goes down: before something is done, or before it is written that it was.
    crash_after: Cell<Option<usize>>,
    /// This does not work.
    broken: Option<&'static str>,
    /// Says that it has switched, and has not.
    switch_lies: bool,
    /// What the new colour says that it runs.
    runs: &'static str,
}

const EXPECTED: &str = "image_id sha256:1d";

impl World {
    fn new(active: Option<Colour>) -> Self {
        let running = active.iter().map(|colour| colour.word()).collect();
        Self {
            there: RefCell::new(There { active, running }),
            said: RefCell::default(),
            crash_after: Cell::new(None),
            broken: None,
            switch_lies: false,
            runs: EXPECTED,
        }
    }

    fn event(&self) -> Result<(), Failure> {
        match self.crash_after.get() {
            Some(0) => Err(Failure::interrupted("the machine went down")),
            left => {
                self.crash_after.set(left.map(|left| left - 1));
                Ok(())
            }
        }
    }

    fn act(&self, what: &str, colour: Colour, effect: impl FnOnce(&mut There)) -> Result<(), Failure> {
        self.event()?;
        self.said.borrow_mut().push(format!("{what} {colour}"));
        let broken = self.broken == Some(what) || self.broken == Some(&format!("{what} {colour}"));
        if broken {
            return Err(Failure::red(format!("{what} does not work")));
        }
        effect(&mut self.there.borrow_mut());
        self.event()
    }

    fn is_all_old(&self) -> bool {
        *self.there.borrow() == There { active: Some(Colour::Blue), running: ["blue"].into() }
    }

    fn is_all_new(&self) -> bool {
        *self.there.borrow() == There { active: Some(Colour::Green), running: ["green"].into() }
    }
}

impl Driver for World {
    async fn active(&self) -> Result<Option<Colour>, Failure> {
        Ok(self.there.borrow().active)
    }

    async fn start(&self, colour: Colour) -> Result<(), Failure> {
        self.act("start", colour, |there| {
            there.running.insert(colour.word());
        })
    }

    async fn identify(&self, _: Colour) -> Result<Vec<String>, Failure> {
        Ok(vec![self.runs.to_owned()])
    }

    async fn verify(&self, colour: Colour) -> Result<(), Failure> {
        let runs = self.there.borrow().running.contains(colour.word());
        self.act("verify", colour, |_| {})?;
        if runs { Ok(()) } else { Err(Failure::red("nothing answers")) }
    }

    async fn switch(&self, colour: Colour) -> Result<(), Failure> {
        let lies = self.switch_lies && colour == Colour::Green;
        self.act("switch", colour, |there| {
            if !lies {
                there.active = Some(colour);
            }
        })
    }

    async fn watch(&self, colour: Colour) -> Result<(), Failure> {
        self.act("watch", colour, |_| {})
    }

    async fn drain(&self, colour: Colour) -> Result<(), Failure> {
        self.act("drain", colour, |_| {})
    }

    async fn remove(&self, colour: Colour) -> Result<(), Failure> {
        self.act("remove", colour, |there| {
            there.running.remove(colour.word());
        })
    }

    async fn before(&self) -> Result<(), Failure> {
        self.act("before", Colour::Green, |_| {})
    }

    async fn gate(&self) -> Result<Vec<String>, Failure> {
        match self.broken {
            Some("gate") => Err(Failure::refused("the gate is closed: stale")),
            Some("tag") => Ok(vec!["image_id sha256:2e".to_owned()]),
            _ => Ok(vec![EXPECTED.to_owned()]),
        }
    }
}

fn plan(from: Option<Colour>) -> Plan {
    let to = from.map_or(Colour::Blue, Colour::other);
    Plan {
        id: "k3f9a".into(),
        environment: "staging".into(),
        from,
        to,
        expected: vec![EXPECTED.into()],
        report: None,
        switch_only: false,
    }
}

async fn go(world: &World, journal: Journal, position: Position) -> Result<Ended, Failure> {
    Engine { driver: world, journal, position, on_phase: &|_, _| {}, interrupt: &CancellationToken::new() }.run().await
}

async fn deploy(world: &World, path: &Path) -> Result<Ended, Failure> {
    let plan = plan(world.there.borrow().active);
    let journal = Journal::create(path, &plan)?;
    go(world, journal, Position::of(plan)).await
}

/// As `resume`, or as `abort` where there still is a way back.
async fn go_on(world: &World, path: &Path, back: bool) -> Result<Ended, Failure> {
    let (mut journal, mut position) = Journal::open(path)?.expect("a journal");
    if back && position.back.is_none() && !position.is_past_return() {
        journal.turn_back("aborted")?;
        position.back = Some("aborted".into());
    }
    go(world, journal, position).await
}

fn journal() -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("journal.jsonl");
    (folder, path)
}

#[tokio::test]
async fn a_good_deploy_does_everything_once_and_in_order() {
    let (world, (_folder, path)) = (World::new(Some(Colour::Blue)), journal());
    let ended = deploy(&world, &path).await.expect("ended");
    assert_eq!((ended.exit, ended.ending), (Exit::Passed, Ending::New));
    let expected = "before green, start green, verify green, switch green, watch green, drain blue, remove blue";
    assert_eq!(world.said.borrow().join(", "), expected);
    assert!(world.is_all_new());
    let (_, position) = Journal::open(&path).expect("read").expect("a journal");
    assert_eq!(position.ended, Some(Ending::New));
}

#[tokio::test]
async fn the_first_deploy_has_nothing_to_drain() {
    let (world, (_folder, path)) = (World::new(None), journal());
    assert_eq!(deploy(&world, &path).await.expect("ended").exit, Exit::Passed);
    assert_eq!(*world.there.borrow(), There { active: Some(Colour::Blue), running: ["blue"].into() });
}

/// What must happen when one thing does not work, and stays that way.
#[tokio::test]
async fn whatever_breaks_ends_with_all_old_or_says_that_it_does_not() {
    for (broken, exit, ending, switched) in [
        ("gate", Exit::EvidenceRefused, Ending::Old, false),
        ("tag", Exit::EvidenceRefused, Ending::Old, false),
        ("before", Exit::Failed, Ending::Old, false),
        ("start", Exit::RolledBack, Ending::Old, false),
        ("verify green", Exit::RolledBack, Ending::Old, false),
        ("switch green", Exit::RolledBack, Ending::Old, true),
        ("watch", Exit::RolledBack, Ending::Old, true),
    ] {
        let (world, (_folder, path)) = (World { broken: Some(broken), ..World::new(Some(Colour::Blue)) }, journal());
        let ended = deploy(&world, &path).await.expect("ended");
        assert_eq!((ended.exit, ended.ending), (exit, ending), "{broken}");
        assert!(ended.reason.is_some_and(|reason| !reason.is_empty()), "{broken} gives no reason");
        assert!(world.is_all_old(), "{broken}: {:?}", world.there);
        let said = world.said.borrow().join(", ");
        assert_eq!(said.contains("switch"), switched, "{broken}: {said}");
        assert_eq!(said.contains("verify blue"), switched, "{broken}: {said}");
    }
}

#[tokio::test]
async fn where_there_is_no_way_on_or_back_a_person_is_called() {
    for (broken, crash) in [("drain", ""), ("remove blue", "")] {
        let (world, (_folder, path)) = (World { broken: Some(broken), ..World::new(Some(Colour::Blue)) }, journal());
        let ended = deploy(&world, &path).await.expect("ended");
        assert_eq!((ended.exit, ended.ending), (Exit::RollbackFailed, Ending::Stuck), "{broken}{crash}");
        // Traffic stays with the colour that works, and once the hindrance is gone `resume` finishes.
        assert_eq!(world.there.borrow().active, Some(Colour::Green));
        let mended = World { there: world.there, ..World::new(None) };
        assert_eq!(go_on(&mended, &path, false).await.expect("ended").ending, Ending::New);
        assert!(mended.is_all_new());
    }
    let (world, (_folder, path)) = (World { switch_lies: true, ..World::new(Some(Colour::Blue)) }, journal());
    let ended = deploy(&world, &path).await.expect("ended");
    assert_eq!((ended.exit, ended.ending), (Exit::RolledBack, Ending::Old));
    assert!(ended.reason.expect("why").contains("the balancer says blue"));
    assert!(world.is_all_old());
}

#[tokio::test]
async fn a_colour_that_runs_something_else_gets_nothing() {
    let (world, (_folder, path)) = (World { runs: "image_id sha256:ff", ..World::new(Some(Colour::Blue)) }, journal());
    let ended = deploy(&world, &path).await.expect("ended");
    assert_eq!(ended.exit, Exit::RolledBack);
    assert!(ended.reason.expect("why").contains("does not run what the gate has seen"));
    assert!(world.is_all_old() && !world.said.borrow().join(" ").contains("verify"));
}

/// The machine goes down at every point of a deploy, of its resumption and of its abortion, and the line that was being
/// written is torn or not: all old or all new, every time.
#[tokio::test]
async fn a_crash_at_any_point_ends_with_all_old_or_all_new() {
    let mut ends = BTreeSet::new();
    let mut tried = 0;
    for first in 0.. {
        let (world, (_folder, path)) = (World::new(Some(Colour::Blue)), journal());
        world.crash_after.set(Some(first));
        if deploy(&world, &path).await.is_ok() {
            break;
        }
        let (there, text) = (world.there.borrow().clone(), std::fs::read(&path).expect("journal"));
        // A line that was being written is torn. One that was written is on disk: what follows had not begun before.
        let torn_lines: [&[u8]; 2] = [b"", br#"{"record":"done","at":"2026-11"#];
        let cases = [false, true].into_iter().flat_map(|back| torn_lines.map(|torn| (back, torn)));
        for (back, torn, second) in cases.flat_map(|(back, torn)| (0..16).map(move |second| (back, torn, second))) {
            let world = World { there: RefCell::new(there.clone()), ..World::new(None) };
            std::fs::write(&path, [&text, torn].concat()).expect("written");
            world.crash_after.set(Some(second));
            let mut ended = go_on(&world, &path, back).await;
            world.crash_after.set(None);
            if ended.is_err() {
                ended = go_on(&world, &path, back).await;
            }
            let ending = ended.expect("ended").ending;
            let way = if back { "abort" } else { "resume" };
            let case = format!("crash {first}, torn {}, {way}, crash {second}", !torn.is_empty());
            assert!(world.is_all_old() || world.is_all_new(), "{case}: {:?}", world.there);
            assert_eq!(ending == Ending::New, world.is_all_new(), "{case}");
            let drained = text.windows(7).any(|part| part == b"\"drain\"");
            assert!(!back || drained || world.is_all_old(), "{case}: aborted, and it is new");
            ends.insert(ending == Ending::New);
            tried += 1;
        }
    }
    assert_eq!(ends.len(), 2, "both ends are reached");
    assert!(tried > 800, "{tried} crashes tried");
}

#[test]
fn the_way_back_is_for_what_was_done() {
    let position = |begun: &[Phase]| Position {
        plan: plan(Some(Colour::Blue)),
        back: None,
        done: vec![],
        begun: begun.to_vec(),
        ended: None,
    };
    assert!(!position(&[Phase::Gate]).may_have_started());
    assert!(position(&[Phase::Start]).may_have_started() && !position(&[Phase::Start]).may_have_switched());
    assert!(position(&[Phase::Switch]).may_have_switched() && !position(&[Phase::Switch]).is_past_return());
    assert!(position(&[Phase::Drain]).is_past_return());
}
