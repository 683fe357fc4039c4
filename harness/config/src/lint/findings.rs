//! Where rules put what they found.

use super::document::Lines;
use super::finding::{Finding, Level};

/// The findings so far.
#[derive(Default)]
pub(crate) struct Findings(Vec<Finding>);

/// One finding before its level is chosen: what was found, what the server does with it, what to do.
pub(crate) struct Words {
    pub(crate) found: String,
    pub(crate) what: String,
    pub(crate) fix: String,
}

/// Short for [`Words`], since every rule says them.
pub(crate) fn words(found: impl ToString, what: impl Into<String>, fix: impl Into<String>) -> Words {
    Words { found: found.to_string(), what: what.into(), fix: fix.into() }
}

impl Findings {
    pub(crate) fn wrong(&mut self, rule: &'static str, line: usize, words: Words) {
        self.add(rule, line, Level::Wrong, words);
    }

    pub(crate) fn risky(&mut self, rule: &'static str, line: usize, words: Words) {
        self.add(rule, line, Level::Risky, words);
    }

    fn add(&mut self, rule: &'static str, line: usize, level: Level, words: Words) {
        let Words { found, what, fix } = words;
        let found = one_line(&found);
        self.0.push(Finding { rule, line, found, what, fix, level });
    }

    /// What another text found inside this one.
    pub(crate) fn nested(&mut self, inner: Vec<Finding>, lines: Lines) {
        self.0.extend(inner.into_iter().map(|finding| Finding { line: lines.outer(finding.line), ..finding }));
    }

    /// What was found by rules of another kind in this very text.
    pub(crate) fn extend(&mut self, others: Vec<Finding>) {
        self.0.extend(others);
    }

    /// All of them but those of some rules.
    pub(crate) fn without(self, rules: &[&str]) -> Vec<Finding> {
        self.0.into_iter().filter(|finding| !rules.contains(&finding.rule)).collect()
    }

    /// How many there are so far.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// In the order of the lines, the whole file last.
    pub(crate) fn sorted(mut self) -> Vec<Finding> {
        let place = |finding: &Finding| if finding.line == 0 { usize::MAX } else { finding.line };
        self.0.sort_by(|a, b| (place(a), a.rule, &a.found).cmp(&(place(b), b.rule, &b.found)));
        self.0.dedup();
        self.0
    }
}

/// A value may be long or hold line breaks; a finding is shown on one line.
fn one_line(text: &str) -> String {
    const CHARACTERS_MAX: usize = 120;
    let flat: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if flat.chars().count() <= CHARACTERS_MAX {
        return flat;
    }
    flat.chars().take(CHARACTERS_MAX).chain(['…']).collect()
}
