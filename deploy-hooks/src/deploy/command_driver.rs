//! The driver whose hands are the operator's own command lines.

use super::driver::Driver;
use super::lock::Lock;
use super::phase::Colour;
use super::steps::run_all;
use crate::failure::Failure;
use crate::gate::{ask, policy};
use crate::process::run;
use greenlight_config::{Deployment, Environment, Lines, Step};
use greenlight_reports::gate::Artefact;
use std::path::Path;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// How often a colour is looked at while both run.
const WATCH_EVERY: Duration = Duration::from_secs(5);

/// One deploy's hands.
pub(crate) struct CommandDriver<'a> {
    /// The whole configuration.
    pub deployment: &'a Deployment,
    /// Name of the environment.
    pub name: &'a str,
    /// The environment.
    pub environment: &'a Environment,
    /// Its command lines.
    pub lines: &'a Lines,
    /// Another report than the one that the environment names.
    pub report: Option<&'a Path>,
    /// Id of the deploy.
    pub deploy: String,
    /// Held as long as the deploy goes on.
    pub lock: &'a Lock,
    /// Ctrl-C.
    pub interrupt: CancellationToken,
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

impl CommandDriver<'_> {
    async fn line(&self, step: &Step, colour: Option<Colour>) -> Result<String, Failure> {
        let mut environment = vec![
            ("GREENLIGHT_ENVIRONMENT".to_owned(), self.name.to_owned()),
            ("GREENLIGHT_DEPLOY".to_owned(), self.deploy.clone()),
        ];
        if let Some(colour) = colour {
            environment.push(("GREENLIGHT_COLOUR".to_owned(), colour.word().to_owned()));
            environment.push(("GREENLIGHT_OTHER_COLOUR".to_owned(), colour.other().word().to_owned()));
        }
        Ok(run(step, &environment, self.lock.for_step()?, &self.interrupt).await?)
    }

    async fn do_it(&self, step: &Step, colour: Colour) -> Result<(), Failure> {
        self.line(step, Some(colour)).await.map(drop)
    }

    /// The operator's checks. Each gets what it needs as values of its own, since they run side by side.
    async fn checks(&self, steps: &[Step], colour: Option<Colour>) -> Result<(), Failure> {
        run_all(steps, |step| {
            let mut environment = vec![
                ("GREENLIGHT_ENVIRONMENT".to_owned(), self.name.to_owned()),
                ("GREENLIGHT_DEPLOY".to_owned(), self.deploy.clone()),
            ];
            environment.extend(colour.map(|colour| ("GREENLIGHT_COLOUR".to_owned(), colour.word().to_owned())));
            let (held, interrupt) = (self.lock.for_step(), self.interrupt.clone());
            async move { run(&step, &environment, held?, &interrupt).await.map(drop).map_err(Failure::from) }
        })
        .await
    }
}

impl Driver for CommandDriver<'_> {
    async fn active(&self) -> Result<Option<Colour>, Failure> {
        let said = self.line(&self.lines.active, None).await?;
        Colour::parse(&said).map_err(|error| Failure::usage(format!("driver.command.active: {error}")))
    }

    async fn start(&self, colour: Colour) -> Result<(), Failure> {
        self.do_it(&self.lines.start, colour).await
    }

    async fn identify(&self, colour: Colour) -> Result<Vec<String>, Failure> {
        let said = self.line(&self.lines.identify, Some(colour)).await?;
        Ok(said.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect())
    }

    async fn verify(&self, colour: Colour) -> Result<(), Failure> {
        self.do_it(&self.lines.verify, colour).await
    }

    async fn switch(&self, colour: Colour) -> Result<(), Failure> {
        self.do_it(&self.lines.switch, colour).await
    }

    async fn watch(&self, colour: Colour) -> Result<(), Failure> {
        let until = Instant::now() + Duration::from_secs(self.environment.soak_s);
        let mut ticks = tokio::time::interval(WATCH_EVERY);
        loop {
            tokio::select! {
                _ = ticks.tick() => {}
                () = self.interrupt.cancelled() => return Err(Failure::interrupted("interrupted while watching")),
            }
            self.do_it(&self.lines.watch, colour).await?;
            if Instant::now() >= until {
                return self.checks(&self.environment.checks.after, Some(colour)).await;
            }
        }
    }

    async fn drain(&self, colour: Colour) -> Result<(), Failure> {
        self.do_it(&self.lines.drain, colour).await
    }

    async fn remove(&self, colour: Colour) -> Result<(), Failure> {
        self.do_it(&self.lines.remove, colour).await
    }

    async fn before(&self) -> Result<(), Failure> {
        self.checks(&self.environment.checks.before, None).await
    }

    async fn gate(&self) -> Result<Vec<String>, Failure> {
        let decision = ask(self.deployment, self.environment, self.report).await?;
        if !decision.is_open() {
            let reasons: Vec<String> = decision.refusals.iter().map(ToString::to_string).collect();
            return Err(Failure::new(decision.exit(), format!("the gate is closed: {}", reasons.join("; "))));
        }
        Ok(expected(&policy(self.deployment, self.environment).await?.artefact))
    }
}
