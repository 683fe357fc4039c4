//! From text to [`Node`]s. serde-saphyr's deserializer has positions for values only, so its parser is asked directly.

use std::collections::HashMap;

use serde_saphyr::granit_parser::{Event, Parser, ScalarStyle, ScanError};

use super::document::{Entry, Node, Scalar, Value};

/// What a file holds.
pub(crate) struct Document {
    /// The first document: the only one that the server reads. Null for an empty file.
    pub(crate) root: Node,
    /// Keys written twice in one map, with the line of the second.
    pub(crate) duplicates: Vec<(String, usize)>,
    /// The line of a second document, if there is one.
    pub(crate) second_line: Option<usize>,
    /// How many documents there are; none in a file of comments.
    pub(crate) documents: usize,
}

/// Why a text is no YAML.
pub(crate) struct SyntaxError {
    pub(crate) line: usize,
    pub(crate) problem: String,
}

/// Aliases multiply what is written; beyond this many values nobody wrote the file by hand.
const NODES_MAX: usize = 100_000;

/// Reads the first document and looks whether there is a second.
pub(crate) fn parse(text: &str) -> Result<Document, SyntaxError> {
    let reader = read(text, true)?;
    let root = reader.roots.into_iter().next().unwrap_or_else(|| Node::null(1));
    Ok(Document { root, duplicates: reader.duplicates, second_line: reader.second_line, documents: reader.documents })
}

/// Every document of a text.
pub(crate) struct Documents {
    pub(crate) roots: Vec<Node>,
    /// Keys written twice in one map of any of them, with the line of the second.
    pub(crate) duplicates: Vec<(String, usize)>,
}

/// Reads every document of a text.
pub(crate) fn parse_all(text: &str) -> Result<Documents, SyntaxError> {
    read(text, false).map(|Reader { roots, duplicates, .. }| Documents { roots, duplicates })
}

fn read(text: &str, first_only: bool) -> Result<Reader, SyntaxError> {
    let mut reader = Reader::default();
    for next in Parser::new_from_str(text) {
        let (event, span) = next.map_err(|error| syntax_error(&error))?;
        if !(first_only && reader.second_line.is_some()) {
            reader.take(event, span.start.line())?;
        }
    }
    Ok(reader)
}

fn syntax_error(error: &ScanError) -> SyntaxError {
    SyntaxError { line: error.marker().line().max(1), problem: error.kind().to_string() }
}

#[derive(Default)]
struct Reader {
    open: Vec<Open>,
    anchors: HashMap<usize, Node>,
    nodes: usize,
    documents: usize,
    roots: Vec<Node>,
    duplicates: Vec<(String, usize)>,
    second_line: Option<usize>,
}

/// A list or map whose end has not come yet.
struct Open {
    node: Node,
    anchor: usize,
    key: Option<(String, usize)>,
}

