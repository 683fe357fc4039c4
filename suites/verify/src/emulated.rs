//! A run on the emulator: for a first look anywhere, and never for a verdict about LiveKit.

use crate::tape::{Held, Line, held_known, hold, shipped, unrecorded};
use anyhow::{Context as _, Result};
use greenlight_harness::{Recording, Target};
use greenlight_suites::checks;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Stands above everything that such a run prints.
pub const SELF_TEST: &str = greenlight_harness::reports::TargetInfo::SELF_TEST;

/// Says the shipped recording to emulators again, and lets those checks run whose every request was answered as the real
/// server answered it. One that sends something else when it runs is not believed either.
///
/// # Errors
/// When the recording can't be read, or no emulator answers.
pub(crate) async fn recording_for(target: &Target, run_id: &str) -> Result<Arc<Recording>> {
    let recorded = shipped().context("reading the recording of the real server")?;
    let held = hold(&recorded).await.context("holding the emulator to the recording")?;
    Ok(Arc::new(judged(&recorded, &held, target, run_id)))
}

fn judged(recorded: &[Line], held: &Held, target: &Target, run_id: &str) -> Recording {
    let left_out: BTreeMap<String, String> = checks()
        .into_iter()
        .filter(|check| !held.same.contains(check.id))
        .map(|check| (check.id.to_owned(), why(held, check.id)))
        .collect();
    let (known, key, run_id) = (held_known(recorded), target.key.clone(), run_id.to_owned());
    let places = vec![("entry".to_owned(), target.entry.url().to_owned())];
    let judge = move |check: &str, events: &[_]| {
        let what = unrecorded(&known, check, events, &key, &run_id, &places)?;
        Some(format!("nothing is recorded of what it sends: {what}"))
    };
    Recording::judged(left_out, Box::new(judge))
}

/// Few reasons, so that they can be counted.
fn why(held: &Held, check: &str) -> String {
    match (held.beyond.get(check), held.other.get(check)) {
        (Some(reason), _) if reason.contains("no media") => "the emulator has no media".into(),
        (Some(_), _) => "the emulator does not know all that it sends".into(),
        (None, Some(_)) => "the emulator answers it otherwise than LiveKit".into(),
        (None, None) => "nothing is recorded of what it sends".into(),
    }
}
