//! Log levels. A word that is none counts as info.

use crate::lint::document::Entry;
use crate::lint::findings::{Findings, words};
use crate::lint::nearest::nearest;
use crate::lint::scalars::is_template;
use crate::lint::source::Source;

const LEVELS: &[&str] = &["debug", "info", "warn", "error"];
/// What the log library takes besides.
const ALSO: &[&str] = &["warning", "dpanic", "panic", "fatal"];

/// Whether a word is a level; the log library takes it in small or in capital letters.
fn is_level(text: &str) -> bool {
    let one_case = text.chars().all(|c| !c.is_ascii_uppercase()) || text.chars().all(|c| !c.is_ascii_lowercase());
    let lower = text.to_ascii_lowercase();
    one_case && (LEVELS.contains(&lower.as_str()) || ALSO.contains(&lower.as_str()))
}

pub(crate) fn check(source: &Source<'_>, findings: &mut Findings) {
    let components = source.at("logging.component_levels").map(|entry| entry.value.entries()).unwrap_or_default();
    let single = ["log_level", "logging.level", "logging.pion_level"];
    single.iter().filter_map(|path| source.at(path)).chain(components).for_each(|entry| level(entry, findings));
    let (Some(old), Some(new)) = (source.at("log_level"), source.text("logging.level")) else {
        return;
    };
    // Empty is absent for the server.
    if old.value.text().is_some_and(|text| !text.is_empty() && text != new) {
        let what = format!("log_level and logging.level differ, and log_level wins: {new} is not used");
        let found = old.value.text().unwrap_or_default();
        findings.wrong("log_level_twice", old.line, words(found, what, "remove log_level, which is deprecated"));
    }
}

fn level(entry: &Entry, findings: &mut Findings) {
    let text = entry.value.text().unwrap_or_default();
    if text.is_empty() || is_template(text) || is_level(text) {
        return;
    }
    let what = "there is no such level, and info is taken in silence";
    let meant = if text.eq_ignore_ascii_case("warning") { Some("warn") } else { nearest(text, LEVELS.iter().copied()) };
    let fix = meant.map_or_else(|| format!("write one of {}", LEVELS.join(", ")), |known| format!("write {known}"));
    findings.wrong("log_level_unknown", entry.value.line, words(text, what, fix));
}
