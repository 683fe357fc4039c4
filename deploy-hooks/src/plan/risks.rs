//! What the linter finds in the files, and what lies between the two versions, as risks.

use super::document::{Risk, Severity};
use super::inputs::{Kind, Read};
use greenlight_config::env_file::{Assignment, EnvFile};
use greenlight_config::history::{Applies, Change, History, Severity as Weight, Version, What};
use greenlight_config::lint::{Facts, FileKind, Finding, Inside, Level, Program, RULES, keys_of, lint, values};

/// Where a configuration of livekit-server was found: its file, its text, and the line before its first.
pub(super) struct Config<'a> {
    pub(super) path: &'a str,
    pub(super) text: &'a str,
    pub(super) offset: usize,
    place: Place,
}

/// Where it stands decides who can mend it, and what the server does with a key that it does not have.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// In a file of its own.
    Apart,
    /// Inside of a compose file or a manifest.
    Inside,
    /// In values of a chart, which lets the server ignore what it does not know.
    Chart,
}

/// Every livekit.yaml, also those inside of compose files, manifests and values of charts.
pub(super) fn configs<'a>(files: &'a [Read], services: &'a [(String, Inside)]) -> Vec<Config<'a>> {
    let own = files.iter().filter(|read| read.kind == Kind::Linted(FileKind::LivekitYaml));
    let own = own.map(|read| Config { path: &read.path, text: &read.text, offset: 0, place: Place::Apart });
    let kind = |path: &str| files.iter().find(|read| read.path == path).map(|read| read.kind);
    let servers = services.iter().filter(|(_, service)| service.program == Program::LiveKitServer);
    let inside = servers.filter_map(|(path, service)| {
        let (text, line) = service.config_text.as_ref()?;
        let in_values = kind(path) == Some(Kind::Linted(FileKind::Helm));
        let place = if in_values { Place::Chart } else { Place::Inside };
        Some(Config { path, text, offset: line.saturating_sub(1), place })
    });
    own.chain(inside).collect()
}

/// The step that deals with a file.
pub(super) fn step_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Linted(FileKind::LivekitYaml) => "config",
        Kind::Linted(FileKind::SipYaml) => "sip",
        Kind::Linted(FileKind::Environment) => "env",
        Kind::Linted(FileKind::Compose | FileKind::Kubernetes | FileKind::Helm) => "containers",
        Kind::Linted(FileKind::Haproxy | FileKind::Nginx | FileKind::Caddy) => "proxy",
        Kind::Egress | Kind::Ingress => "config",
        Kind::Manifest => "clients",
    }
}

/// The differences between the keys of two versions, each taken for the newest one at or below it whose keys are known.
pub(super) fn known_changes(from: Version, to: Version) -> Vec<Change> {
    let history = History::shipped();
    let known = |version| history.versions().filter(|known| *known <= version).max();
    let both = known(from).or_else(|| history.versions().min()).zip(known(to));
    both.and_then(|(from, to)| history.changes(from, to).ok()).unwrap_or_default()
}

/// Everything that the linter finds.
pub(super) fn of_files(files: &[Read]) -> Vec<Risk> {
    files.iter().flat_map(|read| of_file(read, files)).collect()
}

/// What it finds in one file, beside the others: a compose file is judged with the configuration that it mounts.
pub(super) fn of_file(read: &Read, all: &[Read]) -> Vec<Risk> {
    let Kind::Linted(kind) = read.kind else { return Vec::new() };
    let mut facts = Facts::default();
    if kind == FileKind::Compose {
        let folder = read.path.rsplit_once('/').map_or(String::new(), |(folder, _)| format!("{folder}/"));
        let configs = all.iter().filter(|other| other.kind == Kind::Linted(FileKind::LivekitYaml));
        let beside =
            configs.filter_map(|other| Some((other.path.strip_prefix(&folder)?.to_owned(), other.text.clone())));
        facts.files = beside.collect();
    }
    lint(kind, &read.text, &facts).into_iter().map(|finding| of_finding(read, kind, finding)).collect()
}

fn of_finding(read: &Read, kind: FileKind, finding: Finding) -> Risk {
    let source = RULES.iter().find(|rule| rule.id == finding.rule && rule.kind == kind);
    let source = source.or_else(|| RULES.iter().find(|rule| rule.id == finding.rule)).map_or("", |rule| rule.source);
    let category = if kind == FileKind::SipYaml { "sip" } else { "configuration" };
    Risk {
        severity: if finding.level == Level::Wrong { Severity::High } else { Severity::Medium },
        rule: finding.rule.to_owned(),
        at: place(&read.path, finding.line),
        found: finding.found,
        what: finding.what,
        fix: finding.fix,
        source: source.to_owned(),
        step: step_of(read.kind).to_owned(),
        found_by: format!("greenlight validate --category {category} --level config"),
    }
}

pub(super) fn place(path: &str, line: usize) -> String {
    if line == 0 { path.to_owned() } else { format!("{path}:{line}") }
}

/// Finds what no look at the files alone shows: somebody has to say from which version they come.
pub(super) fn found_between(from: Version, to: Version) -> String {
    format!("greenlight validate --category configuration --level config --from {from} --to {to}")
}

