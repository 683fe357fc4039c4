//! Text that every format can carry.

use std::borrow::Cow;

/// Removes ANSI escape sequences and replaces characters that XML 1.0 can't hold by U+FFFD.
///
/// The set is the production `Char` of XML 1.0, section 2.2, less U+FFFE and U+FFFF and with CR folded into LF,
/// because a parser does that too (section 2.11). Applying it twice changes nothing.
pub fn printable(text: &str) -> Cow<'_, str> {
    if text.chars().all(is_allowed) {
        return Cow::Borrowed(text);
    }
    let mut clean = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\u{1b}' if chars.peek() == Some(&'[') => {
                chars.next();
                // A control sequence ends with one byte of 0x40..=0x7e (ECMA-48, 5.4).
                while let Some(&next) = chars.peek() {
                    if !next.is_ascii() || next.is_ascii_control() {
                        break;
                    }
                    chars.next();
                    if ('\u{40}'..='\u{7e}').contains(&next) {
                        break;
                    }
                }
            }
            '\r' => {
                if chars.peek() != Some(&'\n') {
                    clean.push('\n');
                }
            }
            c if is_allowed(c) => clean.push(c),
            _ => clean.push('\u{fffd}'),
        }
    }
    Cow::Owned(clean)
}

fn is_allowed(c: char) -> bool {
    // The C1 controls are legal in XML 1.0 and discouraged; U+0085 is a line end for some parsers.
    matches!(c, '\t' | '\n' | ' '..='\u{7e}' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..='\u{10ffff}')
        && !matches!(c, '\u{2028}' | '\u{2029}')
}

/// The text up to its first line end.
pub fn one_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

/// Keeps head and tail of a long text and says how much is missing between.
pub fn shorten(text: &str, bytes_max: usize) -> Cow<'_, str> {
    if text.len() <= bytes_max {
        return Cow::Borrowed(text);
    }
    let half = bytes_max / 2;
    let head = text.floor_char_boundary(half);
    let tail = text.ceil_char_boundary(text.len() - half);
    let missing = tail - head;
    Cow::Owned(format!("{}\n[{missing} bytes left out]\n{}", &text[..head], &text[tail..]))
}

#[cfg(test)]
mod tests {
    use super::{printable, shorten};
    use proptest::prelude::*;

    #[test]
    fn escapes_and_controls_go() {
        assert_eq!(printable("\u{1b}[31mred\u{1b}[0m"), "red");
        assert_eq!(printable("a\u{0}b\u{fffe}c"), "a\u{fffd}b\u{fffd}c");
        assert_eq!(printable("one\r\ntwo\rthree"), "one\ntwo\nthree");
        assert_eq!(printable("cut\u{1b}["), "cut");
    }

    #[test]
    fn long_text_keeps_both_ends() {
        assert_eq!(shorten("abcdefghij", 4), "ab\n[6 bytes left out]\nij");
        assert_eq!(shorten("ab", 4), "ab");
        assert_eq!(shorten("ääää", 3), "\n[8 bytes left out]\n");
    }

    proptest! {
        #[test]
        fn cleaning_twice_changes_nothing(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let text = String::from_utf8_lossy(&bytes);
            let once = printable(&text).into_owned();
            prop_assert_eq!(printable(&once).into_owned(), once.clone());
        }
    }

    #[test]
    fn what_some_parser_refuses_or_changes_is_replaced() {
        for c in ['\u{7f}', '\u{80}', '\u{85}', '\u{9f}', '\u{2028}', '\u{2029}', '\u{fffe}', '\u{ffff}'] {
            assert_eq!(printable(&format!("a{c}b")), "a\u{fffd}b", "{c:?}");
        }
        assert_eq!(printable("\u{1b}[3\u{e4}m"), "\u{e4}m");
    }

    #[test]
    fn a_text_of_just_the_length_stays_and_one_line_is_one() {
        assert_eq!(shorten("abcd", 4), "abcd");
        assert_eq!(super::one_line("first\nsecond"), "first");
    }
}
