//! What every driver has: the gate, the operator's checks, and his command lines.

use super::lock::Lock;
use super::phase::Colour;
use super::steps::run_all;
use crate::failure::Failure;
use crate::gate::{Asked, ask};
use crate::process::run;
use crate::rollback::rehearsed;
use greenlight_config::{Deployment, Environment, Step};
use greenlight_reports::gate::Artefact;
use std::path::Path;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// How often a colour is looked at while both run.
const WATCH_EVERY: Duration = Duration::from_secs(5);

/// One deploy's environment, evidence and bounds.
pub(crate) struct Hands<'a> {
    /// The whole configuration.
    pub(crate) deployment: &'a Deployment,
    /// Name of the environment.
    pub(crate) name: &'a str,
    /// The environment.
    pub(crate) environment: &'a Environment,
    /// Another report than the one that the environment names.
    pub(crate) report: Option<&'a Path>,
    /// Id of the deploy.
    pub(crate) deploy: String,
    /// Held as long as the deploy goes on.
    pub(crate) lock: &'a Lock,
    /// Ctrl-C.
    pub(crate) interrupt: CancellationToken,
}

/// What the gate lets through, as lines of `identify`. Those of the build it must print; of the others, whatever it prints.
pub(crate) fn expected(artefact: &Artefact) -> Vec<String> {
    let line = |(name, value): (&str, &Option<String>)| value.as_ref().map(|value| format!("{name} {value}"));
    [
        ("image_id", &artefact.image_id),
        ("image_digest", &artefact.image_digest),
        ("program_sha256", &artefact.program_sha256),
        ("version", &artefact.version),
        ("config_sha256", &artefact.config_sha256),
    ]
    .into_iter()
    .filter_map(line)
    .collect()
}

/// By what a line is told where a colour is. LIVEKIT_URL is what `lk` and `greenlight-verify` read, so that they test the
/// colour and not whatever the operator's shell points at. Of the other colour it is told while that one has the traffic:
/// one that is not there yet, or from which traffic was taken back, is nothing to hold this one against.
pub(crate) fn urls_of(url: String, other: String, active: bool) -> Vec<(&'static str, String)> {
    let mut told = vec![("GREENLIGHT_URL", url.clone()), ("LIVEKIT_URL", url)];
    if active {
        told.push(("GREENLIGHT_OTHER_URL", other));
    }
    told
}

/// With `rollback.rehearsal_age_max_s`: which point was rehearsed in that time and came through. Without it nothing is asked.
///
/// # Errors
/// [`Failure`] of refused evidence: none was.
pub(crate) fn rehearsed_if_wanted(
    deployment: &Deployment,
    name: &str,
    environment: &Environment,
) -> Result<Option<String>, Failure> {
    let wanted = environment.rollback.as_ref().and_then(|spec| spec.rehearsal_age_max_s);
    wanted.map(|age_max_s| rehearsed(deployment, name, environment, age_max_s)).transpose()
}

impl Hands<'_> {
    fn told(&self, colour: Option<Colour>, more: &[(&str, String)]) -> Vec<(String, String)> {
        let mut told =
            vec![("GREENLIGHT_ENVIRONMENT", self.name.to_owned()), ("GREENLIGHT_DEPLOY", self.deploy.clone())];
        if let Some(colour) = colour {
            told.push(("GREENLIGHT_COLOUR", colour.word().to_owned()));
            told.push(("GREENLIGHT_OTHER_COLOUR", colour.other().word().to_owned()));
        }
        told.extend(more.iter().cloned());
        told.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    /// Runs one line of the operator's and returns what it printed.
    ///
    /// # Errors
    /// When it is red, or interrupted.
    pub(crate) async fn line(
        &self,
        step: &Step,
        colour: Option<Colour>,
        more: &[(&str, String)],
    ) -> Result<String, Failure> {
        Ok(run(step, &self.told(colour, more), self.lock.for_step()?, &self.interrupt).await?)
    }

    /// The operator's checks before anything moves.
    ///
    /// # Errors
    /// Every one that is red.
    pub(crate) async fn before(&self) -> Result<(), Failure> {
        self.checks(&self.environment.checks.before, None).await
    }

    async fn checks(&self, steps: &[Step], colour: Option<Colour>) -> Result<(), Failure> {
        run_all(steps, |step| {
            let (told, held, interrupt) = (self.told(colour, &[]), self.lock.for_step(), self.interrupt.clone());
            async move { run(&step, &told, held?, &interrupt).await.map(drop).map_err(Failure::from) }
        })
        .await
    }

    /// Watches a colour for the environment's time, then runs the operator's checks after.
    ///
    /// # Errors
    /// The first that is red.
    pub(crate) async fn soak(&self, watch: &Step, colour: Colour, more: &[(&str, String)]) -> Result<(), Failure> {
        let until = Instant::now() + Duration::from_secs(self.environment.soak_s);
        let mut ticks = tokio::time::interval(WATCH_EVERY);
        loop {
            tokio::select! {
                _ = ticks.tick() => {}
                () = self.interrupt.cancelled() => return Err(Failure::interrupted("interrupted while watching")),
            }
            self.line(watch, Some(colour), more).await?;
            if Instant::now() >= until {
                return self.checks(&self.environment.checks.after, Some(colour)).await;
            }
        }
    }

    /// Asks the gate and returns what it lets through.
    ///
    /// # Errors
    /// Every reason for which it is closed, with the gravest one's status.
    pub(crate) async fn gate(&self) -> Result<Vec<String>, Failure> {
        let Asked { decision, artefact } = ask(self.deployment, self.environment, self.report).await?;
        if !decision.is_open() {
            let reasons: Vec<String> = decision.refusals.iter().map(ToString::to_string).collect();
            return Err(Failure::new(decision.exit(), format!("the gate is closed: {}", reasons.join("; "))));
        }
        rehearsed_if_wanted(self.deployment, self.name, self.environment)?;
        Ok(expected(&artefact))
    }
}
