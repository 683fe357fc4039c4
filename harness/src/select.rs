//! Which checks a command line means.

use crate::check::Check;
use greenlight_config::nearest;
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use rand::seq::SliceRandom as _;
use std::collections::BTreeSet;

/// What was asked for. Empty lists ask for everything; different kinds narrow each other down.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// Whole suites.
    pub suites: Vec<String>,
    /// Single checks by id.
    pub tests: Vec<String>,
    /// Checks with any of these tags.
    pub tags: Vec<String>,
    /// None with any of these tags, unless it is named by its id.
    pub without: Vec<String>,
}

/// A name that nothing has.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("no {kind} is called {name:?}; {}", nearest.as_ref().map_or_else(|| known.clone(), |n| format!("did you mean {n:?}?")))]
pub struct UnknownName {
    /// `suite`, `check` or `tag`.
    pub kind: &'static str,
    /// As written.
    pub name: String,
    /// The closest known name, if any is close.
    pub nearest: Option<String>,
    /// What there is, or how to see it.
    pub known: String,
}

/// So many names fit on a line.
const NAMED_MAX: usize = 30;

/// Picks the checks, in table order.
///
/// # Errors
/// When a name is unknown: a filter with a typo must never select less in silence.
pub fn select(checks: &[&'static Check], selection: &Selection) -> Result<Vec<&'static Check>, UnknownName> {
    let all_tags = || checks.iter().flat_map(|check| check.tags.iter().copied());
    for suite in &selection.suites {
        require("suite", suite, checks.iter().map(|check| check.suite()))?;
    }
    for test in &selection.tests {
        require("check", test, checks.iter().map(|check| check.id))?;
    }
    for tag in selection.tags.iter().chain(&selection.without) {
        require("tag", tag, all_tags())?;
    }
    let named = |list: &[String], name: &str| list.is_empty() || list.iter().any(|wanted| wanted == name);
    Ok(checks
        .iter()
        .copied()
        .filter(|check| {
            named(&selection.suites, check.suite())
                && named(&selection.tests, check.id)
                && (selection.tags.is_empty() || check.tags.iter().any(|tag| named(&selection.tags, tag)))
                && (!selection.tests.is_empty()
                    || !check.tags.iter().any(|tag| selection.without.iter().any(|out| out == tag)))
        })
        .collect())
}

/// The same checks in an order that the seed decides.
pub(crate) fn shuffle(checks: &mut [&'static Check], seed: u64) {
    checks.shuffle(&mut StdRng::seed_from_u64(seed));
}

pub(crate) fn require<'a>(
    kind: &'static str,
    name: &str,
    known: impl Iterator<Item = &'a str>,
) -> Result<(), UnknownName> {
    let known: Vec<&str> = known.collect();
    if known.contains(&name) {
        return Ok(());
    }
    // By edits: Jaro-Winkler prefers whatever begins alike, which in `suite.name` is every check of the suite.
    let nearest = nearest(name, known.iter().copied()).map(str::to_owned);
    let all: BTreeSet<&str> = known.into_iter().collect();
    let known = match all.len() {
        0..=NAMED_MAX => format!("there are {}", all.into_iter().collect::<Vec<_>>().join(", ")),
        many => format!("--list prints all {many}"),
    };
    Err(UnknownName { kind, name: name.to_owned(), nearest, known })
}

#[cfg(test)]
mod tests {
    use super::{Selection, select};
    use crate::runner::tests::check;

    fn pick(selection: Selection) -> Result<Vec<&'static str>, String> {
        let checks =
            [check("auth.expired_token_refused", &["smoke"]), check("auth.other", &[]), check("api.life", &["smoke"])];
        select(&checks, &selection)
            .map(|picked| picked.iter().map(|check| check.id).collect())
            .map_err(|error| error.to_string())
    }

    fn names(list: &[&str]) -> Vec<String> {
        list.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn kinds_narrow_each_other_down() {
        let suite = Selection { suites: names(&["auth"]), ..Selection::default() };
        assert_eq!(pick(suite.clone()), Ok(vec!["auth.expired_token_refused", "auth.other"]));
        assert_eq!(pick(Selection { tags: names(&["smoke"]), ..suite }), Ok(vec!["auth.expired_token_refused"]));
        assert_eq!(pick(Selection::default()).map(|all| all.len()), Ok(3));
    }

    #[test]
    fn what_is_left_out_comes_back_only_by_its_name() {
        let without = Selection { without: names(&["smoke"]), ..Selection::default() };
        assert_eq!(pick(without.clone()), Ok(vec!["auth.other"]));
        assert_eq!(pick(Selection { tests: names(&["api.life"]), ..without }), Ok(vec!["api.life"]));
        assert!(pick(Selection { without: names(&["smok"]), ..Selection::default() }).is_err());
    }

    #[test]
    fn an_unknown_name_offers_the_nearest() {
        let tests = |name: &str| pick(Selection { tests: names(&[name]), ..Selection::default() });
        assert_eq!(
            tests("auth.expired_token_refusd"),
            Err("no check is called \"auth.expired_token_refusd\"; did you mean \"auth.expired_token_refused\"?".into())
        );
        assert_eq!(
            tests("zzz"),
            Err("no check is called \"zzz\"; there are api.life, auth.expired_token_refused, auth.other".into())
        );
        let tags = Selection { tags: names(&["smok"]), ..Selection::default() };
        assert_eq!(pick(tags), Err("no tag is called \"smok\"; did you mean \"smoke\"?".into()));
    }

    #[test]
    fn a_test_is_picked_alone() {
        let one = Selection { tests: names(&["auth.other"]), ..Selection::default() };
        assert_eq!(pick(one), Ok(vec!["auth.other"]));
    }

    #[test]
    fn an_unknown_suite_is_refused_and_the_nearest_of_several_is_offered() {
        let suite = Selection { suites: names(&["aut"]), ..Selection::default() };
        assert_eq!(pick(suite), Err("no suite is called \"aut\"; did you mean \"auth\"?".into()));
        for (known, name) in [(["auth.one", "auth.two"], "auth.twi"), (["auth.one", "auth.two"], "auth.ome")] {
            let checks = known.map(|id| check(id, &[]));
            let error = select(&checks, &Selection { tests: names(&[name]), ..Selection::default() });
            let nearest = error.map(|_| ()).expect_err("unknown").nearest;
            let expected = if name == "auth.twi" { "auth.two" } else { "auth.one" };
            assert_eq!(nearest.as_deref(), Some(expected));
        }
    }
}
