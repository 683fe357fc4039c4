//! Executes one check: lane, timeout, panics, Ctrl-C, retries, cleaning up.

use crate::check::{Capability, Check};
use crate::ctx::Ctx;
use crate::init::Interrupt;
use crate::lanes::Lanes;
use crate::log::CheckLog;
use crate::recording::Recording;
use crate::target::{Target, TargetKind};
use crate::verdict::{Halt, PassBuilder, Verdict};
use anyhow::Context as _;
use greenlight_clients::Rooms;
use greenlight_config::{ExpectedSkips, Waiver};
use greenlight_reports::{AppliedWaiver, Attempt, Component, Identity, Limit, Outcome, Restart};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tokio::time::timeout;

/// A target that can't delete a room in this time keeps it, and the report says so.
const CLEANUP_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(5);
/// A node that is busy says that it can't: so often it is tried.
const REMOVALS_MAX: usize = 3;
const REMOVED_AGAIN_AFTER: std::time::Duration = std::time::Duration::from_millis(200);
/// Two starts of a staging.
const HEALING_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(120);

/// What every check of a run shares.
pub(crate) struct Executor {
    pub(crate) target: Arc<Target>,
    pub(crate) run_id: Arc<str>,
    pub(crate) interrupt: Interrupt,
    pub(crate) lanes: Lanes,
    pub(crate) expected_skips: ExpectedSkips,
    pub(crate) waivers: Vec<Waiver>,
    /// Every failed assertion counts as a pass: what a run finds then, it finds without looking.
    pub(crate) blind: bool,
    pub(crate) recording: Option<Arc<Recording>>,
    pub(crate) leftovers: Mutex<Vec<String>>,
    /// Who answers now, drills considered.
    pub(crate) identity: Mutex<Identity>,
    pub(crate) restarts: Mutex<Vec<Restart>>,
}

impl Executor {
    /// One attempt, or `None` when the run was interrupted before or while it ran.
    pub(crate) async fn attempt(&self, check: &'static Check) -> Option<Attempt> {
        let _turn = tokio::select! {
            turn = self.lanes.enter(check) => turn,
            () = self.interrupt.wait() => return None,
        };
        if self.interrupt.is_set() {
            return None;
        }
        let started = OffsetDateTime::now_utc();
        let clock = Instant::now();
        let log = CheckLog::new();
        let verdict = match self.why_not(check) {
            Some(reason) => Err(Halt::Skipped(reason)),
            None => self.run(check, &log).await?,
        };
        // What was answered to a request that nobody has recorded says nothing, whatever it was.
        let objection = self.recording.as_ref().and_then(|recording| recording.objection(check));
        let verdict = match objection {
            Some(reason) => Err(Halt::Skipped(reason)),
            None => verdict,
        };
        let verdict = if self.target.kind == TargetKind::Url { denied_is_unseen(verdict) } else { verdict };
        // A waiver speaks about what a check has found out, and not about a check that was not made at all.
        let is_own = matches!(verdict, Err(Halt::Failed { .. }));
        let announced = missing(check, &self.target).is_some_and(|it| self.target.withheld.contains_key(&it));
        // Only a staging is known to have everything.
        let is_free = announced || self.target.kind != TargetKind::Containers;
        let verdict = if is_free { verdict } else { self.without_unexpected_skip(check, verdict) };
        let verdict = if self.blind { blinded(verdict) } else { verdict };
        let attempt = attempt(check, verdict, started, clock, &log);
        Some(if is_own { self.waived(attempt, check) } else { attempt })
    }

    /// A failure that the configuration accepts for these versions and today is a warning, and says so.
    fn waived(&self, mut attempt: Attempt, check: &Check) -> Attempt {
        let versions: Vec<_> = self.target.identity.nodes.iter().map(|node| node.version.as_str()).collect();
        let today = OffsetDateTime::now_utc().date();
        let today = (u16::try_from(today.year()).unwrap_or(u16::MAX), u8::from(today.month()), today.day());
        let known = |waiver: &&Waiver| {
            let failure = attempt.failure.as_ref();
            waiver.applies(check.id, &versions, today) && failure.is_some_and(|failure| failure.what == waiver.what)
        };
        if let (Outcome::Failed, Some(waiver)) = (attempt.outcome, self.waivers.iter().find(known)) {
            attempt.outcome = Outcome::Warned;
            attempt.waiver = Some(AppliedWaiver {
                reason: waiver.reason.clone(),
                owner: waiver.owner.clone(),
                link: waiver.link.clone(),
                until: waiver.to_string(),
            });
        }
        attempt
    }

