//! Sealing a report, and refusing whatever is not sealed.

use crate::model::{CheckResult, Counts, FORMAT, Header, Outcome, Plan, Report, Seal, Subject};
use crate::redact::Redactor;
use crate::writer::canonical_json;
use crate::{merge, printable};
use sha2::{Digest, Sha256};
use std::collections::HashSet;

/// Why bytes are not a report that anybody may act on.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum Unsealed {
    /// Not JSON, cut off, or with fields that this version does not know.
    #[error("not a whole report: {0}")]
    Malformed(String),
    /// Another version of the format.
    #[error("format {found} is not {FORMAT}; read it with the version of greenlight that wrote it")]
    Format {
        /// The number in the report.
        found: u32,
    },
    /// Plan, results and counts contradict each other.
    #[error("the report contradicts itself: {0}")]
    Inconsistent(String),
    /// Content and seal differ.
    #[error("the seal does not fit the content: the report was changed after it was written")]
    Broken,
}

impl Plan {
    /// A plan over these ids.
    pub fn new(ids: Vec<String>) -> Self {
        let sha256 = plan_sha256(&ids);
        Self { ids, sha256 }
    }
}

impl Report {
    /// Assembles, cleans and seals a report. Results are put in the plan's order; a planned check without a result
    /// is taken for `NotRun` by the caller, never left out here.
    ///
    /// # Errors
    /// When the parts contradict each other, which is a bug of the caller.
    pub fn sealed(
        header: Header,
        subject: Subject,
        plan: Plan,
        mut results: Vec<CheckResult>,
        leftovers: Vec<String>,
        redactor: &Redactor,
    ) -> Result<Self, Unsealed> {
        let order = |id: &str| plan.ids.iter().position(|planned| planned == id);
        results.sort_by_key(|result| order(&result.id));
        let malformed = |error: serde_json::Error| Unsealed::Malformed(error.to_string());
        let header = redactor.scrub(&header).map_err(malformed)?;
        let subject = redactor.scrub(&subject).map_err(malformed)?;
        let leftovers = redactor.scrub(&leftovers).map_err(malformed)?;
        let verdict = merge(&results, &subject, &header);
        let started = results.iter().filter(|result| !result.attempts.is_empty()).count();
        let seal = Seal { planned: plan.ids.len(), started, ended: started, sha256: String::new() };
        let mut report = Self {
            format: FORMAT,
            header,
            subject,
            counts: Counts::of(&results),
            verdict,
            plan,
            results,
            leftovers,
            seal,
        };
        report.seal.sha256 = content_sha256(&report)?;
        report.check()?;
        Ok(report)
    }

