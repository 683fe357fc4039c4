//! The corpus: each broken file gives exactly its rule at exactly its line, and no healthy file is called wrong.
//! Expectations stand in the files' first lines; what the real programs do with them, in their second.

#![expect(clippy::expect_used, reason = "a test ends where it can not go on")]
#![expect(clippy::print_stdout, reason = "how large the corpus is, for whoever runs it with --nocapture")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use greenlight_config::lint::{CertificateFacts, Facts, FileKind, Finding, Level, RULES, inside, kind_of, lint};

fn files(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(folder);
    let entries = fs::read_dir(folder).expect("the corpus");
    let mut files: Vec<PathBuf> =
        entries.map(|entry| entry.expect("an entry").path()).filter(|p| p.is_file()).collect();
    files.sort();
    files
}

/// Kinds whose rules are only about what hurts: in a healthy file of theirs nothing is found at all.
const QUIET: &[FileKind] =
    &[FileKind::Compose, FileKind::Kubernetes, FileKind::Helm, FileKind::Haproxy, FileKind::Nginx, FileKind::Caddy];

/// What a file's first line says, as `# expect rule=… line=… kind=…` or `# healthy kind=…`, and facts behind. The third
/// line may be `# fix: …`, with a part of the fix that must be offered; else `corpus.fixes` has it.
struct Header {
    fix: Option<String>,
    rule: String,
    line: usize,
    kind: FileKind,
    facts: Facts,
}

fn read(file: &Path) -> String {
    fs::read_to_string(file).expect("text")
}

fn header(text: &str) -> Header {
    // A file of no bytes is healthy for the server, and has no line.
    let first = text.lines().next().unwrap_or_default();
    let fix = text.lines().nth(2).and_then(|line| line.strip_prefix("# fix: ")).map(str::to_owned);
    let mut header = Header { fix, rule: String::new(), line: 0, kind: FileKind::LivekitYaml, facts: Facts::default() };
    for (name, value) in first.split(' ').filter_map(|word| word.split_once('=')) {
        match name {
            "rule" => header.rule = value.to_owned(),
            "line" => header.line = value.parse().expect("a line"),
            "kind" => {
                header.kind = match value {
                    "livekit" => FileKind::LivekitYaml,
                    "sip" => FileKind::SipYaml,
                    "env" => FileKind::Environment,
                    "compose" => FileKind::Compose,
                    "kubernetes" => FileKind::Kubernetes,
                    "helm" => FileKind::Helm,
                    "haproxy" => FileKind::Haproxy,
                    "nginx" => FileKind::Nginx,
                    "caddy" => FileKind::Caddy,
                    other => panic!("kind {other}"),
                }
            }
            "cpus" => header.facts.cpus = Some(value.parse().expect("a number")),
            "today" => header.facts.today_unix_s = Some(value.parse().expect("seconds")),
            "key_file_mode" => header.facts.key_file_mode = Some(u32::from_str_radix(value, 8).expect("octal")),
            "config_file" => header.facts.config_file_present = Some(value == "yes"),
            "file" => {
                let (name, text) = value.split_once('|').expect("a name and a text");
                header.facts.files.push((name.to_owned(), text.to_owned()));
            }
            "certificate" => header.facts.certificates.push(certificate(value)),
            other => panic!("unknown fact {other}"),
        }
    }
    header
}

/// What `corpus.fixes` lists.
fn fixes() -> BTreeMap<String, String> {
    let text = read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus.fixes"));
    let rows = text.lines().filter(|line| !line.starts_with('#')).map(|line| line.split_once(": ").expect("a row"));
    rows.map(|(name, fix)| (name.to_owned(), fix.to_owned())).collect()
}

fn certificate(text: &str) -> CertificateFacts {
    let parts: Vec<&str> = text.split('|').collect();
    CertificateFacts {
        path: parts[0].to_owned(),
        dns_names: parts[1].split(',').map(str::to_owned).collect(),
        not_after_unix_s: parts[2].parse().expect("seconds"),
    }
}

