//! A whole file: what it says, and changes to it.

use super::line::{Assignment, Piece, split};
use super::quote::Quote;

/// The lines of a file. [`EnvFile::text`] of an unchanged one is what was parsed, byte for byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvFile {
    pieces: Vec<Piece>,
}

/// What became of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Set {
    /// There was none of this name.
    Added,
    /// Another value stood there.
    Changed,
    /// It had this value already, and nothing is different.
    Same,
    /// No way of writing it holds this value, which has a carriage return; or a quote that is left open somewhere would
    /// take it in. Nothing is different.
    Impossible,
}

impl EnvFile {
    /// Takes a text apart. Never fails: what is no assignment is kept, and [`EnvFile::unreadable`] names it.
    pub fn parse(text: &str) -> Self {
        let (mut pieces, mut rest, mut line) = (Vec::new(), text, 1);
        while !rest.is_empty() {
            let (piece, behind) = split(rest, line);
            line += rest[..rest.len() - behind.len()].matches('\n').count();
            rest = behind;
            pieces.push(piece);
        }
        Self { pieces }
    }

    /// The text of it.
    pub fn text(&self) -> String {
        self.pieces.iter().map(Piece::text).collect()
    }

    #[cfg(test)]
    pub(super) fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// Every assignment in the order of the file. Of two with one name, the last counts.
    pub fn assignments(&self) -> impl Iterator<Item = &Assignment> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Assignment(assignment) => Some(assignment),
            Piece::Other(..) => None,
        })
    }

    /// The value that counts.
    pub fn get(&self, name: &str) -> Option<String> {
        self.assignments().filter(|assignment| assignment.name == name).last().map(Assignment::value)
    }

    /// Lines that are neither blank nor a comment and still no assignment. A bare name is one in `env_file`, where it
    /// takes the value of the shell's variable.
    pub fn unreadable(&self) -> impl Iterator<Item = usize> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Other(text, line) => {
                let text = text.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
                let name = text.strip_prefix("export ").unwrap_or(text).trim_start();
                let bare = name.chars().all(|c| c.is_alphanumeric() || c == '_');
                (!bare && !text.starts_with('#')).then_some(*line)
            }
            Piece::Assignment(_) => None,
        })
    }

    /// Gives a name a value. What stands around the value stays: `export`, indentation, quotes where they can hold it,
    /// and the comment behind. A name that is not there comes as a line of its own at the end.
    pub fn set(&mut self, name: &str, value: &str) -> Set {
        let before = self.clone();
        let set = self.set_as_read(name, value);
        if set == Set::Impossible || !self.reads_as_it_is() {
            *self = before;
            return Set::Impossible;
        }
        set
    }

    fn set_as_read(&mut self, name: &str, value: &str) -> Set {
        let ending = self.ending();
        let Some(assignment) = self.last_of(name) else {
            let Some((quote, written)) = Quote::None.fitting(value).next() else { return Set::Impossible };
            self.end_with_newline(ending);
            let assignment = Assignment {
                name: name.to_owned(),
                line: self.text().matches('\n').count() + 1,
                before: format!("{name}="),
                quote,
                written,
                after: ending.to_owned(),
            };
            self.pieces.push(Piece::Assignment(assignment));
            return Set::Added;
        };
        if assignment.value() == value && !assignment.is_template() {
            return Set::Same;
        }
        // Without quotes an empty value would be what stands behind it: the next way of writing is tried.
        let ways: Vec<(Quote, String)> = assignment.quote.fitting(value).collect();
        for (quote, written) in ways {
            let Some(assignment) = self.last_of(name) else { break };
            (assignment.quote, assignment.written) = (quote, written);
            self.number();
            if self.reads_as_it_is() {
                return Set::Changed;
            }
        }
        Set::Impossible
    }

    /// Removes every assignment of a name, and says how many there were. Comments above stay: who wrote them knows what
    /// they are about. `None`, and nothing is different, when a quote that is left open would then end elsewhere.
    pub fn remove(&mut self, name: &str) -> Option<usize> {
        let before = self.clone();
        self.pieces.retain(|piece| !matches!(piece, Piece::Assignment(assignment) if assignment.name == name));
        self.number();
        if !self.reads_as_it_is() {
            *self = before;
            return None;
        }
        Some(before.pieces.len() - self.pieces.len())
    }

    /// Whether whoever reads the text finds what is meant.
    fn reads_as_it_is(&self) -> bool {
        let seen = |file: &Self| -> Vec<(String, String, usize)> {
            file.assignments().map(|one| (one.name.clone(), one.value(), one.line)).collect()
        };
        seen(&Self::parse(&self.text())) == seen(self)
    }

    /// Gives every assignment of a name another name, and says how many there were.
    pub fn rename(&mut self, name: &str, other: &str) -> usize {
        let mut renamed = 0;
        for piece in &mut self.pieces {
            if let Piece::Assignment(assignment) = piece
                && assignment.name == name
            {
                // The name is the last thing before `=` or `:` that is not blank.
                let end = assignment.before.trim_end().len().saturating_sub(1);
                let at = assignment.before[..end].rfind(name);
                if let Some(at) = at {
                    assignment.before.replace_range(at..at + name.len(), other);
                }
                assignment.name = other.to_owned();
                renamed += 1;
            }
        }
        renamed
    }

    fn last_of(&mut self, name: &str) -> Option<&mut Assignment> {
        self.pieces.iter_mut().rev().find_map(|piece| match piece {
            Piece::Assignment(assignment) if assignment.name == name => Some(assignment),
            _ => None,
        })
    }

    /// How lines of this file end, also those within quotes.
    fn ending(&self) -> &'static str {
        if self.text().contains("\r\n") { "\r\n" } else { "\n" }
    }

    fn end_with_newline(&mut self, ending: &str) {
        match self.pieces.last_mut() {
            Some(Piece::Assignment(last)) if !last.after.ends_with('\n') => last.after.push_str(ending),
            Some(Piece::Other(last, _)) if !last.ends_with('\n') => last.push_str(ending),
            _ => {}
        }
    }

    fn number(&mut self) {
        let mut next = 1;
        for piece in &mut self.pieces {
            match piece {
                Piece::Assignment(assignment) => {
                    assignment.line = next;
                    next += assignment.lines();
                }
                Piece::Other(text, line) => {
                    *line = next;
                    next += text.matches('\n').count();
                }
            }
        }
    }
}
