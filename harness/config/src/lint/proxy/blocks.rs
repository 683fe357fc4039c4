//! nginx's configuration as a tree of directives. Whatever is open at the end of the text ends there.

/// A directive with its arguments, and with what stands in its braces.
#[derive(Debug, Default)]
pub(super) struct Directive {
    pub(super) line: usize,
    pub(super) words: Vec<String>,
    pub(super) block: Vec<Directive>,
}

impl Directive {
    pub(super) fn name(&self) -> &str {
        self.words.first().map_or("", String::as_str)
    }

    pub(super) fn arguments(&self) -> &[String] {
        self.words.get(1..).unwrap_or_default()
    }

    /// The directives of one name in the block.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.block.iter().filter(move |directive| directive.name() == name)
    }
}

/// Blocks in blocks beyond this are nobody's configuration.
const DEPTH_MAX: usize = 64;

/// Reads a text; the root is a directive without a name.
pub(super) fn parse(text: &str) -> Directive {
    let mut open = vec![Directive::default()];
    let mut current = Directive::default();
    for (word, line) in tokens(text) {
        match word.as_str() {
            ";" => put(&mut open, std::mem::take(&mut current)),
            "{" if open.len() < DEPTH_MAX => open.push(std::mem::take(&mut current)),
            "{" => {}
            "}" => {
                current = Directive::default();
                if open.len() > 1
                    && let Some(done) = open.pop()
                {
                    put(&mut open, done);
                }
            }
            _ => {
                if current.words.is_empty() {
                    current.line = line;
                }
                current.words.push(word);
            }
        }
    }
    while open.len() > 1 {
        if let Some(done) = open.pop() {
            put(&mut open, done);
        }
    }
    open.pop().unwrap_or_default()
}

fn put(open: &mut [Directive], done: Directive) {
    if let Some(parent) = open.last_mut().filter(|_| !done.words.is_empty()) {
        parent.block.push(done);
    }
}

/// Words, and `;`, `{`, `}` as words of their own, with their lines. A quoted word has no quotes, `${name}` is no block.
fn tokens(text: &str) -> Vec<(String, usize)> {
    let mut tokens = Vec::new();
    let (mut word, mut line) = (String::new(), 1);
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            '#' if word.is_empty() => while characters.next_if(|c| *c != '\n').is_some() {},
            '"' | '\'' if word.is_empty() => {
                let begin = line;
                for inner in characters.by_ref().take_while(|inner| *inner != c) {
                    line += usize::from(inner == '\n');
                    word.push(inner);
                }
                tokens.push((std::mem::take(&mut word), begin));
            }
            '{' if word.ends_with('$') => {
                word.push('{');
                while let Some(inner) = characters.next_if(|inner| !inner.is_whitespace()) {
                    word.push(inner);
                    if inner == '}' {
                        break;
                    }
                }
            }
            ';' | '{' | '}' => {
                if !word.is_empty() {
                    tokens.push((std::mem::take(&mut word), line));
                }
                tokens.push((c.to_string(), line));
            }
            c if c.is_whitespace() => {
                if !word.is_empty() {
                    tokens.push((std::mem::take(&mut word), line));
                }
                line += usize::from(c == '\n');
            }
            c => word.push(c),
        }
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_quotes_comments_and_lines() {
        let text = "http { # one\n  map $http_upgrade $c { default upgrade; '' close; }\n  server {\n    set $a ${b}c;\n    add_header X \"a;b {\n\"; }\n";
        let root = parse(text);
        let http = &root.block[0];
        assert_eq!((http.name(), http.line), ("http", 1));
        assert_eq!(http.block[0].block[1].words, ["", "close"]);
        let server = http.all("server").next().expect("a server");
        assert_eq!(server.block[0].words, ["set", "$a", "${b}c"]);
        assert_eq!((server.block[1].line, server.block[1].arguments()[1].as_str()), (5, "a;b {\n"));
        assert!(parse("} } ; { {").block.len() < 2);
    }
}