impl Reader {
    fn take(&mut self, event: Event<'_>, line: usize) -> Result<(), SyntaxError> {
        match event {
            Event::DocumentStart(..) => {
                self.documents += 1;
                if self.documents == 2 {
                    self.second_line = Some(line);
                }
            }
            Event::Scalar(text, style, anchor, tag) => {
                let plain = style == ScalarStyle::Plain && tag.is_none();
                let literal = style == ScalarStyle::Literal;
                let scalar = Scalar { text: text.into_owned(), plain, literal };
                self.finish(Node { line, value: Value::Scalar(scalar) }, anchor)?;
            }
            Event::Alias(anchor) => {
                // An alias inside its own anchor has no end; the server refuses it, here it is nothing.
                let node = self.anchors.get(&anchor).cloned().unwrap_or_else(|| Node::null(line));
                self.finish(node, 0)?;
            }
            Event::SequenceStart(_, anchor, _) => self.start(Value::List(Vec::new()), line, anchor),
            Event::MappingStart(_, anchor, _) => self.start(Value::Map(Vec::new()), line, anchor),
            Event::SequenceEnd | Event::MappingEnd => {
                if let Some(open) = self.open.pop() {
                    self.finish(merged(open.node), open.anchor)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn start(&mut self, value: Value, line: usize, anchor: usize) {
        self.open.push(Open { node: Node { line, value }, anchor, key: None });
    }

    /// Puts a complete value where it belongs: as root, item, key, or value of the key before it.
    fn finish(&mut self, node: Node, anchor: usize) -> Result<(), SyntaxError> {
        self.nodes += node.size();
        if self.nodes > NODES_MAX {
            return Err(SyntaxError { line: node.line, problem: "its aliases unfold without end".to_owned() });
        }
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        let Some(open) = self.open.last_mut() else {
            self.roots.push(node);
            return Ok(());
        };
        match &mut open.node.value {
            Value::List(items) => items.push(node),
            Value::Map(entries) => match open.key.take() {
                None => open.key = Some((node.scalar().map(|key| key.text.clone()).unwrap_or_default(), node.line)),
                Some((key, line)) => {
                    if key != "<<" && entries.iter().any(|entry| entry.key == key) {
                        self.duplicates.push((key.clone(), line));
                    }
                    entries.push(Entry { key, line, value: node });
                }
            },
            Value::Scalar(_) => {}
        }
        Ok(())
    }
}

/// A map with what `<<` brings in; what is written beside it wins.
fn merged(mut node: Node) -> Node {
    let Value::Map(entries) = &mut node.value else {
        return node;
    };
    let (merges, mut own): (Vec<_>, Vec<_>) = entries.drain(..).partition(|entry| entry.key == "<<");
    for merge in merges {
        let maps = if merge.value.items().is_empty() { vec![merge.value] } else { merge.value.items().to_vec() };
        for entry in maps.iter().flat_map(Node::entries) {
            if own.iter().all(|mine| mine.key != entry.key) {
                own.push(entry.clone());
            }
        }
    }
    *entries = own;
    node
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line_of(text: &str, path: &str) -> (usize, usize) {
        let document = parse(text).map_err(|error| error.problem).expect("YAML");
        let entry = document.root.at(path).expect("an entry");
        (entry.line, entry.value.line)
    }

    #[test]
    fn keys_and_values_know_their_lines() {
        // Counted by hand.
        assert_eq!(line_of("a:\n  b:\n    c: 1\n", "a.b.c"), (3, 3));
        assert_eq!(line_of("# one\n\na: {b: 1,\n  c: 2}\n", "a.c"), (4, 4));
        assert_eq!(line_of("a:\r\n  b: 1\r\n  # two\r\n  c: 2\r\n", "a.c"), (4, 4));
        assert_eq!(line_of("a:\n  # above\n  - 1\nb:\n\n  long\n", "b"), (4, 6));
        assert_eq!(line_of("a: |\n  x\n  y\nb: 2\n", "b"), (4, 4));
        assert_eq!(line_of("\u{feff}a: 1\nb: 2\n", "b"), (2, 2));
        assert_eq!(line_of("---\n? a\n: 1\n", "a"), (2, 3));
    }

    #[test]
    fn the_lines_of_a_block_are_lines_of_the_file() {
        let first = |text: &str| {
            let document = parse(text).map_err(|error| error.problem).expect("YAML");
            let lines = document.root.at("a").expect("an entry").value.lines();
            (lines.outer(0), lines.outer(2))
        };
        assert_eq!(first("b: 1\na: |\n  x: 1\n  y: 2\n"), (3, 4));
        assert_eq!(first("a: |-\n\n  x: 1\n"), (2, 3));
        assert_eq!(first("a: &anchor |2\n  x: 1\n  y: 2\n"), (2, 3));
        assert_eq!(first("a: \"x: 1\\ny: 2\"\n"), (1, 1));
    }

    #[test]
    fn every_document_is_read_where_all_are_asked_for() {
        let Documents { roots, duplicates } =
            parse_all("a: 1\n---\n# two\nb: 1\nb: 2\n---\n- c\n").map_err(|e| e.problem).expect("three");
        assert_eq!((roots.len(), duplicates), (3, vec![("b".to_owned(), 5)]));
        assert_eq!(roots[2].items()[0].line, 7);
    }

    #[test]
    fn an_alias_keeps_the_line_of_what_was_written() {
        assert_eq!(line_of("x: &x\n  k: 1\ny: *x\n", "y.k"), (2, 2));
        assert_eq!(line_of("x: &x {k: 1}\ny:\n  <<: *x\n  l: 2\n", "y.k"), (1, 1));
        assert_eq!(line_of("x: &x {k: 1}\ny:\n  <<: *x\n  k: 2\n", "y.k"), (4, 4));
        let once = parse("x: &x {k: 1}\ny:\n  <<: *x\n  k: 2\n").map_err(|error| error.problem).expect("YAML");
        assert_eq!(once.root.at("y").expect("a map").value.entries().len(), 1);
        assert!(parse("x: &x [*x]\n").is_ok());
    }

    #[test]
    fn aliases_do_not_unfold_without_end() {
        let mut text = String::from("a0: &a0 [1,1,1,1,1,1,1,1,1,1]\n");
        for level in 1..9 {
            let previous = vec![format!("*a{}", level - 1); 10].join(",");
            text.push_str(&format!("a{level}: &a{level} [{previous}]\n"));
        }
        assert!(parse(&text).is_err());
    }

    #[test]
    fn the_parser_says_the_line() {
        let error = parse("a: 1\nb: [1, 2\nc: 3\n").err().expect("an error");
        assert!(error.line >= 2, "{}: {}", error.line, error.problem);
        assert_eq!(parse("a: 1\n---\nb: 2\n").map_err(|error| error.problem).expect("two").second_line, Some(2));
        assert_eq!(parse("a: 1\na: 2\n").map_err(|error| error.problem).expect("twice").duplicates.len(), 1);
        assert!(parse("").map_err(|error| error.problem).expect("empty").root.is_null());
    }
}