    /// Everything that must be true of a report beside its hash.
    fn check(&self) -> Result<(), Unsealed> {
        let require = |holds: bool, what: &str| match holds {
            true => Ok(()),
            false => Err(Unsealed::Inconsistent(what.to_owned())),
        };
        let ids: Vec<&str> = self.results.iter().map(|result| result.id.as_str()).collect();
        require(self.plan.sha256 == plan_sha256(&self.plan.ids), "the plan's hash is not that of its ids")?;
        require(
            self.plan.ids.iter().collect::<HashSet<_>>().len() == self.plan.ids.len(),
            "an id stands twice in the plan",
        )?;
        require(ids == self.plan.ids, "the results are not exactly the planned checks")?;
        for result in &self.results {
            let last = result.attempts.last().map_or(Outcome::NotRun, |attempt| attempt.outcome);
            require(result.outcome == last, &format!("{} does not end as its last attempt did", result.id))?;
            require(
                result.outcome != Outcome::Skipped || result.attempts.len() == 1,
                &format!("{} was skipped after another attempt", result.id),
            )?;
            require(
                result.outcome != Outcome::Passed || result.failure().is_none(),
                &format!("{} passed and says why it failed", result.id),
            )?;
            require(
                result.attempts.iter().all(|attempt| attempt.waiver.is_none() || attempt.outcome == Outcome::Warned),
                &format!("{} has a waiver and is no warning", result.id),
            )?;
            require(
                result.attempts.iter().rev().skip(1).all(|attempt| attempt.outcome.is_red()),
                &format!("{} was tried again after it was not red", result.id),
            )?;
            let texts = |waiver: &crate::AppliedWaiver| {
                [&waiver.reason, &waiver.owner, &waiver.link, &waiver.until].iter().all(|text| !text.trim().is_empty())
            };
            require(
                result.attempts.iter().filter_map(|attempt| attempt.waiver.as_ref()).all(texts),
                &format!("{} has a waiver that does not say why", result.id),
            )?;
            require(
                result.outcome != Outcome::Warned || result.failure().is_some(),
                &format!("{} warns without saying of what", result.id),
            )?;
            let retried = result.attempts.iter().rev().skip(1).any(|attempt| attempt.outcome.is_red());
            let passed = matches!(result.outcome, Outcome::Passed | Outcome::Warned);
            require(result.flaky == (retried && passed), &format!("{} is wrongly marked flaky", result.id))?;
            require(
                result.outcome != Outcome::Failed || result.failure().is_some(),
                &format!("{} failed without saying why", result.id),
            )?;
        }
        for restart in &self.subject.restarts {
            let is_drill = |result: &&CheckResult| result.tags.iter().any(|tag| tag == "drill");
            let made =
                |result: &&CheckResult| result.id == restart.check && !result.attempts.is_empty() && is_drill(result);
            require(
                restart.from != restart.to && !restart.to.is_empty() && self.results.iter().any(|result| made(&result)),
                &format!("{} was started again by no drill of this run", restart.node),
            )?;
        }
        // The first is the entry point; every other one is a node, and must have said who it is.
        let known = |name: &String| self.subject.before.nodes.iter().any(|node| node.name == *name);
        require(
            self.subject.endpoints.iter().skip(1).all(|(name, _)| known(name)),
            "a node was addressed that has no identity",
        )?;
        let attempted = self.results.iter().filter(|result| !result.attempts.is_empty()).count();
        require(
            self.seal.planned == self.plan.ids.len() && self.seal.started == attempted && self.seal.ended == attempted,
            "the seal counts other checks than the report holds",
        )?;
        require(self.counts == Counts::of(&self.results), "the counts are not those of the results")?;
        require(
            self.verdict == merge(&self.results, &self.subject, &self.header),
            "the verdict is not what the results amount to",
        )
    }
}

/// Reads a report back. Only canonical JSON with an intact seal is accepted.
///
/// # Errors
/// [`Unsealed`] says what is wrong; there is no partial result.
pub fn open(bytes: &[u8]) -> Result<Report, Unsealed> {
    let text = std::str::from_utf8(bytes).map_err(|error| Unsealed::Malformed(error.to_string()))?;
    let report: Report = serde_json::from_str(text).map_err(|error| Unsealed::Malformed(error.to_string()))?;
    if report.format != FORMAT {
        return Err(Unsealed::Format { found: report.format });
    }
    if content_sha256(&report)? != report.seal.sha256 || text != canonical(&report)? + "\n" {
        return Err(Unsealed::Broken);
    }
    if text.chars().any(|c| c != '\n' && printable(c.encode_utf8(&mut [0; 4])) != c.to_string()) {
        return Err(Unsealed::Malformed("unprintable characters".into()));
    }
    report.check()?;
    Ok(report)
}

fn content_sha256(report: &Report) -> Result<String, Unsealed> {
    let mut unsealed = report.clone();
    unsealed.seal.sha256.clear();
    Ok(hex(&Sha256::digest(canonical(&unsealed)?)))
}

fn canonical(report: &Report) -> Result<String, Unsealed> {
    canonical_json(report).map_err(|error| Unsealed::Malformed(error.to_string()))
}

