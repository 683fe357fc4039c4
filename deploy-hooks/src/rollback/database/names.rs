//! Names of databases that a point makes beside the one that serves, and how names are written in SQL.

use sha2::{Digest as _, Sha256};

/// Postgres cuts what is longer, and then two names are one.
const BYTES_MAX: usize = 63;
/// So much of the sum stands in a name that was cut.
const SUM_DIGITS: usize = 8;

/// `glt_<point>_<what>`; a longer one is cut, and the sum of what was cut keeps it apart from others.
pub(super) fn beside(point: &str, what: &str) -> String {
    let name = format!("glt_{point}_{what}");
    if name.len() <= BYTES_MAX {
        return name;
    }
    let sum = &greenlight_reports::hex(&Sha256::digest(point))[..SUM_DIGITS];
    let room = BYTES_MAX - "glt_".len() - sum.len() - what.len() - 2;
    format!("glt_{}_{sum}_{what}", point.get(..room).unwrap_or_default())
}

/// As an identifier.
pub(super) fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// As text. With a backslash in it, whatever `standard_conforming_strings` says.
pub(super) fn text(value: &str) -> String {
    let quoted = value.replace('\'', "''");
    match quoted.contains('\\') {
        true => format!("E'{}'", quoted.replace('\\', "\\\\")),
        false => format!("'{quoted}'"),
    }
}

/// As a connection of libpq: a name alone that holds `=` would be taken for one.
pub(super) fn connection(database: &str) -> String {
    format!("dbname='{}'", database.replace('\\', "\\\\").replace('\'', "\\'"))
}

#[cfg(test)]
mod tests {
    use super::{beside, connection, identifier, text};

    #[test]
    fn a_long_name_is_cut_and_stays_apart() {
        assert_eq!(beside("before-1.13", "copy"), "glt_before-1.13_copy");
        let (a, b) = (beside(&"a".repeat(100), "copy"), beside(&format!("{}b", "a".repeat(99)), "copy"));
        assert_eq!((a.len(), b.len()), (63, 63));
        assert!(a != b && a.starts_with("glt_aaa") && a.ends_with("_copy"), "{a} {b}");
        assert_eq!(beside(&"a".repeat(54), "copy").len(), 63);
    }

    /// As the manual of Postgres has it, "Lexical Structure".
    #[test]
    fn no_name_ends_its_quotes() {
        assert_eq!(identifier(r#"a"; DROP DATABASE b; --"#), r#""a""; DROP DATABASE b; --""#);
        assert_eq!(text("it's"), "'it''s'");
        assert_eq!(text(r"a\' OR 1=1"), r"E'a\\'' OR 1=1'");
        // As the manual of libpq has it, "Keyword/Value Connection Strings".
        assert_eq!(connection(r"a' host=b\"), r"dbname='a\' host=b\\'");
    }
}
