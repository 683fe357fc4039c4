//! Where a fact is written: a line of a file of a module, whose archive never changes.

use serde::Deserialize;
use std::fmt;

/// Shown as `livekit-server v1.13.5 pkg/config/config.go:57`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct Source {
    /// The last part of the Go module's name.
    pub module: String,
    /// Its version with the `v`, which for a module between releases is a long one.
    pub version: String,
    /// The path within the module.
    pub file: String,
    /// The line, from 1 on.
    pub line: u32,
}

impl TryFrom<String> for Source {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        parse(&text).ok_or_else(|| format!("{text:?} is not MODULE VERSION FILE:LINE"))
    }
}

fn parse(text: &str) -> Option<Source> {
    let mut words = text.split(' ').map(str::to_owned);
    let (module, version, place) = (words.next()?, words.next()?, words.next()?);
    let (file, line) = place.rsplit_once(':')?;
    let source = Source { module, version, file: file.to_owned(), line: line.parse().ok()? };
    words.next().is_none().then_some(source)
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}:{}", self.module, self.version, self.file, self.line)
    }
}

#[cfg(test)]
mod tests {
    use super::Source;

    #[test]
    fn a_source_is_shown_as_it_was_read() {
        let text = "livekit-server v1.13.5 pkg/config/config.go:57";
        let source = Source::try_from(text.to_owned()).unwrap();
        assert_eq!((source.file.as_str(), source.line), ("pkg/config/config.go", 57));
        assert_eq!(source.to_string(), text);
        for text in ["livekit-server v1.13.5", "livekit-server v1.13.5 a.go", "a b c:1 d", "a b c:x"] {
            assert!(Source::try_from(text.to_owned()).is_err(), "{text}");
        }
    }
}
