//! What a change of a file would change, as people read it, and without secrets.

use crate::secrets::of_text;
use greenlight_config::lint::FileKind;
use greenlight_reports::Redactor;

/// A unified diff of both texts. A secret is shown as its name; where it changes, as the one before and the one after.
pub(crate) fn difference(file: &str, kind: FileKind, before: &str, after: &str) -> String {
    let (old, new) = (of_text(kind, before), of_text(kind, after));
    let named = |secrets: &[(String, String)], others: &[(String, String)], word: &str| -> Vec<(String, String)> {
        let name = |(name, value): &(String, String)| match others.iter().any(|(_, other)| other == value) {
            true => (name.clone(), value.clone()),
            false => (format!("{name}, {word}"), value.clone()),
        };
        secrets.iter().map(name).collect()
    };
    let secrets = [named(&old, &new, "before"), named(&new, &old, "after")].concat();
    let redactor = Redactor::new(secrets.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    let diff = similar::TextDiff::from_lines(before, after);
    let diff = diff.unified_diff().context_radius(2).header(file, &format!("{file} (new)")).to_string();
    // Line by line: a secret over several lines is hidden by its lines.
    diff.lines().map(|line| redactor.text(line) + "\n").collect()
}

#[cfg(test)]
mod tests {
    use super::difference;
    use greenlight_config::lint::FileKind;

    #[test]
    fn secrets_are_names_and_changes_are_seen() {
        let before = "A=1\nLIVEKIT_API_SECRET=one-secret-of-many\nREDIS_PASSWORD=stays-the-same\nB=2\n";
        let after = "A=3\nLIVEKIT_API_SECRET=another-secret-one\nREDIS_PASSWORD=stays-the-same\nB=2\n";
        assert_eq!(
            difference("f.env", FileKind::Environment, before, after),
            "--- f.env\n+++ f.env (new)\n@@ -1,4 +1,4 @@\n-A=1\n-LIVEKIT_API_SECRET=[LIVEKIT_API_SECRET, before]\n\
             +A=3\n+LIVEKIT_API_SECRET=[LIVEKIT_API_SECRET, after]\n REDIS_PASSWORD=[REDIS_PASSWORD]\n B=2\n"
        );
    }
}
