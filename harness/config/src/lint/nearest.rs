//! "Did you mean" for keys and words of LiveKit's configuration, whatever their case: few edits, whatever the length.

// Insertions, deletions, replacements and swaps of neighbours that lead from one to the other.
use strsim::osa_distance as distance;

/// The nearest of `known`, if it is near enough to be what was meant.
pub(crate) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let name = name.to_ascii_lowercase();
    let allowed = (name.chars().count() / 3).clamp(1, 4);
    let best =
        known.into_iter().map(|candidate| (distance(&name, &candidate.to_ascii_lowercase()), candidate)).min()?;
    (best.0 <= allowed).then_some(best.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_as_counted_by_hand() {
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("udp_prot", "udp_port"), 1);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("abc", "abc"), 0);
    }

    #[test]
    fn only_what_is_near_is_offered() {
        assert_eq!(nearest("udp_prot", ["tcp_port", "udp_port"]), Some("udp_port"));
        assert_eq!(nearest("something_else", ["tcp_port", "udp_port"]), None);
        assert_eq!(nearest("x", []), None);
    }
}