    /// After a drill: everything runs again, and who answers now is known.
    ///
    /// # Errors
    /// When the target is not what it was: nothing that is found on it from now on means anything.
    async fn heal(&self, check: &Check) -> anyhow::Result<()> {
        let Some(operator) = &self.target.operator else {
            return Ok(());
        };
        let ended = timeout(HEALING_TIMEOUT, operator.heal()).await.context("healing took too long")??;
        let now = self.target.read_identity().await?;
        let mut identity = self.identity.lock().unwrap_or_else(PoisonError::into_inner);
        let mut restarts = self.restarts.lock().unwrap_or_else(PoisonError::into_inner);
        for (before, after) in identity.nodes.iter_mut().zip(now.nodes) {
            // A node that the drill did not end has no business with a new id: then the subject has changed.
            if before.name == after.name && before.node_id != after.node_id && ended.contains(&after.name) {
                restarts.push(Restart {
                    check: check.id.into(),
                    node: after.name,
                    from: std::mem::replace(&mut before.node_id, after.node_id.clone()),
                    to: after.node_id,
                });
            }
        }
        Ok(())
    }

    /// The check's function as a task of its own, so that a panic or a hang in it stays its own affair.
    async fn run(&self, check: &'static Check, log: &CheckLog) -> Option<Verdict> {
        let target = match &self.recording {
            Some(recording) => Arc::new(recording.tapped(&self.target, check)),
            None => self.target.clone(),
        };
        let ctx = Ctx::new(target, self.run_id.clone(), check.id);
        let names = ctx.names();
        let mut task = tokio::spawn(log.collect(async move { (check.run)(&ctx).await }));
        let mut verdict = tokio::select! {
            joined = timeout(check.timeout, &mut task) => Some(match joined {
                Ok(Ok(verdict)) => verdict,
                Ok(Err(panic)) => Err(Halt::Errored(panic_text(panic))),
                Err(_) => Err(Halt::Errored(format!("did not end within its {} s", check.timeout.as_secs_f64()))),
            }),
            () = self.interrupt.wait() => None,
        };
        // An aborted task ends at its next await; until then it can still make names.
        task.abort();
        if !task.is_finished() {
            let _ = timeout(CLEANUP_TIMEOUT, &mut task).await;
        }
        let names = std::mem::take(&mut *names.lock().unwrap_or_else(PoisonError::into_inner));
        if check.needs.contains(&Capability::Drill)
            && let Err(error) = self.heal(check).await
        {
            let problem = format!("the target is not as it was before {}: {error:#}", check.id);
            verdict = verdict.map(|_| Err(Halt::Errored(problem.clone())));
            self.leftovers.lock().unwrap_or_else(PoisonError::into_inner).push(problem);
        }
        self.clean(&names).await;
        verdict
    }

    async fn clean(&self, names: &[String]) {
        let rooms = Rooms::new(self.target.entry.clone(), self.target.key.clone());
        let mut left: Vec<&String> = names.iter().collect();
        let cleaning = async {
            let mut again = tokio::time::interval(REMOVED_AGAIN_AFTER);
            for _ in 0..REMOVALS_MAX {
                again.tick().await;
                let mut still = Vec::new();
                for name in &left {
                    if !rooms.remove(name).await {
                        still.push(*name);
                    }
                }
                left = still;
                if left.is_empty() {
                    break;
                }
            }
        };
        let _in_time = timeout(CLEANUP_TIMEOUT, cleaning).await;
        self.leftovers.lock().unwrap_or_else(PoisonError::into_inner).extend(left.into_iter().cloned());
    }

