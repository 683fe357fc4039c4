//! The emulator held to a recording: which checks it may run, and why not the others.

use super::line::{Line, Step};
use super::listen::lines;
use super::replay::{Replayed, replay};
use anyhow::Result;
use greenlight_emulator::Emulator;
use greenlight_harness::clients::{Http, Key, Secret, WireEvent};
use std::collections::{BTreeMap, BTreeSet};

/// What came of saying a recording again.
#[derive(Debug, Default)]
pub struct Held {
    /// Checks whose every request was answered as it was recorded.
    pub same: BTreeSet<String>,
    /// Checks that are beyond the emulator, with the reason.
    pub beyond: BTreeMap<String, String>,
    /// Checks to which it gives another answer than LiveKit, with the first difference.
    pub other: BTreeMap<String, String>,
    /// Requests, upgrades and messages of all of them.
    pub sent: usize,
    /// How many of these were answered as recorded. What comes after the first that was not is not said at all.
    pub compared: usize,
}

/// Says every line again, to an emulator of its own for each check.
///
/// # Errors
/// When no emulator can be started, or one does not answer.
pub async fn hold(recording: &[Line]) -> Result<Held> {
    let key = Key { id: "APIemulated".into(), secret: Secret::new("what the emulator signs with; nothing else does") };
    let http = Http::trusting("")?;
    let mut held = Held::default();
    for (check, lines) in by_check(recording) {
        held.sent += lines.iter().filter(|line| is_sent(&line.step)).count();
        let emulator = Emulator::start(&key.id, key.secret.expose()).await?;
        let (replayed, compared) = replay(&lines, &http, &emulator.url(), &key).await?;
        held.compared += compared;
        match replayed {
            Replayed::Same => drop(held.same.insert(check.to_owned())),
            Replayed::Beyond(reason) => drop(held.beyond.insert(check.to_owned(), reason)),
            Replayed::Other(difference) => drop(held.other.insert(check.to_owned(), difference)),
        }
    }
    Ok(held)
}

fn by_check(recording: &[Line]) -> BTreeMap<&str, Vec<&Line>> {
    let mut checks: BTreeMap<&str, Vec<&Line>> = BTreeMap::new();
    for line in recording {
        checks.entry(&line.check).or_default().push(line);
    }
    checks
}

fn is_sent(step: &Step) -> bool {
    matches!(step, Step::Http(..) | Step::Open(..) | Step::Sent(..))
}

/// The requests of each check, to tell those that nobody has recorded.
pub(crate) fn known(recording: &[Line]) -> BTreeMap<String, Vec<Step>> {
    let mut checks: BTreeMap<String, Vec<Step>> = BTreeMap::new();
    for line in recording.iter().filter(|line| is_sent(&line.step)) {
        checks.entry(line.check.clone()).or_default().push(line.step.clone());
    }
    checks
}

/// The first request of a check that its recording does not have.
pub(crate) fn unrecorded(
    known: &BTreeMap<String, Vec<Step>>,
    check: &str,
    events: &[WireEvent],
    key: &Key,
    run_id: &str,
    places: &[(String, String)],
) -> Option<String> {
    let asked = |step: &Step| match step {
        Step::Http(ask, _) | Step::Open(_, ask, _) => Some(format!("{ask:?}")),
        Step::Sent(_, message) => Some(message.to_string()),
        _ => None,
    };
    let recorded: BTreeSet<String> = known.get(check).into_iter().flatten().filter_map(asked).collect();
    let lines = lines(check, events, key, run_id, places);
    let what = lines.iter().find(|line| asked(&line.step).is_some_and(|asked| !recorded.contains(&asked)))?;
    Some(match &what.step {
        Step::Http(ask, _) | Step::Open(_, ask, _) => format!("{} {}", ask.method, ask.path),
        _ => "a message".to_owned(),
    })
}
