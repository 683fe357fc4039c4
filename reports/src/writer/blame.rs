//! In which order components are looked at: what others stand on comes first.

use crate::{CheckResult, Component, Report};

/// The red results that this outcome filter lets through, those with the deepest blame first, else in plan order.
pub(super) fn deepest_first(report: &Report, wanted: fn(&CheckResult) -> bool) -> Vec<&CheckResult> {
    let mut found: Vec<&CheckResult> = report.results.iter().filter(|result| wanted(result)).collect();
    found.sort_by_key(|result| result.failure().map_or(u8::MAX, |failure| depth(failure.blame)));
    found
}

/// Groups by blame, the deepest first. It says where to look first; which failure caused which was not measured.
pub(super) fn by_blame<'a>(results: &[&'a CheckResult]) -> Vec<(Option<Component>, Vec<&'a CheckResult>)> {
    let mut groups: Vec<(Option<Component>, Vec<&CheckResult>)> = Vec::new();
    for result in results {
        let blame = result.failure().map(|failure| failure.blame);
        match groups.iter_mut().find(|(of, _)| *of == blame) {
            Some((_, group)) => group.push(result),
            None => groups.push((blame, vec![result])),
        }
    }
    groups.sort_by_key(|(blame, _)| blame.map_or(u8::MAX, depth));
    groups
}

/// The suite's own machine under everything, then what a process reads at its start, what it connects to, what stands
/// in front of it, itself, and last what is built on it.
fn depth(blame: Component) -> u8 {
    match blame {
        Component::Runner => 0,
        Component::Configuration => 1,
        Component::Redis => 2,
        Component::Database => 3,
        Component::Certificate => 4,
        Component::Keys => 5,
        Component::Balancer => 6,
        Component::LivekitServer => 7,
        Component::Turn => 8,
        Component::Sip => 9,
        Component::Webhooks => 10,
        Component::Application => 11,
    }
}

#[cfg(test)]
mod tests {
    use super::by_blame;
    use crate::Component::{self, *};
    use crate::seal::tests::result;
    use crate::{CheckResult, Outcome};

    #[test]
    fn redis_is_looked_at_before_the_server_that_needs_it() {
        let failed: Vec<CheckResult> = [Webhooks, LivekitServer, Redis, LivekitServer]
            .into_iter()
            .enumerate()
            .map(|(index, blame)| {
                let mut failed = result(&format!("a.c{index}"), Outcome::Failed);
                failed.attempts[0].failure.as_mut().expect("a failure").blame = blame;
                failed
            })
            .collect();
        let groups: Vec<(Option<Component>, usize)> =
            by_blame(&failed.iter().collect::<Vec<_>>()).into_iter().map(|(of, group)| (of, group.len())).collect();
        assert_eq!(groups, [(Some(Redis), 1), (Some(LivekitServer), 2), (Some(Webhooks), 1)]);
    }
}
