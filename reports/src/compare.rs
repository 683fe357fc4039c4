//! Two reports side by side: what is newly red, what was mended, what is flaky, what became slower.

use crate::{Outcome, Report};
use std::collections::BTreeMap;

/// A check counts as slower above this factor …
const SLOWER_FACTOR: f64 = 2.0;
/// … and above this difference in milliseconds: below it, the clock says more than the target.
const SLOWER_MS_MIN: u64 = 500;

/// What changed from one report to another, by check id.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// Red now and not before.
    pub newly_red: Vec<String>,
    /// Red before and not now.
    pub mended: Vec<String>,
    /// Red in both.
    pub still_red: Vec<String>,
    /// Flaky now.
    pub flaky: Vec<String>,
    /// Only in the later report.
    pub added: Vec<String>,
    /// Only in the earlier report: nobody looks there any more.
    pub gone: Vec<String>,
    /// Ran before and was skipped or not run now.
    pub no_longer_run: Vec<String>,
    /// Id, milliseconds before, milliseconds now: more than twice and more than half a second. One run each: a hint, no
    /// proof.
    pub slower: Vec<(String, u64, u64)>,
}

/// Compares an earlier report with a later one.
pub fn compare(earlier: &Report, later: &Report) -> Comparison {
    let known: BTreeMap<&str, _> = earlier.results.iter().map(|result| (result.id.as_str(), result)).collect();
    let now: BTreeMap<&str, _> = later.results.iter().map(|result| (result.id.as_str(), result)).collect();
    let mut found = Comparison::default();
    for (id, result) in &now {
        let id = (*id).to_owned();
        if result.flaky {
            found.flaky.push(id.clone());
        }
        let Some(before) = known.get(id.as_str()) else {
            if result.outcome.is_red() {
                found.newly_red.push(id.clone());
            }
            found.added.push(id);
            continue;
        };
        match (before.outcome.is_red(), result.outcome.is_red()) {
            (false, true) => found.newly_red.push(id.clone()),
            (true, true) => found.still_red.push(id.clone()),
            (true, false) if ran(result.outcome) => found.mended.push(id.clone()),
            _ => {}
        }
        if ran(before.outcome) && !ran(result.outcome) {
            found.no_longer_run.push(id.clone());
        }
        let (ms_before, ms_now) = (before.duration_ms(), result.duration_ms());
        if ran(before.outcome) && ran(result.outcome) && is_slower(ms_before, ms_now) {
            found.slower.push((id, ms_before, ms_now));
        }
    }
    found.gone = known.keys().filter(|id| !now.contains_key(*id)).map(|id| (*id).to_owned()).collect();
    found
}

fn ran(outcome: Outcome) -> bool {
    !matches!(outcome, Outcome::Skipped | Outcome::NotRun)
}

#[expect(clippy::cast_precision_loss, reason = "a duration in milliseconds fits")]
fn is_slower(before_ms: u64, now_ms: u64) -> bool {
    now_ms.saturating_sub(before_ms) > SLOWER_MS_MIN && now_ms as f64 > before_ms as f64 * SLOWER_FACTOR
}

#[cfg(test)]
mod tests {
    use super::{Comparison, compare};
    use crate::Outcome::{Errored, Failed, NotRun, Passed, Skipped};
    use crate::seal::tests::{report, result};
    use crate::{CheckResult, Outcome};

    #[test]
    fn every_kind_of_change_has_its_list() {
        let timed = |id: &str, outcome: Outcome, duration_ms: u64| -> CheckResult {
            let mut result = result(id, outcome);
            result.attempts.iter_mut().for_each(|attempt| attempt.duration_ms = duration_ms);
            result
        };
        let earlier = report(vec![
            timed("a.broke", Passed, 10),
            timed("a.mended", Failed, 10),
            timed("a.still", Errored, 10),
            timed("a.gone", Passed, 10),
            timed("a.hidden", Failed, 10),
            timed("a.slow", Passed, 400),
            timed("a.twice_of_little", Passed, 10),
        ]);
        let later = report(vec![
            timed("a.broke", Failed, 10),
            timed("a.mended", Passed, 10),
            timed("a.still", Failed, 10),
            timed("a.hidden", Skipped, 10),
            timed("a.slow", Passed, 901),
            timed("a.twice_of_little", Passed, 400),
            timed("a.new", NotRun, 0),
        ]);
        let ids = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();
        let expected = Comparison {
            newly_red: ids(&["a.broke"]),
            // What is skipped now was not mended.
            mended: ids(&["a.mended"]),
            still_red: ids(&["a.still"]),
            flaky: vec![],
            added: ids(&["a.new"]),
            gone: ids(&["a.gone"]),
            no_longer_run: ids(&["a.hidden"]),
            slower: vec![("a.slow".into(), 400, 901)],
        };
        assert_eq!(compare(&earlier, &later), expected);
        assert_eq!(
            compare(&later, &later),
            Comparison { still_red: ids(&["a.broke", "a.still"]), ..Comparison::default() }
        );
    }
}
