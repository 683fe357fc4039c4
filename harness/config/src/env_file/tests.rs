//! What Compose documents of its files, and what no change may lose.

use super::{EnvFile, Set};
use proptest::prelude::*;

fn value(line: &str) -> Option<String> {
    EnvFile::parse(line).get("VAR")
}

/// The table of docs.docker.com, "Set environment variables: interpolation, .env file syntax", as literal lines.
#[test]
fn values_are_read_as_compose_documents_it() {
    for (line, expected) in [
        ("VAR=VAL", "VAL"),
        ("VAR=\"VAL\"", "VAL"),
        ("VAR='VAL'", "VAL"),
        ("VAR=VAL # comment", "VAL"),
        ("VAR=VAL# not a comment", "VAL# not a comment"),
        ("VAR=\"VAL # not a comment\"", "VAL # not a comment"),
        ("VAR=\"VAL\" # comment", "VAL"),
        ("VAR=", ""),
        ("VAR='$OTHER'", "$OTHER"),
        ("VAR='${OTHER}'", "${OTHER}"),
        ("VAR='Let\\'s go!'", "Let's go!"),
        ("VAR=\"{\\\"hello\\\": \\\"json\\\"}\"", "{\"hello\": \"json\"}"),
        ("VAR=\"some\\tvalue\"", "some\tvalue"),
        ("VAR='some\\tvalue'", "some\\tvalue"),
        ("VAR=some\\tvalue", "some\\tvalue"),
        ("export VAR=VAL", "VAL"),
        ("VAR='a\nb'", "a\nb"),
        ("\u{feff}VAR=VAL\r", "VAL"),
        ("VAR = VAL ", "VAL"),
        ("VAR: VAL", "VAL"),
    ] {
        assert_eq!(value(line).as_deref(), Some(expected), "{line:?}");
    }
    for line in ["VAR", "# VAR=VAL", "VAR=\"open", "VAR='a' b"] {
        assert_eq!(value(line), None, "{line:?}");
    }
}

/// `B` would become part of `A`, or the other way round.
#[test]
fn an_open_quote_takes_nothing_in() {
    let mut file = EnvFile::parse("A='\nB=\"x\"\n");
    assert_eq!((file.set("C", "\n"), file.text().as_str()), (Set::Impossible, "A='\nB=\"x\"\n"));
    let mut file = EnvFile::parse("A=\"\nB=\"x\"\nC=\"\n");
    assert_eq!((file.remove("B"), file.text().len()), (None, 14));
}

#[test]
fn lines_are_counted_as_they_are_seen() {
    let text = "# one\r\nA=1\r\n\r\nexport B='two'\nC=\"a: b\nc: d\"\nD\nE=x=y\n";
    let file = EnvFile::parse(text);
    let seen: Vec<_> = file.assignments().map(|a| (a.name.as_str(), a.value(), a.line)).collect();
    let expected = [("A", "1", 2), ("B", "two", 4), ("C", "a: b\nc: d", 5), ("E", "x=y", 8)];
    assert_eq!(seen, expected.map(|(name, value, line)| (name, value.to_owned(), line)));
    assert_eq!(EnvFile::parse("A=1\nB=\"x\nC 2\nD\nexport E\n").unreadable().collect::<Vec<_>>(), [2, 3]);
}

#[test]
fn a_change_keeps_what_stands_around_it() {
    let text = "# LiveKit\n  export NODE_IP = \"10.0.0.1\"  # of the host\nREDIS_HOST=redis:6379\n\nUDP_PORT='7882'";
    let mut file = EnvFile::parse(text);
    assert_eq!(file.set("NODE_IP", "203.0.113.7"), Set::Changed);
    assert_eq!(file.set("REDIS_HOST", "redis:6379"), Set::Same);
    assert_eq!(file.set("LIVEKIT_KEYS", "key: it's $ecret"), Set::Added);
    let expected = "# LiveKit\n  export NODE_IP = \"203.0.113.7\"  # of the host\nREDIS_HOST=redis:6379\n\n\
                    UDP_PORT='7882'\nLIVEKIT_KEYS='key: it\\'s $ecret'\n";
    assert_eq!(file.text(), expected);
    assert_eq!(file.assignments().last().map(|last| last.line), Some(6));
    assert_eq!((file.remove("REDIS_HOST"), file.rename("UDP_PORT", "LIVEKIT_RTC_UDP_PORT_START")), (Some(1), 1));
    assert!(file.text().ends_with("\n\nLIVEKIT_RTC_UDP_PORT_START='7882'\nLIVEKIT_KEYS='key: it\\'s $ecret'\n"));
    assert_eq!(file.set("NODE_IP", "a\rb"), Set::Impossible);
}

