//! The one function that turns outcomes into the result of a run.

use crate::{CheckResult, Counts, Header, Outcome, RunVerdict, Subject, TargetInfo};

/// Merges outcomes. Nothing in here can turn an unknown into a pass.
///
/// A run that did not end is incomplete whatever else it found; a false claim outweighs an unknown one;
/// a subject that changed or vanished during the run leaves nothing to speak about; and a run in which nothing
/// passed proves nothing, even if nothing failed. A run under a planted fault is never a pass: either the fault was
/// seen, or it shows that these checks do not see it.
pub fn merge(results: &[CheckResult], subject: &Subject, header: &Header) -> RunVerdict {
    let counts = Counts::of(results);
    if header.interrupted || counts.not_run > 0 {
        RunVerdict::Incomplete
    } else if counts.failed > 0 {
        RunVerdict::Failed
    } else if counts.errored > 0 || !results.iter().all(is_backed) {
        RunVerdict::Inconclusive
    } else if counts.passed == 0 {
        RunVerdict::Incomplete
    } else if nobody_answered(subject, header) || !subject.is_unchanged() || header.target.planted.is_some() {
        RunVerdict::Inconclusive
    } else {
        RunVerdict::Passed
    }
}

/// A deployment of which no process answered was not tested. Files have none.
fn nobody_answered(subject: &Subject, header: &Header) -> bool {
    subject.before.nodes.is_empty() && header.target.kind != TargetInfo::FILES
}

/// A pass must rest on a measured value that is within its limit; a failure that a waiver accepts, on that failure.
pub(crate) fn is_backed(result: &CheckResult) -> bool {
    if !matches!(result.outcome, Outcome::Passed | Outcome::Warned) {
        return true;
    }
    let Some(last) = result.attempts.last() else {
        return false;
    };
    if last.waiver.is_some() {
        return result.outcome == Outcome::Warned && last.failure.is_some();
    }
    !last.measured.is_empty() && last.measured.iter().all(|measured| measured.limit.holds(measured.value))
}

#[cfg(test)]
mod tests {
    use super::merge;
    use crate::seal::tests::{header, passed, result, subject};
    use crate::{Header, Outcome, RunVerdict, Subject};

    /// A deployment of which nobody answered was not tested; files do not answer.
    #[test]
    fn only_files_have_no_process() {
        let nobody = Subject { before: none(), after: Some(none()), ..subject() };
        let of = |kind: &str| {
            let mut header = header();
            header.target.kind = kind.to_owned();
            merge(&[passed("files.livekit_yaml")], &nobody, &header)
        };
        assert_eq!(of("files"), RunVerdict::Passed);
        for kind in ["url", "containers", "emulator", ""] {
            assert_eq!(of(kind), RunVerdict::Inconclusive, "{kind}");
        }
    }

    fn none() -> crate::Identity {
        crate::Identity { nodes: vec![], images: vec![], tls_pin: None }
    }

    #[test]
    fn outcomes_merge_as_documented() {
        use Outcome::*;
        let cases: &[(&[Outcome], RunVerdict)] = &[
            (&[], RunVerdict::Incomplete),
            (&[Skipped], RunVerdict::Incomplete),
            (&[Warned], RunVerdict::Incomplete),
            (&[Passed], RunVerdict::Passed),
            (&[Passed, Skipped], RunVerdict::Passed),
            (&[Passed, Warned], RunVerdict::Passed),
            (&[Passed, Errored], RunVerdict::Inconclusive),
            (&[Passed, Failed], RunVerdict::Failed),
            (&[Failed, Errored], RunVerdict::Failed),
            (&[Passed, NotRun], RunVerdict::Incomplete),
            (&[Failed, NotRun], RunVerdict::Incomplete),
        ];
        for (outcomes, expected) in cases {
            let results: Vec<_> = outcomes.iter().map(|outcome| result("a.b", *outcome)).collect();
            assert_eq!(merge(&results, &subject(), &header()), *expected, "{outcomes:?}");
        }
    }

    #[test]
    fn a_changed_or_vanished_subject_is_never_a_pass() {
        let mut changed = subject();
        if let Some(after) = &mut changed.after {
            after.nodes[0].node_id = "ND_restarted".into();
        }
        let vanished = Subject { after: None, ..subject() };
        let mut unknown = subject();
        unknown.before.nodes.clear();
        unknown.after = Some(unknown.before.clone());
        for subject in [changed, vanished, unknown] {
            assert_eq!(merge(&[passed("a.b")], &subject, &header()), RunVerdict::Inconclusive);
        }
    }

