//! The entries of a CHANGELOG between two versions, each on its line.

/// One entry.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) version: String,
    pub(crate) section: String,
    pub(crate) text: String,
    pub(crate) line: usize,
}

/// Reads the headings `## [1.13.5] - 2026-07-31` and `### Added` and the items below. A heading without a version, such
/// as `## ATTENTION: …`, and a paragraph are entries by themselves; examples in fences are left out, and so is what is
/// below the version `after`.
pub(crate) fn entries(text: &str, after: &str) -> Vec<Entry> {
    let (mut version, mut section) = (String::new(), String::new());
    let (mut is_fenced, mut goes_on) = (false, false);
    let mut found: Vec<Entry> = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let is_fence = line.starts_with("```");
        if is_fence || is_fenced {
            is_fenced ^= is_fence;
            continue;
        }
        let add = |section: &str, text: &str, found: &mut Vec<Entry>| {
            let section = if section.is_empty() { "Notice" } else { section };
            let (version, section, text) = (version.clone(), section.to_owned(), text.trim().to_owned());
            found.push(Entry { version, section, text, line: number + 1 });
        };
        if let Some(heading) = line.strip_prefix("## [") {
            heading.split(']').next().unwrap_or_default().clone_into(&mut version);
            section.clear();
            if version == after {
                break;
            }
        } else if version.is_empty() {
            // The introduction of the whole document.
        } else if let Some(heading) = line.strip_prefix("### ") {
            heading.trim().clone_into(&mut section);
        } else if let Some(heading) = line.strip_prefix("## ") {
            add("", heading, &mut found);
        } else if let Some(item) = line.strip_prefix("- ").or_else(|| line.strip_prefix("* ")) {
            add(&section, item, &mut found);
        } else if let (true, Some(last)) = (goes_on && !line.trim().is_empty(), found.last_mut()) {
            last.text = format!("{} {}", last.text, line.trim());
        } else if !line.trim().is_empty() {
            add(&section, line, &mut found);
        }
        goes_on = !line.trim().is_empty() && !line.starts_with('#');
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{Entry, entries};

    #[test]
    fn an_entry_has_its_version_section_and_line() {
        let text = "# Changelog\n\nwords\n\n## [1.2.0] - 2026-01-01\n\n## ATTENTION: read\n\nIt is new.\n\n```\n- no: item\n```\n\n### Added\n\n- a (#1)\n  more\n\n## [1.1.0] - x\n\n- b\n";
        let entry = |section: &str, text: &str, line| Entry {
            version: "1.2.0".into(),
            section: section.into(),
            text: text.into(),
            line,
        };
        let expected = [
            entry("Notice", "ATTENTION: read", 7),
            entry("Notice", "It is new.", 9),
            entry("Added", "a (#1) more", 17),
        ];
        assert_eq!(entries(text, "1.1.0"), expected);
        assert_eq!(entries(text, "1.0.0").len(), 4);
    }
}