/// What the new version does in another way, as far as it concerns these files, and the linter has not found it there.
pub(super) fn of_versions(
    files: &[Read],
    configs: &[Config<'_>],
    (from, to): (Version, Version),
    found: &[Risk],
) -> Vec<Risk> {
    let history = History::shipped();
    let between = found_between(from, to);
    let mut risks = Vec::new();
    for change in known_changes(from, to) {
        risks.extend(of_change(&change, configs, to, &between));
    }
    for row in history.measured(from, to) {
        let concerned = concerned(&row.applies, files, configs);
        risks.extend(concerned.into_iter().map(|at| Risk {
            severity: match row.severity {
                Weight::High => Severity::High,
                Weight::Medium => Severity::Medium,
                Weight::Low => Severity::Low,
            },
            rule: row.id.clone(),
            at,
            found: format!("since {}", row.since),
            what: row.what.clone(),
            fix: row.fix.clone(),
            source: row.source.clone(),
            step: step_of_row(&row.id, &row.applies).to_owned(),
            found_by: row.found_by.clone().unwrap_or_else(|| between.clone()),
        }));
    }
    // What is wrong at a line already is said once.
    let wrong = |risk: &Risk| found.iter().any(|known| known.at == risk.at && known.severity == Severity::High);
    risks.retain(|risk| risk.rule == "key_removed" || !wrong(risk));
    risks
}

/// Rows are about programs as a whole, or about what somebody sets.
fn step_of_row(id: &str, applies: &Applies) -> &'static str {
    let about = |words: &[&str]| words.iter().any(|word| id.contains(word));
    let variable = |names: &[String]| names.iter().all(|name| name.starts_with("LIVEKIT_"));
    match applies {
        Applies::To(names) if variable(names) => "env",
        _ if about(&["sip_"]) => "sip",
        _ if about(&["token_"]) => "jwt",
        _ if about(&["api_", "whip_"]) => "api",
        _ if about(&["rtc_v1", "h264", "av1", "track"]) => "clients",
        _ => "config",
    }
}

fn of_change(change: &Change, configs: &[Config<'_>], to: Version, between: &str) -> Vec<Risk> {
    let source = change.sources.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
    let line = |config: &Config<'_>| {
        keys_of(config.text).into_iter().find(|(path, _)| *path == change.path).map(|(_, line)| line)
    };
    let risk = |severity, rule: &str, at: String, found: &str, what: String, fix: String, found_by: &str| Risk {
        severity,
        rule: rule.to_owned(),
        at,
        found: found.to_owned(),
        what,
        fix,
        source: source.clone(),
        step: "config".to_owned(),
        found_by: found_by.to_owned(),
    };
    const FOUND_BY: &str = "greenlight validate --category configuration --level config";
    let mut risks = Vec::new();
    for config in configs {
        let there = line(config).map(|line| place(config.path, line + config.offset));
        match (&change.what, there) {
            (What::Removed, Some(at)) => {
                let done = if config.place == Place::Apart { "; `plan apply` does that" } else { "" };
                let fix = match History::shipped().moved_to(&change.path) {
                    Some(moved) => format!("write it as {}{done}", moved.to),
                    None => format!("remove it, and write what is below it under its new names{done}"),
                };
                let then = match config.place {
                    Place::Chart => "ignores it in silence, since the chart passes --disable-strict-config",
                    Place::Apart | Place::Inside => "ends its start with exit status 0",
                };
                let what = format!("livekit-server {to} has no such key and {then}");
                risks.push(risk(Severity::High, "key_removed", at, &change.path, what, fix, FOUND_BY));
            }
            (What::Kind { from: old, to: new }, Some(at)) => {
                let what = format!("it was {old} and is {new} in livekit-server {to}");
                let fix = "see that its value is still read".to_owned();
                risks.push(risk(Severity::Low, "key_kind_changed", at, &change.path, what, fix, between));
            }
            (What::Default { from: Some(old), to: Some(new) }, None) => {
                let found = format!("{}: {old} → {new}", change.path);
                let what = "the file does not say, so the new default holds".to_owned();
                let fix = format!("write {}: {old} to keep what there was", change.path);
                risks.push(risk(Severity::Low, "default_changed", config.path.to_owned(), &found, what, fix, between));
            }
            _ => {}
        }
    }
    risks
}

/// Keys about which a row says something only while they have this value.
const SWITCHES: [(&str, &str); 2] = [("turn.enabled", "true"), ("room.auto_create", "false")];
/// The same of variables: with these values they switch nothing.
const SWITCHED_OFF: [(&str, &str); 2] = [("LIVEKIT_TURN_ENABLED", "false"), ("LIVEKIT_ROOM_AUTO_CREATE", "true")];

/// Where a row holds: the place of the first of its keys or variables in each file, or everywhere.
fn concerned(applies: &Applies, files: &[Read], configs: &[Config<'_>]) -> Vec<String> {
    let names = match applies {
        Applies::Always => return vec!["every deployment".to_owned()],
        Applies::To(names) => names,
    };
    let of_config = configs.iter().filter_map(|config| {
        let (keys, values) = (keys_of(config.text), values(config.text));
        let acts = |path: &String| {
            SWITCHES.iter().all(|(switch, on)| switch != path || values.get(path).is_some_and(|value| value == on))
        };
        let (_, line) = keys.iter().find(|(path, _)| names.contains(path) && acts(path))?;
        Some(place(config.path, line + config.offset))
    });
    let environments = files.iter().filter(|read| read.kind == Kind::Linted(FileKind::Environment));
    let of_environment = environments.filter_map(|read| {
        let file = EnvFile::parse(&read.text);
        let off = |one: &Assignment| SWITCHED_OFF.contains(&(one.name.as_str(), one.value().as_str()));
        let line = file.assignments().find(|one| names.contains(&one.name) && !off(one)).map(|one| one.line)?;
        Some(place(&read.path, line))
    });
    of_config.chain(of_environment).collect()
}
