//! What a change of a file would change, as people read it, and without secrets.

use crate::masked::{Line, lines};
use greenlight_config::lint::FileKind;
use std::collections::BTreeSet;

/// A unified diff of both texts. A secret is left out; where it changes, the one before and the one after are told apart.
pub(crate) fn difference(file: &str, kind: FileKind, before: &str, after: &str) -> String {
    let (old, new) = (lines(kind, before), lines(kind, after));
    let hidden = |lines: &[Line]| -> BTreeSet<String> { lines.iter().filter_map(|line| line.hidden.clone()).collect() };
    let (in_old, in_new) = (hidden(&old), hidden(&new));
    let shown = |lines: Vec<Line>, other: &BTreeSet<String>, word: &str| -> String {
        let one = |Line { shown, hidden }: Line| match hidden {
            None => format!("{shown}\n"),
            Some(hidden) if other.contains(&hidden) => format!("{shown}[hidden]\n"),
            Some(_) => format!("{shown}[hidden, {word}]\n"),
        };
        lines.into_iter().map(one).collect()
    };
    let (before, after) = (shown(old, &in_new, "before"), shown(new, &in_old, "after"));
    let diff = similar::TextDiff::from_lines(&before, &after);
    let diff = diff.unified_diff().context_radius(2).header(file, &format!("{file} (new)")).to_string();
    greenlight_reports::printable(&diff).into_owned()
}

#[cfg(test)]
mod tests {
    use super::difference;
    use greenlight_config::lint::FileKind;

    #[test]
    fn secrets_are_left_out_and_changes_are_seen() {
        let before = "A=1\nLIVEKIT_API_SECRET=one-secret-of-many\nREDIS_PASSWORD=stays-the-same\nB=2\n";
        let after = "A=3\nLIVEKIT_API_SECRET=another-secret-one\nREDIS_PASSWORD=stays-the-same\nB=2\n";
        assert_eq!(
            difference("f.env", FileKind::Environment, before, after),
            "--- f.env\n+++ f.env (new)\n@@ -1,4 +1,4 @@\n-A=1\n-LIVEKIT_API_SECRET=[hidden, before]\n\
             +A=3\n+LIVEKIT_API_SECRET=[hidden, after]\n REDIS_PASSWORD=[hidden]\n B=2\n"
        );
    }
}