/// Without quotes it would read `#`.
#[test]
fn an_empty_value_before_a_comment_has_quotes() {
    let mut file = EnvFile::parse("A=a # b\r\nB='x\r\ny'");
    assert_eq!((file.set("A", ""), file.set("C", "1")), (Set::Changed, Set::Added));
    assert_eq!(file.text(), "A='' # b\r\nB='x\r\ny'\r\nC=1\r\n");
}

/// Of two, the last counts, and that one is changed.
#[test]
fn the_last_of_two_counts() {
    let mut file = EnvFile::parse("A=1\nB=2\nA=3\n");
    assert_eq!(file.get("A").as_deref(), Some("3"));
    assert_eq!(file.set("A", "4"), Set::Changed);
    assert_eq!(file.text(), "A=1\nB=2\nA=4\n");
}

fn any_line() -> impl Strategy<Value = String> {
    prop_oneof![
        "[A-D]=[a-z0-9 #'\"$\\\\]{0,8}",
        "( |\texport |export )[A-D] ?= ?\"[a-z\\\\n$# ]{0,6}\"( # x)?",
        "[A-D]='[a-z\n#$ ]{0,6}'",
        "#[ -~]{0,10}",
        "[ \t]{0,3}",
        "[ -~]{0,12}",
        "[A-D]",
    ]
}

fn any_text() -> impl Strategy<Value = String> {
    (proptest::collection::vec(any_line(), 0..9), any::<bool>(), any::<bool>()).prop_map(|(lines, crlf, last)| {
        let ending = if crlf { "\r\n" } else { "\n" };
        lines.join(ending) + if last { ending } else { "" }
    })
}

/// The text of each piece that is not an assignment of this name.
fn others(file: &EnvFile, name: &str) -> Vec<String> {
    let kept =
        file.pieces().iter().filter(|piece| !matches!(piece, super::line::Piece::Assignment(a) if a.name == name));
    kept.map(super::line::Piece::text).collect()
}

fn seen(file: &EnvFile) -> Vec<(String, String, usize)> {
    file.assignments().map(|assignment| (assignment.name.clone(), assignment.value(), assignment.line)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_lost_but_what_was_to_change(text in any_text(), name in "[A-E]", value in "[ -~\n\t]{0,12}") {
        let file = EnvFile::parse(&text);
        prop_assert_eq!(file.text(), text.clone());
        let mut changed = file.clone();
        let set = changed.set(&name, &value);
        if set == Set::Impossible {
            // Only where somebody left a quote open.
            prop_assert!(file.unreadable().count() > 0);
            prop_assert_eq!(changed.text(), text);
            return Ok(());
        }
        // Read again from its text, so that no state of ours can hide what was written.
        let read = EnvFile::parse(&changed.text());
        prop_assert_eq!(read.get(&name), Some(value));
        prop_assert_eq!(seen(&read), seen(&changed));
        let (mut before, after) = (others(&file, &name), others(&read, &name));
        if set == Set::Added && let Some(last) = before.last_mut().filter(|last| !last.ends_with('\n')) {
            last.push_str(if text.contains("\r\n") { "\r\n" } else { "\n" });
        }
        prop_assert_eq!(before, after);
        let mut removed = file.clone();
        if removed.remove(&name).is_none() {
            prop_assert!(file.unreadable().count() > 0);
            return Ok(());
        }
        prop_assert_eq!(EnvFile::parse(&removed.text()).get(&name), None);
        prop_assert_eq!(others(&file, &name), others(&removed, &name));
    }
}