fn plan_sha256(ids: &[String]) -> String {
    let mut hasher = Sha256::new();
    for id in ids {
        hasher.update(id);
        hasher.update(b"\n");
    }
    hex(&hasher.finalize())
}

/// Bytes as hexadecimal digits in lower case.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::{Unsealed, open};
    use crate::*;
    use std::num::NonZeroU64;

    pub(crate) fn subject() -> Subject {
        let node = NodeIdentity {
            name: "livekit-a".into(),
            node_id: "ND_1".into(),
            version: "1.13.5".into(),
            config_sha256: Some("c0".repeat(32)),
        };
        let image = ImageIdentity {
            name: "greenlight/livekit-server:v1.13.5".into(),
            id: format!("sha256:{}", "1d".repeat(32)),
            digest: None,
            program_sha256: Some("b1".repeat(32)),
        };
        let identity = Identity { nodes: vec![node], images: vec![image], tls_pin: Some("91".repeat(32)) };
        let endpoints = vec![("entry".to_owned(), "wss://127.0.0.1:1".to_owned())];
        Subject { endpoints, before: identity.clone(), restarts: vec![], after: Some(identity) }
    }

    pub(crate) fn result(id: &str, outcome: Outcome) -> CheckResult {
        let red = matches!(outcome, Outcome::Failed | Outcome::Warned);
        let failure = red.then(|| Failure {
            what: "a token was refused".into(),
            found: "401".into(),
            expected: "200".into(),
            fix: "compare the keys".into(),
            blame: Component::Keys,
            at: "suites/src/a/b.rs:7".into(),
        });
        let measured = Measured {
            name: "tries".into(),
            value: 2.0,
            limit: Limit::AtLeast(2.0),
            n: NonZeroU64::new(2).expect("two"),
        };
        let attempt = Attempt {
            started: "2026-11-23T00:00:00.000Z".into(),
            duration_ms: 12,
            outcome,
            measured: vec![measured],
            failure,
            reason: matches!(outcome, Outcome::Skipped | Outcome::Errored).then(|| "no answer".into()),
            waiver: None,
            log: "GET / -> 200".into(),
        };
        CheckResult {
            id: id.into(),
            title: "a claim".into(),
            tags: vec!["smoke".into()],
            file: "suites/src/a/b.rs".into(),
            line: 7,
            outcome,
            flaky: false,
            simulated: vec![],
            attempts: if outcome == Outcome::NotRun { vec![] } else { vec![attempt] },
        }
    }

    pub(crate) fn passed(id: &str) -> CheckResult {
        result(id, Outcome::Passed)
    }

    pub(crate) fn report(results: Vec<CheckResult>) -> Report {
        let plan = Plan::new(results.iter().map(|result| result.id.clone()).collect());
        Report::sealed(header(), subject(), plan, results, vec![], &Redactor::default()).expect("a consistent report")
    }

    pub(crate) fn header() -> Header {
        Header {
            run_id: "k3f9".into(),
            seed: 7,
            started: "2026-11-23T00:00:00.000Z".into(),
            ended: "2026-11-23T00:00:41.000Z".into(),
            tool: Tool { name: "greenlight-verify".into(), version: "0.1.0".into(), profile: "dev".into() },
            target: TargetInfo { kind: "containers".into(), url: "wss://127.0.0.1:1".into(), planted: None },
            interrupted: false,
        }
    }

    #[test]
    fn a_sealed_report_is_read_back_unchanged() {
        let report = report(vec![passed("a.b"), result("a.c", Outcome::Failed), result("a.d", Outcome::NotRun)]);
        assert_eq!(open(&json(&report).expect("json")), Ok(report));
    }

    #[test]
    fn the_plan_hash_is_the_one_of_coreutils() {
        // printf 'a.b\na.c\n' | sha256sum
        assert_eq!(
            Plan::new(vec!["a.b".into(), "a.c".into()]).sha256,
            "ce79deb9e55e6950a91b0f7465d0fee41396c91fdc1a09907b5434b42b22cbdd"
        );
    }

    #[test]
    fn every_cut_is_refused() {
        let bytes = json(&report(vec![passed("a.b")])).expect("json");
        for end in 0..bytes.len() - 1 {
            assert!(open(&bytes[..end]).is_err(), "cut at {end}");
        }
    }

    #[test]
    fn every_flipped_bit_is_refused() {
        let bytes = json(&report(vec![passed("a.b")])).expect("json");
        for index in 0..bytes.len() - 1 {
            for bit in 0..8 {
                let mut flipped = bytes.clone();
                flipped[index] ^= 1 << bit;
                assert!(open(&flipped).is_err(), "byte {index}, bit {bit}");
            }
        }
    }

    type Lie = fn(&mut Report);

    /// Edits a good report and seals it again, as somebody would who knows the hash but not the rules.
    fn resealed(edit: impl FnOnce(&mut Report)) -> Result<Report, Unsealed> {
        let mut report = report(vec![passed("a.b"), result("a.c", Outcome::Failed)]);
        edit(&mut report);
        report.seal.sha256 = super::content_sha256(&report).expect("hash");
        open(&json(&report).expect("json"))
    }

    #[test]
    fn a_resealed_lie_is_refused() {
        assert!(resealed(|_| {}).is_ok(), "the control must open");
        let lies: Vec<(&str, Lie)> = vec![
            ("a red result left out", |r| drop(r.results.pop())),
            ("a red result left out of the plan too", |r| {
                r.results.pop();
                r.plan.ids.pop();
            }),
            ("a result twice", |r| r.results.push(r.results[0].clone())),
            ("an id twice in plan and results", |r| {
                let ids = vec!["a.b".to_owned(), "a.b".to_owned()];
                r.results[1] = r.results[0].clone();
                r.plan = Plan::new(ids);
                r.counts = Counts::of(&r.results);
                r.verdict = RunVerdict::Passed;
            }),
            ("red called green", |r| r.verdict = RunVerdict::Passed),
            ("red counted as green", |r| {
                r.counts.passed = 2;
                r.counts.failed = 0;
            }),
            ("an outcome its attempt did not have", |r| {
                r.results[1].outcome = Outcome::Passed;
                r.counts = Counts::of(&r.results);
                r.verdict = RunVerdict::Passed;
            }),
            ("an outcome without an attempt", |r| r.results[0].attempts.clear()),
            ("a skip after a red attempt", |r| {
                let mut skipped = result("a.c", Outcome::Skipped).attempts.remove(0);
                skipped.measured.clear();
                r.results[1].attempts.push(skipped);
                r.results[1].outcome = Outcome::Skipped;
                r.counts = Counts::of(&r.results);
                r.verdict = RunVerdict::Passed;
            }),
            ("a pass that says why it failed", |r| {
                r.results[0].attempts[0].failure = r.results[1].attempts[0].failure.clone();
            }),
            ("a planted fault that nobody saw", |r| {
                r.results[1] = passed("a.c");
                r.header.target.planted = Some("redis_stopped".into());
                r.counts = Counts::of(&r.results);
                r.verdict = RunVerdict::Passed;
            }),
            ("a failure without a reason", |r| r.results[1].attempts[0].failure = None),
            ("a seal over fewer checks", |r| r.seal.ended = 1),
            ("another format", |r| r.format = 2),
        ];
        for (name, lie) in lies {
            assert!(resealed(lie).is_err(), "{name}");
        }
    }

    #[test]
    fn a_second_copy_of_a_field_is_refused() {
        let text = String::from_utf8(json(&report(vec![passed("a.b")])).expect("json")).expect("text");
        let doubled = text.replacen("\"verdict\":\"passed\"", "\"verdict\":\"passed\",\"verdict\":\"passed\"", 1);
        assert_ne!(text, doubled);
        assert!(matches!(open(doubled.as_bytes()), Err(Unsealed::Malformed(_))));
    }

    #[test]
    fn a_line_more_is_refused() {
        let mut bytes = json(&report(vec![passed("a.b")])).expect("json");
        bytes.push(b'\n');
        assert_eq!(open(&bytes), Err(Unsealed::Broken));
    }

    proptest::proptest! {
        /// A number that is parsed to its neighbour breaks the seal of a genuine report.
        #[test]
        fn any_measured_number_survives_the_round_trip(value in 0.0..1e12_f64, nanos in 0_u64..10_000_000_000) {
            let mut measured = passed("a.b");
            measured.attempts[0].measured[0].value = value;
            let mut second = measured.attempts[0].measured[0].clone();
            second.value = std::time::Duration::from_nanos(nanos).as_secs_f64() * 1e3;
            measured.attempts[0].measured.push(second);
            let report = report(vec![measured]);
            proptest::prop_assert_eq!(open(&json(&report).expect("json")), Ok(report));
        }
    }

    #[test]
    fn one_report_behind_another_is_refused() {
        let bytes = json(&report(vec![passed("a.b")])).expect("json");
        assert!(open(&[bytes.clone(), bytes].concat()).is_err());
    }

    #[test]
    fn each_rule_of_a_report_is_kept_by_itself() {
        let lies: Vec<(&str, Lie, &str)> = vec![
            ("another plan hash", |r| r.plan.sha256 = "00".into(), "the plan's hash is not that of its ids"),
            ("a foreign result", |r| r.results[1].id = "a.z".into(), "the results are not exactly the planned checks"),
            (
                "a pass called skipped",
                |r| {
                    r.results[0].outcome = Outcome::Skipped;
                    r.counts = Counts::of(&r.results);
                },
                "a.b does not end as its last attempt did",
            ),
            (
                "flaky at the first attempt",
                |r| {
                    r.results[0].flaky = true;
                    r.counts = Counts::of(&r.results);
                },
                "a.b is wrongly marked flaky",
            ),
            ("fewer planned", |r| r.seal.planned = 1, "the seal counts other checks than the report holds"),
            ("fewer started", |r| r.seal.started = 1, "the seal counts other checks than the report holds"),
        ];
        for (name, lie, why) in lies {
            assert_eq!(resealed(lie).map(drop), Err(Unsealed::Inconsistent(why.into())), "{name}");
        }
        let unprintable: Lie = |r| r.results[0].title = "next\u{85}line".into();
        assert_eq!(resealed(unprintable).map(drop), Err(Unsealed::Malformed("unprintable characters".into())));
    }

    #[test]
    fn results_are_sealed_in_the_order_of_the_plan_and_never_short_of_it() {
        let plan = Plan::new(vec!["a.c".into(), "a.b".into()]);
        let seal = |results| Report::sealed(header(), subject(), plan.clone(), results, vec![], &Redactor::default());
        let sealed = seal(vec![passed("a.b"), passed("a.c")]).expect("sealed");
        assert_eq!(sealed.results.iter().map(|result| result.id.as_str()).collect::<Vec<_>>(), ["a.c", "a.b"]);
        assert!(seal(vec![passed("a.b")]).is_err());
    }

    #[test]
    fn header_subject_and_leftovers_hold_no_secret() {
        let redactor = Redactor::new([("key", "hush-hush")]);
        let mut header = header();
        header.target.url = "wss://hush-hush@h".into();
        let mut subject = subject();
        subject.before.nodes[0].name = "hush-hush".into();
        subject.after = Some(subject.before.clone());
        let plan = Plan::new(vec!["a.b".into()]);
        let left = vec!["room-hush-hush".into()];
        let sealed = Report::sealed(header, subject, plan, vec![passed("a.b")], left, &redactor).expect("sealed");
        assert_eq!(sealed.header.target.url, "wss://[key]@h");
        assert_eq!(sealed.subject.before.nodes[0].name, "[key]");
        assert_eq!(sealed.leftovers, ["room-[key]"]);
    }
}