#[test]
fn each_broken_file_gives_its_rule_at_its_line() {
    let mut wrong = Vec::new();
    let (files, fixes) = (files("corpus"), fixes());
    for file in &files {
        let text = fs::read_to_string(file).expect("text");
        let expected = header(&text);
        let name = file.file_stem().and_then(|name| name.to_str()).expect("a name");
        assert_eq!(name.split("__").next(), Some(expected.rule.as_str()), "{name}: the file is named after its rule");
        let findings = lint(expected.kind, &text, &expected.facts);
        let found: Vec<(&str, usize)> = findings.iter().map(|finding| (finding.rule, finding.line)).collect();
        if found != [(expected.rule.as_str(), expected.line)] {
            wrong.push(format!("{name}: expected {} at {}, found {found:?}", expected.rule, expected.line));
            continue;
        }
        let listed = file.file_name().and_then(|name| fixes.get(name.to_str()?));
        match expected.fix.as_ref().or(listed) {
            Some(fix) if !findings[0].fix.contains(fix.as_str()) => {
                wrong.push(format!("{name}: no {fix:?} in the fix: {}", findings[0].fix));
            }
            None => wrong.push(format!("{name}: no `# fix: …` in its third line, and none in corpus.fixes")),
            Some(_) => {}
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let of = |kind: FileKind| files.iter().filter(|file| header(&read(file)).kind == kind).count();
    println!(
        "{} broken files, {} of them compose, {} Kubernetes",
        files.len(),
        of(FileKind::Compose),
        of(FileKind::Kubernetes)
    );
    assert!(files.len() >= 100 && of(FileKind::Compose) >= 8, "{} files", files.len());
}

#[test]
fn no_healthy_file_is_called_wrong() {
    let files = files("corpus/healthy");
    for file in &files {
        let text = fs::read_to_string(file).expect("text");
        let header = header(&text);
        let findings = lint(header.kind, &text, &header.facts);
        let bad = |finding: &&Finding| finding.level == Level::Wrong || QUIET.contains(&header.kind);
        let wrong: Vec<_> = findings.iter().filter(bad).collect();
        assert!(wrong.is_empty(), "{}: {wrong:#?}", file.display());
    }
    println!("{} healthy files", files.len());
    assert!(files.len() >= 25, "{} files", files.len());
}

/// Their names are those of rules, so that it is the text that says what they are.
#[test]
fn the_kinds_of_the_corpus_are_recognised() {
    for file in files("corpus").iter().chain(&files("corpus/healthy")) {
        let text = read(file);
        let expected = header(&text);
        if QUIET.contains(&expected.kind) && expected.rule != "yaml_syntax" {
            assert_eq!(kind_of(file, &text), Some(expected.kind), "{}", file.display());
        }
    }
}

/// A rule without a broken file is a rule that nobody saw work; a finding without a row has no source.
#[test]
fn the_table_of_rules_and_the_corpus_name_the_same() {
    let rows: BTreeSet<(&str, FileKind)> = RULES.iter().map(|rule| (rule.id, rule.kind)).collect();
    assert_eq!(rows.len(), RULES.len(), "a row stands twice");
    let shown: Vec<(String, FileKind)> = files("corpus")
        .iter()
        .map(|file| {
            let header = header(&fs::read_to_string(file).expect("text"));
            (header.rule, header.kind)
        })
        .collect();
    let shown: BTreeSet<(&str, FileKind)> = shown.iter().map(|(rule, kind)| (rule.as_str(), *kind)).collect();
    let without_file: Vec<_> = rows.difference(&shown).collect();
    assert!(without_file.is_empty(), "no broken file for {without_file:?}");
    // What stands inside a file of another kind is judged by the rules of its own.
    let inner = [FileKind::LivekitYaml, FileKind::SipYaml, FileKind::Environment];
    let has_row = |rule: &str| inner.iter().any(|kind| rows.contains(&(rule, *kind)));
    let holds_others = |kind: FileKind| QUIET.contains(&kind) || kind == FileKind::Environment;
    let inside = |row: &&&(&str, FileKind)| holds_others(row.1) && has_row(row.0);
    let without_row: Vec<_> = shown.difference(&rows).collect::<Vec<_>>();
    let without_row: Vec<_> = without_row.iter().filter(|row| !inside(row)).collect();
    assert!(without_row.is_empty(), "no row for {without_row:?}");
}

/// Every secret of the corpus is one of these, or short; none may be repeated in a finding.
#[test]
fn no_finding_repeats_a_secret() {
    let secrets = ["WUDnXb3vYc1qLr8TgZ5sKe7hFa2jMp9oQi4wRx6y", "pR4tLk8vWm2nXc6bZq1sYd5fGh9jUe3aOi7wTx0r"];
    let weak = ["tooshort", "12345678901234567890123456789012"];
    for file in files("corpus").iter().chain(&files("corpus/healthy")) {
        let text = fs::read_to_string(file).expect("text");
        let header = header(&text);
        for finding in lint(header.kind, &text, &header.facts) {
            let said = format!("{finding:?}");
            for secret in secrets.iter().chain(&weak) {
                assert!(!said.contains(secret), "{}: {said}", file.display());
            }
        }
    }
}

/// The names on the right are those that the author of the corpus had in mind.
#[test]
fn the_fix_names_what_was_meant() {
    let meant = [
        ("unknown_key.yaml", "`empty_timeout`"),
        ("unknown_key__flow.yaml", "`stun_servers`"),
        ("unknown_key__wrong_section.yaml", "`rtc.node_ip`"),
        ("unknown_key__sip.yaml", "`sip_port`"),
        ("unknown_key__sip_nested.yaml", "`key_file`"),
        ("env_unknown.env", "LIVEKIT_RTC_TCP_PORT"),
        ("env_unknown__prefix.env", "NODE_IP"),
        ("env_rtc_node_ip_ignored.env", "NODE_IP"),
        ("env_rtc_udp_port_ignored.env", "UDP_PORT_START"),
        ("codec_unknown.yaml", "video/h264"),
        ("log_level_unknown__logging.yaml", "info"),
        ("selector_kind.yaml", "cpuload"),
        ("webhook_api_key.yaml", "APIexample"),
        ("webhook_event_unknown.yaml", "participant_joined"),
        ("turn_server_protocol.yaml", "udp"),
        ("udp_port_wider_than_cpus.yaml", "7882-7883"),
    ];
    for (name, expected) in meant {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus").join(name);
        let text = fs::read_to_string(file).expect("text");
        let header = header(&text);
        let findings = lint(header.kind, &text, &header.facts);
        assert!(findings[0].fix.contains(expected), "{name}: {}", findings[0].fix);
    }
}

/// Any text is judged, none ends the program: every file, cut at every character.
#[test]
fn no_text_is_too_broken() {
    for file in files("corpus") {
        let text = fs::read_to_string(&file).expect("text");
        let header = header(&text);
        let inner = [FileKind::LivekitYaml, FileKind::SipYaml, FileKind::Environment];
        let all: Vec<FileKind> = inner.iter().chain(QUIET).copied().collect();
        for (end, _) in text.char_indices().step_by(61) {
            let _ = kind_of(&file, &text[..end]);
            for kind in &all {
                drop(lint(*kind, &text[..end], &header.facts));
                drop(inside(*kind, &text[..end]));
            }
        }
    }
}