    #[test]
    fn an_interrupted_run_is_never_a_pass() {
        let interrupted = Header { interrupted: true, ..header() };
        assert_eq!(merge(&[passed("a.b")], &subject(), &interrupted), RunVerdict::Incomplete);
    }

    #[test]
    fn a_run_under_a_planted_fault_is_never_a_pass() {
        let mut planted = header();
        planted.target.planted = Some("redis_stopped".into());
        assert_eq!(merge(&[passed("a.b")], &subject(), &planted), RunVerdict::Inconclusive);
    }

    #[test]
    fn a_pass_without_a_value_within_its_limit_is_never_a_pass() {
        let mut unmeasured = passed("a.b");
        unmeasured.attempts[0].measured.clear();
        let mut over = passed("a.b");
        over.attempts[0].measured[0].value = 0.0;
        let mut nan = passed("a.b");
        nan.attempts[0].measured[0].value = f64::NAN;
        for result in [unmeasured, over, nan] {
            assert_eq!(merge(&[result], &subject(), &header()), RunVerdict::Inconclusive);
        }
    }

    #[test]
    fn one_value_outside_its_limit_among_good_ones_is_never_a_pass() {
        let mut mixed = passed("a.b");
        let mut over = mixed.attempts[0].measured[0].clone();
        over.value = 0.0;
        mixed.attempts[0].measured.push(over);
        assert_eq!(merge(&[mixed], &subject(), &header()), RunVerdict::Inconclusive);
        let mut warned = result("a.c", Outcome::Warned);
        warned.attempts[0].measured.clear();
        assert_eq!(merge(&[passed("a.b"), warned], &subject(), &header()), RunVerdict::Inconclusive);
        let errored = result("a.b", Outcome::Errored);
        assert_eq!(merge(&[errored], &subject(), &header()), RunVerdict::Inconclusive);
    }

    /// A drill ends processes on purpose: what answers afterwards is the same only if the drill says so.
    #[test]
    fn restarts_that_a_drill_has_caused_do_not_spoil_the_subject() {
        use crate::Restart;
        let mut restarted = subject();
        let (node, from) = (restarted.before.nodes[0].name.clone(), restarted.before.nodes[0].node_id.clone());
        if let Some(after) = &mut restarted.after {
            after.nodes[0].node_id = "ND_again".into();
        }
        let check = || "infrastructure.drill_node_killed".to_owned();
        let good = Restart { check: check(), node: node.clone(), from: from.clone(), to: "ND_again".into() };
        let told = |restarts| Subject { restarts, ..restarted.clone() };
        let verdict = |subject: &Subject| merge(&[passed("a.b")], subject, &header());
        assert_eq!(verdict(&told(vec![good.clone()])), RunVerdict::Passed);
        assert_eq!(verdict(&told(vec![])), RunVerdict::Inconclusive);
        for wrong in [
            Restart { to: "ND_other".into(), ..good.clone() },
            Restart { from: "ND_other".into(), ..good.clone() },
            Restart { node: "livekit-z".into(), ..good.clone() },
        ] {
            assert_eq!(verdict(&told(vec![wrong])), RunVerdict::Inconclusive);
        }
        let mut upgraded = told(vec![good]);
        if let Some(after) = &mut upgraded.after {
            after.nodes[0].version = "9.9.9".into();
        }
        assert_eq!(verdict(&upgraded), RunVerdict::Inconclusive, "another version is another subject");
    }

    #[test]
    fn a_waived_failure_is_a_warning_that_proves_nothing_by_itself() {
        let waiver = crate::AppliedWaiver {
            reason: "known".into(),
            owner: "us".into(),
            link: "livekit#4756".into(),
            until: "livekit-server <1.13.6".into(),
        };
        let mut waived = result("a.c", Outcome::Warned);
        waived.attempts[0].measured.clear();
        waived.attempts[0].waiver = Some(waiver.clone());
        assert_eq!(merge(&[passed("a.b"), waived.clone()], &subject(), &header()), RunVerdict::Passed);
        assert_eq!(merge(std::slice::from_ref(&waived), &subject(), &header()), RunVerdict::Incomplete);
        // A pass can't hide behind a waiver.
        let mut passed_with = passed("a.d");
        passed_with.attempts[0].waiver = Some(waiver);
        assert_eq!(merge(&[passed_with], &subject(), &header()), RunVerdict::Inconclusive);
        waived.attempts[0].failure = None;
        assert_eq!(merge(&[passed("a.b"), waived], &subject(), &header()), RunVerdict::Inconclusive);
    }
}
