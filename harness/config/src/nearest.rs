//! "Did you mean": the known name that is nearest to a misspelt one.

/// Names less alike than this are not the same word misspelt.
const ALIKE_MIN: f64 = 0.6;

/// The nearest, if it is near enough to be what was meant.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let alike = known.into_iter().map(|known| (strsim::normalized_damerau_levenshtein(known, name), known));
    alike.filter(|(alike, _)| *alike >= ALIKE_MIN).max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, known)| known)
}

/// As a clause to put behind a sentence; nothing if none is near.
pub fn did_you_mean<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    nearest(name, known).map(|meant| format!("; did you mean {meant:?}?")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn only_what_is_near_is_offered() {
        assert_eq!(nearest("age_max_sec", ["report", "age_max_s", "required"]), Some("age_max_s"));
        assert_eq!(nearest("stagging", ["production", "staging"]), Some("staging"));
        assert_eq!(nearest("mars", ["production", "staging"]), None);
    }
}
