//! Sections of `docs/performance.md`.

use super::machine;
use std::fmt::Write as _;

/// One benchmark, measured.
#[derive(Debug, Default)]
pub(super) struct Section {
    pub(super) title: &'static str,
    /// What was done, in sentences.
    pub(super) about: String,
    /// The table, its head first.
    pub(super) table: Vec<Vec<String>>,
    pub(super) goals: Vec<Goal>,
    /// Name, version, command line.
    pub(super) commands: Vec<[String; 3]>,
    pub(super) notes: Vec<String>,
}

/// What was to be reached.
#[derive(Debug, Clone)]
pub(super) struct Goal {
    pub(super) text: &'static str,
    /// None if a side of it has no figure.
    pub(super) found: Option<f64>,
    pub(super) limit: Limit,
    pub(super) unit: &'static str,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Limit {
    AtMost(f64),
    AtLeast(f64),
}

impl Goal {
    fn row(&self) -> String {
        let (limit, holds) = match (self.limit, self.found.filter(|found| found.is_finite())) {
            (Limit::AtMost(limit), found) => (format!("≤ {limit}"), found.map(|found| found <= limit)),
            (Limit::AtLeast(limit), found) => (format!("≥ {limit}"), found.map(|found| found >= limit)),
        };
        let verdict = match holds {
            Some(true) => "met",
            Some(false) => "**missed**",
            None => "not measured",
        };
        let found = self.found.filter(|found| found.is_finite()).map_or("–".to_owned(), figure);
        format!("| {} | {limit}{unit} | {found}{unit} | {verdict} |", self.text, unit = self.unit)
    }
}

/// Three digits that mean something.
pub(super) fn figure(value: f64) -> String {
    match value.abs() {
        _ if !value.is_finite() => "–".to_owned(),
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        size if size >= 1.0 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

impl Section {
    /// As Markdown.
    pub(super) fn markdown(&self) -> String {
        let mut text = format!("## {}\n\n{}\n\n", self.title, self.about);
        for (number, row) in self.table.iter().enumerate() {
            let _ = writeln!(text, "| {} |", row.join(" | "));
            if number == 0 {
                let _ = writeln!(text, "|---|{}", "---:|".repeat(row.len() - 1));
            }
        }
        if !self.goals.is_empty() {
            let _ = writeln!(text, "\n| goal | wanted | found | |\n|---|---:|---:|---|");
            for goal in &self.goals {
                let _ = writeln!(text, "{}", goal.row());
            }
        }
        if !self.notes.is_empty() {
            text.push('\n');
        }
        for note in &self.notes {
            let _ = writeln!(text, "- {note}");
        }
        if !self.commands.is_empty() {
            let _ = writeln!(text, "\n```text");
            for [name, version, command] in &self.commands {
                let _ = writeln!(text, "# {name}: {version}\n{command}");
            }
            let _ = writeln!(text, "```");
        }
        text
    }
}

/// The whole document.
pub(super) fn document(sections: &[Section], command: &str, ourselves: &str, date: &str) -> String {
    let mut text = format!(
        "# Performance\n\nWritten by `{command}` and by nothing else; run it to have the figures of your machine. \
         Each figure is the median of its rounds, the spread from the smallest to the largest is a share of it. \
         Contestants take turns forwards and backwards (A B, B A, …), so that what drifts favours nobody. \
         Where we lose, the table says so.\n\n\
         - machine: {}\n- ours: {ourselves}\n- date: {date}\n",
        machine::described()
    );
    for section in sections {
        let _ = write!(text, "\n{}", section.markdown());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{Goal, Limit, Section, figure};

    fn goal(found: Option<f64>, limit: Limit) -> Goal {
        Goal { text: "a share", found, limit, unit: " ×" }
    }

    #[test]
    fn a_goal_is_met_missed_or_not_measured() {
        assert_eq!(goal(Some(0.4), Limit::AtMost(0.5)).row(), "| a share | ≤ 0.5 × | 0.400 × | met |");
        assert_eq!(goal(Some(1.9), Limit::AtLeast(2.0)).row(), "| a share | ≥ 2 × | 1.90 × | **missed** |");
        assert_eq!(goal(None, Limit::AtLeast(2.0)).row(), "| a share | ≥ 2 × | – × | not measured |");
        assert!(goal(Some(f64::NAN), Limit::AtMost(2.0)).row().ends_with("not measured |"));
    }

    #[test]
    fn figures_have_three_digits() {
        assert_eq!([1234.5, 12.34, 1.234, 0.1234].map(figure), ["1234", "12.3", "1.23", "0.123"]);
    }

    #[test]
    fn a_section_is_a_table_of_markdown() {
        let table = vec![vec!["who".to_owned(), "cpu".to_owned()], vec!["we".to_owned(), "1".to_owned()]];
        let section = Section { title: "Load", about: "Some.".into(), table, ..Section::default() };
        assert_eq!(section.markdown(), "## Load\n\nSome.\n\n| who | cpu |\n|---|---:|\n| we | 1 |\n");
    }
}
