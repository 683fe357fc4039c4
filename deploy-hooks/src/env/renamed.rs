//! Variables that a version of livekit-server no longer reads.

use crate::failure::Failure;
use greenlight_config::history::{History, Version};

/// Each that some older version reads and this one ignores, with what took its place.
///
/// # Errors
/// [`Failure`] of usage: nothing is known about this version.
pub(super) fn lost(version: &str) -> Result<Vec<(String, Option<String>)>, Failure> {
    let history = History::shipped();
    let known: Vec<Version> = history.versions().collect();
    let words: Vec<String> = known.iter().map(ToString::to_string).collect();
    let words = words.join(", ");
    let to: Version = version
        .parse()
        .map_err(|_| Failure::usage(format!("--to {version:?} is no version; write it as in --to 1.13.5")))?;
    let mut lost = Vec::new();
    for from in known.iter().filter(|from| **from < to) {
        let found = history.variables_lost(*from, to).map_err(|_| {
            Failure::usage(format!("what livekit-server {to} reads is not known here; known are {words}"))
        })?;
        lost.extend(found.into_iter().map(|variable| (variable.name, variable.replacement)));
    }
    // Read by none of the versions that are known: what replaces it would begin to act, which is a decision.
    if known.contains(&to) {
        lost.push(("LIVEKIT_RTC_UDP_PORT".to_owned(), None));
    }
    Ok(lost)
}