    /// Why a check is not made at all.
    fn why_not(&self, check: &Check) -> Option<String> {
        let missing = missing(check, &self.target).map(|capability| self.why_missing(capability));
        missing.or_else(|| self.recording.as_ref()?.leaves_out(check).cloned())
    }

    fn why_missing(&self, capability: Capability) -> String {
        match self.target.withheld.get(&capability) {
            Some(setting) => format!("the target does not offer {capability}: {setting}"),
            None => format!("the target does not offer {capability}"),
        }
    }

    /// The shipped staging has everything, so a skip that nobody announced is a fault of the staging or of the check.
    fn without_unexpected_skip(&self, check: &Check, verdict: Verdict) -> Verdict {
        match verdict {
            Err(Halt::Skipped(reason)) if !self.expected_skips.allows(check.id) => Err(Halt::Failed {
                what: "this check must not be skipped on this target".into(),
                found: format!("skipped: {reason}"),
                expected: "a result".into(),
                fix: "give the target what is missing, or name the id with its reason in config/expected_skips.txt"
                    .into(),
                blame: Some(Component::Runner),
                at: format!("{}:{}", check.source.file, check.source.line),
            }),
            other => other,
        }
    }
}

/// What a check needs and does not find; before what a setting withholds whatever nobody announced.
fn missing(check: &Check, target: &Target) -> Option<Capability> {
    let lacking = check.needs.iter().copied().filter(|capability| !target.offers(*capability));
    lacking.min_by_key(|capability| target.withheld.contains_key(capability))
}

/// A managed Redis keeps commands to itself (`CONFIG`, `SLOWLOG`, `PUBSUB`): what it denies can't be seen, and nothing is
/// wrong with it. The words are Redis' own, for a missing permission and for a command under another name.
fn denied_is_unseen(verdict: Verdict) -> Verdict {
    match verdict {
        Err(Halt::Errored(reason)) if reason.contains("NoPerm: ") || reason.contains("ERR unknown command") => {
            Err(Halt::Skipped(format!("its Redis denies what this check asks: {reason}")))
        }
        other => other,
    }
}

/// As if the assertions of the check were not there.
fn blinded(verdict: Verdict) -> Verdict {
    match verdict {
        Err(Halt::Failed { .. }) => PassBuilder::new().counted("assertions_ignored", 1, Limit::AtLeast(1.0)),
        other => other,
    }
}

fn panic_text(error: tokio::task::JoinError) -> String {
    match error.try_into_panic() {
        Ok(payload) => {
            let text = payload.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| payload.downcast_ref::<&str>().copied());
            format!("the check panicked: {}", text.unwrap_or("without a message"))
        }
        Err(error) => format!("the check was cancelled: {error}"),
    }
}

fn attempt(check: &Check, verdict: Verdict, started: OffsetDateTime, clock: Instant, log: &CheckLog) -> Attempt {
    let (outcome, measured, failure, reason) = match verdict {
        Ok(pass) => match pass.into_parts() {
            (measured, None) => (Outcome::Passed, measured, None, None),
            (measured, Some(concern)) => (Outcome::Warned, measured, concern.failure(check.blame), None),
        },
        Err(Halt::Errored(reason)) => (Outcome::Errored, vec![], None, Some(reason)),
        Err(Halt::Skipped(reason)) => (Outcome::Skipped, vec![], None, Some(reason)),
        Err(failed) => (Outcome::Failed, vec![], failed.failure(check.blame), None),
    };
    Attempt {
        started: timestamp(started),
        duration_ms: u64::try_from(clock.elapsed().as_millis()).unwrap_or(u64::MAX),
        outcome,
        measured,
        failure,
        reason,
        waiver: None,
        log: log.text(),
    }
}

/// RFC 3339 in UTC with milliseconds.
pub(crate) fn timestamp(moment: OffsetDateTime) -> String {
    let millisecond = moment.replace_millisecond(moment.millisecond()).unwrap_or(moment);
    millisecond.format(&Rfc3339).unwrap_or_default()
}

#[cfg(test)]
pub(crate) mod tests;
