//! Values in and out of quotes. The rules are Docker Compose's for `.env` files and `env_file`.

/// How a value is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Quote {
    /// Up to a blank and `#`, or to the end of the line; nothing is escaped.
    None,
    /// Up to the next `'` that has no backslash before it; nothing else is escaped, and `$` is a dollar.
    Single,
    /// Up to the next `"` that has no backslash before it; `\n`, `\t`, `\"`, `\\` and `\$` are escaped.
    Double,
}

impl Quote {
    /// The quote that a text begins with.
    pub(super) fn at_start(text: &str) -> Self {
        match text.as_bytes().first() {
            Some(b'\'') => Self::Single,
            Some(b'"') => Self::Double,
            _ => Self::None,
        }
    }

    /// Both quotes, or nothing.
    pub(super) fn mark(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Single => "'",
            Self::Double => "\"",
        }
    }

    /// What stands between the quotes as the process sees it. `${NAME}` stays as it is written: Compose fills it in.
    pub(super) fn meaning(self, written: &str) -> String {
        match self {
            Self::None => written.to_owned(),
            Self::Single => written.replace("\\'", "'"),
            Self::Double => unescaped(written),
        }
    }

    /// How a value is written between quotes of this kind; `None` when they can't hold it.
    fn written(self, value: &str) -> Option<String> {
        let written = match self {
            Self::None => {
                let first = value.chars().next();
                let bare = value.trim() == value
                    && !matches!(first, Some('\'' | '"'))
                    && !value.starts_with('#')
                    && !value.contains(|c: char| c.is_control() || c == '$')
                    && !value.contains(" #")
                    && !value.contains("\t#");
                return bare.then(|| value.to_owned());
            }
            Self::Single => value.replace('\'', "\\'"),
            Self::Double => escaped(value),
        };
        // A backslash at the end would take the closing quote with it.
        let closes = end(self, &format!("{written}{}", self.mark())) == Some(written.len());
        (closes && self.meaning(&written) == value && !value.contains('\r')).then_some(written)
    }

    /// The value in quotes of this kind if they can hold it, then in each other kind that can.
    pub(super) fn fitting(self, value: &str) -> impl Iterator<Item = (Self, String)> {
        let order = [self, Self::None, Self::Single, Self::Double];
        order.into_iter().filter_map(move |quote| Some((quote, quote.written(value)?)))
    }
}

/// Where the closing quote stands in what follows the opening one.
pub(super) fn end(quote: Quote, text: &str) -> Option<usize> {
    let closing = quote.mark().chars().next()?;
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        if c == closing && !escaped {
            return Some(at);
        }
        escaped = c == '\\' && !escaped;
    }
    None
}

fn escaped(value: &str) -> String {
    let mut out = String::with_capacity(value.len() + 8);
    for c in value.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '"' | '\\' | '$' => {
                out.push('\\');
                out.push(c);
            }
            _ => out.push(c),
        }
    }
    out
}

fn unescaped(written: &str) -> String {
    let mut out = String::with_capacity(written.len());
    let mut rest = written.chars();
    while let Some(c) = rest.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match rest.next() {
            Some('n') => out.push('\n'),
            Some('r') => out.push('\r'),
            Some('t') => out.push('\t'),
            Some(c @ ('"' | '\\' | '$')) => out.push(c),
            // Any other backslash is one.
            Some(other) => out.extend(['\\', other]),
            None => out.push('\\'),
        }
    }
    out
}
