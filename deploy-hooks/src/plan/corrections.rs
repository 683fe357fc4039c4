//! Edits that `plan apply` writes: only such that the new version does the same with the file as the old one did, or as it
//! does already in silence. Everything else is for people, and stays a risk.

use super::document::Correction;
use super::inputs::{Kind, Read};
use super::risks::known_changes;
use greenlight_config::history::{History, Version, What};
use greenlight_config::lint::{Facts, FileKind, SIP_NAMES, keys_of, lint, values};
use greenlight_config::yaml_edit::{Edit, edit};

/// A rule of the linter whose finding can be mended without a decision, whatever variables and flags say: what is not read
/// in any case is taken out, what has another name gets it.
const MENDED: [(&str, &str, Option<&str>); 3] = [
    ("debug_handler_port", "debug_handler_port", Some("debug_handler.port")),
    ("udp_port_and_range", "rtc.udp_port", None),
    ("webhook_filter_twice", "webhook.filter_params.exclude_events", None),
];
/// Keys that only the SIP bridge has: without one of them a file may be another program's.
const OF_SIP: [&str; 4] = ["sip_port", "sip_port_listen", "sip_hostname", "rtp_port"];
/// Read by both, and the new one says in its log that the other name is to be used.
const DEPRECATED: [(&str, &str); 1] = [("prometheus_port", "prometheus.port")];

/// For every livekit.yaml and sip.yaml that is a file of its own. Edits that can't be made on the file's lines are named
/// in the second value.
pub(super) fn corrections(files: &[Read], from: Version, to: Version) -> (Vec<Correction>, Vec<String>) {
    let (mut corrections, mut by_hand) = (Vec::new(), Vec::new());
    for read in files {
        let wanted = match read.kind {
            Kind::Linted(FileKind::LivekitYaml) => of_livekit(&read.text, from, to),
            Kind::Linted(FileKind::SipYaml) => of_sip(&read.text),
            _ => continue,
        };
        let mut correction = Correction { file: read.path.clone(), edits: Vec::new(), because: Vec::new() };
        let mut text = read.text.clone();
        for (together, because) in wanted {
            match edit(&text, &together) {
                Ok(edited) => {
                    text = edited;
                    correction.because.extend(together.iter().map(|_| because.clone()));
                    correction.edits.extend(together);
                }
                Err(not) => by_hand.push(format!("{}: {not} ({because})", read.path)),
            }
        }
        if !correction.edits.is_empty() {
            corrections.push(correction);
        }
    }
    (corrections, by_hand)
}

/// Edits that belong together, and why: all of them are made or none.
type Together = (Vec<Edit>, String);

fn of_livekit(text: &str, from: Version, to: Version) -> Vec<Together> {
    let keys = keys_of(text);
    let has = |path: &str| keys.iter().any(|(key, _)| key == path);
    let mut wanted: Vec<Together> = Vec::new();
    for change in known_changes(from, to) {
        if change.what != What::Removed || !has(&change.path) {
            continue;
        }
        let source = change.sources.first().map(ToString::to_string).unwrap_or_default();
        let because = format!("livekit-server {to} has no {} any more; it stood in {source}", change.path);
        wanted.push((successors(&change.path, &keys), because));
    }
    let findings = lint(FileKind::LivekitYaml, text, &Facts::default());
    for (rule, path, new) in MENDED {
        if let Some(finding) = findings.iter().find(|finding| finding.rule == rule).filter(|_| has(path)) {
            wanted.push((vec![changed(path, new.filter(|new| !has(new)))], finding.what.clone()));
        }
    }
    // The old name wins where both are there, so its value goes to the new one. Empty is absent.
    let levels = values(text);
    if let (Some(wins), true) = (levels.get("log_level").filter(|level| !level.is_empty()), has("logging.level")) {
        let because = format!("livekit-server {to} calls log_level deprecated, and takes it before logging.level");
        let set = Edit::Set { path: "logging.level".to_owned(), value: wins.clone() };
        wanted.push((vec![set, changed("log_level", None)], because));
    }
    for (old, new) in DEPRECATED {
        if has(old) && !has(new) {
            wanted.push((
                vec![changed(old, Some(new))],
                format!("livekit-server {to} calls {old} deprecated at its start"),
            ));
        }
    }
    wanted
}

/// A key that is gone goes to its new place; of a section whose parts went to several, each part goes to its own, and the
/// rest is taken out.
fn successors(path: &str, keys: &[(String, usize)]) -> Vec<Edit> {
    let has = |path: &str| keys.iter().any(|(key, _)| key == path);
    let new = |path: &str| History::shipped().moved_to(path).map(|moved| moved.to).filter(|new| !has(new));
    if let Some(new) = new(path) {
        return vec![changed(path, Some(&new))];
    }
    let below = keys.iter().filter(|(key, _)| key.strip_prefix(path).is_some_and(|rest| rest.starts_with('.')));
    let moved = below.filter_map(|(key, _)| Some(changed(key, Some(&new(key)?))));
    moved.chain([changed(path, None)]).collect()
}

/// The bridge ignores what it does not know. What is called so elsewhere gets its name here; anything else was meant for
/// something, and that is for people to find out.
fn of_sip(text: &str) -> Vec<Together> {
    let keys = keys_of(text);
    let has = |path: &str| keys.iter().any(|(key, _)| key == path);
    if !OF_SIP.iter().any(|key| has(key)) {
        return Vec::new();
    }
    let findings = lint(FileKind::SipYaml, text, &Facts::default());
    let unknown = findings.iter().filter(|finding| finding.rule == "unknown_key" && has(&finding.found));
    let named = unknown.filter_map(|finding| {
        let (_, known) = SIP_NAMES.iter().find(|(other, _)| *other == finding.found)?;
        (!has(known)).then(|| (vec![changed(&finding.found, Some(known))], finding.what.clone()))
    });
    named.collect()
}

fn changed(path: &str, new: Option<&str>) -> Edit {
    match new {
        Some(new) => Edit::Move { path: path.to_owned(), to: new.to_owned() },
        None => Edit::Remove { path: path.to_owned() },
    }
}
