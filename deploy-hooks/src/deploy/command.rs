//! `greenlight deploy` on the command line.

use super::any_driver::AnyDriver;
use super::command_driver::CommandDriver;
use super::docker_driver::DockerDriver;
use super::driver::Driver as _;
use super::engine::{Ended, Engine};
use super::hands::{Hands, expected, rehearsed_if_wanted};
use super::journal::{Ending, Journal, Plan, Position};
use super::lock::{Lock, holder};
use super::phase::{Colour, FORWARD, Phase, word_of};
use super::place::{Place, State};
use crate::audit;
use crate::configuration;
use crate::engine::Engine as Docker;
use crate::failure::Failure;
use crate::gate::{ask, gate_text, policy};
use crate::notify::{Notice, Notifier, State as Told};
use crate::output::print;
use clap::{Args, Subcommand};
use greenlight_config::{Deployment, Driver as Means, Environment, did_you_mean};
use greenlight_reports::Exit;
use rand::RngExt as _;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use tokio_util::sync::CancellationToken;

/// Gives an environment's traffic to a new build: gate, start the idle colour, verify it, switch, watch, drain the old
/// one. Whatever is red after the switch takes traffic back; whatever is red before removes the new colour.
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "\
Every phase is written down before and after. After a crash, or Ctrl-C, `resume` goes on and `abort` goes back; both end
with all old or all new. Once the old colour drains, only `resume` is left.

Exit codes: 0 the new build has the traffic; 7 the deploy failed and everything is as before, verified; 8 a person is
needed, or the records are not whole; 1 to 6 nothing was begun, as `greenlight gate` says; 130 interrupted, `resume` works.

Examples:
  greenlight deploy --env staging --dry-run
  greenlight deploy --env production
  greenlight deploy --pipeline release
  greenlight deploy status --env production
  greenlight deploy resume --env production"
)]
pub(crate) struct DeployArgs {
    #[command(subcommand)]
    command: Option<DeployCommand>,

    #[command(flatten)]
    target: Wanted,

    /// Every environment of this pipeline in turn, each gated by a report of its own; the first that is not new ends it.
    #[arg(long, value_name = "NAME", conflicts_with = "env")]
    pipeline: Option<String>,

    /// Say what would be done and whether the gate is open; nothing is touched.
    #[arg(long)]
    dry_run: bool,

    /// Another report than the one that the environment names.
    #[arg(long, value_name = "FILE", conflicts_with = "pipeline")]
    report: Option<PathBuf>,
}

#[derive(Debug, Clone, Args)]
struct Wanted {
    /// The environment.
    #[arg(long, value_name = "NAME")]
    env: Option<String>,

    /// Keys, environments, drivers.
    #[arg(long, value_name = "FILE", default_value = "config/deployment.yaml")]
    config: String,
}

#[derive(Debug, Subcommand)]
enum DeployCommand {
    /// Who has the traffic, what the last deploy did, and what is under way.
    Status(Wanted),
    /// Give new traffic to a colour that is there, after gate, identity and suites, as in a deploy.
    Switch {
        /// The colour.
        colour: Colour,
        #[command(flatten)]
        target: Wanted,
    },
    /// Go on with a deploy that was interrupted.
    Resume(Wanted),
    /// Go back to the old colour, unless it drains already.
    Abort(Wanted),
}

/// Runs it.
///
/// # Errors
/// [`Failure`].
pub(crate) async fn run(args: &DeployArgs) -> Result<Exit, Failure> {
    let read = |wanted: &Wanted| configuration::read(&wanted.config);
    match &args.command {
        None => {
            let deployment = read(&args.target)?;
            let stages = match &args.pipeline {
                None => vec![configuration::given(&deployment, args.target.env.as_deref())?.to_owned()],
                Some(name) => stages(&deployment, name)?,
            };
            for stage in stages {
                let exit = Site::open(&deployment, &stage, args.report.as_deref())?.begin(args.dry_run).await?;
                if exit != Exit::Passed {
                    return Ok(exit);
                }
            }
            Ok(Exit::Passed)
        }
        Some(DeployCommand::Status(wanted)) => Site::open(&read(wanted)?, named(wanted)?, None)?.status().await,
        Some(DeployCommand::Switch { colour, target }) => {
            Site::open(&read(target)?, named(target)?, None)?.switch(*colour).await
        }
        Some(DeployCommand::Resume(wanted)) => Site::open(&read(wanted)?, named(wanted)?, None)?.go_on(false).await,
        Some(DeployCommand::Abort(wanted)) => Site::open(&read(wanted)?, named(wanted)?, None)?.go_on(true).await,
    }
}

/// What a migration wants of a deploy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Move<'a> {
    /// A new one, under an id that was written down before.
    Begin(&'a str),
    /// The one under way, forward.
    Resume,
    /// The one under way, back.
    Abort,
}

/// Moves the traffic of an environment as `greenlight deploy` does.
///
/// # Errors
/// [`Failure`], as the command says.
pub(crate) async fn moved(deployment: &Deployment, name: &str, way: Move<'_>) -> Result<Exit, Failure> {
    let site = Site::open(deployment, name, None)?;
    match way {
        Move::Begin(id) => site.begin_as(id.to_owned(), false).await,
        Move::Resume => site.go_on(false).await,
        Move::Abort => site.go_on(true).await,
    }
}

/// The last deploy of an environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Last {
    /// Its id.
    pub(crate) id: String,
    /// How it ended, if it did.
    pub(crate) ended: Option<Ending>,
    /// Whether its old colour drains already.
    pub(crate) is_past_return: bool,
}

/// The last deploy of an environment, if there was one.
///
/// # Errors
/// [`Failure`]: its journal can't be read.
pub(crate) fn last(deployment: &Deployment, name: &str) -> Result<Option<Last>, Failure> {
    let journal = deployment.path(&deployment.state).join(name).join("journal.jsonl");
    let position = super::journal::look(&journal)?;
    Ok(position.map(|position| Last {
        is_past_return: position.is_past_return(),
        id: position.plan.id,
        ended: position.ended,
    }))
}

fn named(wanted: &Wanted) -> Result<&str, Failure> {
    wanted.env.as_deref().ok_or_else(|| Failure::usage("which environment? name it with --env"))
}

fn stages(deployment: &Deployment, name: &str) -> Result<Vec<String>, Failure> {
    deployment.pipelines.get(name).cloned().ok_or_else(|| {
        let known: Vec<&str> = deployment.pipelines.keys().map(String::as_str).collect();
        let has = if known.is_empty() { "none; add one under `pipelines`".to_owned() } else { known.join(", ") };
        let meant = did_you_mean(name, known);
        Failure::usage(format!("deployment.yaml has no pipeline {name:?}; it has {has}{meant}"))
    })
}

/// One environment and where its records lie.
pub(super) struct Site<'a> {
    deployment: &'a Deployment,
    name: &'a str,
    environment: &'a Environment,
    means: &'a Means,
    report: Option<PathBuf>,
    place: Place,
}

impl<'a> Site<'a> {
    fn open(deployment: &'a Deployment, name: &'a str, report: Option<&'a Path>) -> Result<Self, Failure> {
        Self::with(deployment, name, configuration::environment(deployment, name)?, report)
    }

    /// With an environment that differs from the one in the file: in the artefact, and in nothing else.
    pub(super) fn with(
        deployment: &'a Deployment,
        name: &'a str,
        environment: &'a Environment,
        report: Option<&'a Path>,
    ) -> Result<Self, Failure> {
        let Some(means) = &environment.driver else {
            return Err(Failure::usage(format!(
                "environment {name} has no driver: it is gated only. Add `driver:` to it in deployment.yaml to deploy to it"
            )));
        };
        let report = report.map(|report| std::path::absolute(report).unwrap_or_else(|_| report.to_owned()));
        Ok(Self { deployment, name, environment, means, report, place: Place::of(deployment, name)? })
    }

    async fn driver<'b>(
        &'b self,
        deploy: &str,
        lock: &'b Lock,
        interrupt: &CancellationToken,
    ) -> Result<AnyDriver<'b>, Failure> {
        let hands = Hands {
            deployment: self.deployment,
            name: self.name,
            environment: self.environment,
            report: self.report.as_deref(),
            deploy: deploy.to_owned(),
            lock,
            interrupt: interrupt.clone(),
        };
        Ok(match self.means {
            Means::Command(lines) => AnyDriver::Command(CommandDriver { hands, lines }),
            Means::Docker(spec) => AnyDriver::Docker(DockerDriver { hands, spec, engine: Docker::connect().await? }),
        })
    }

    fn audit(&self, action: &str, detail: &str) -> Result<(), Failure> {
        audit::append(&self.place.audit, self.name, action, detail).map(drop)
    }

    async fn begin(&self, dry_run: bool) -> Result<Exit, Failure> {
        self.begin_as(new_id(), dry_run).await
    }

    /// Under an id that somebody has written down before.
    pub(super) async fn begin_as(&self, id: String, dry_run: bool) -> Result<Exit, Failure> {
        let lock = Lock::take(&self.place.lock(), &format!("deploy {id}"))?;
        let interrupt = crate::interrupt::on_signal()?;
        if let Some((_, position)) =
            Journal::open(&self.place.journal())?.filter(|(_, position)| position.ended.is_none())
        {
            return Err(Failure::usage(format!(
                "deploy {} of {} is not finished; `greenlight deploy resume --env {}` goes on, `abort` goes back",
                position.plan.id, self.name, self.name
            )));
        }
        let driver = self.driver(&id, &lock, &interrupt).await?;
        let from = driver.active().await?;
        let to = from.map_or(Colour::Blue, Colour::other);
        let plan = self.plan(id, from, to, false).await?;
        if dry_run {
            return self.rehearse(&plan).await;
        }
        let detail = format!("{} to {to}: {}", plan.id, plan.expected.join(", "));
        self.set_out(&driver, plan, ("deploy", &detail), &interrupt).await
    }

    async fn plan(&self, id: String, from: Option<Colour>, to: Colour, switch_only: bool) -> Result<Plan, Failure> {
        let artefact = policy(self.deployment, self.environment).await?.artefact;
        Ok(Plan {
            id,
            environment: self.name.to_owned(),
            from,
            to,
            expected: expected(&artefact),
            report: self.report.clone(),
            switch_only,
        })
    }

    /// From the plan on everything is written down.
    async fn set_out(
        &self,
        driver: &AnyDriver<'_>,
        plan: Plan,
        (word, detail): (&str, &str),
        interrupt: &CancellationToken,
    ) -> Result<Exit, Failure> {
        say!("{word:<8} {} {}   {}", plan.id, self.name, plan.way());
        self.audit(word, detail)?;
        let journal = Journal::create(&self.place.journal(), &plan)?;
        self.run(driver, journal, Position::of(plan), interrupt).await
    }

    async fn rehearse(&self, plan: &Plan) -> Result<Exit, Failure> {
        let decision = ask(self.deployment, self.environment, self.report.as_deref()).await?.decision;
        let mut text = gate_text(self.name, &decision);
        let _ = writeln!(text, "dry run  {} {}; nothing is touched", self.name, plan.way());
        let _ = writeln!(text, "  expected   {}", plan.expected.join(", "));
        for phase in FORWARD {
            let line = self.rehearsed(phase);
            let _ = writeln!(text, "  {:<10} {line}", phase.word());
        }
        let rehearsed = rehearsed_if_wanted(self.deployment, self.name, self.environment);
        if let Ok(Some(point)) = &rehearsed {
            let _ = writeln!(text, "rehearsed  {point}");
        }
        print(&text)?;
        match decision.is_open() {
            true => rehearsed.map(|_| Exit::Passed),
            false => Ok(decision.exit()),
        }
    }

    /// What a phase would do.
    fn rehearsed(&self, phase: Phase) -> String {
        let environment = self.environment;
        let line = |name: &str| match self.means {
            Means::Command(lines) => {
                let known = lines.all().into_iter().find(|(known, _)| *known == name);
                known.map(|(_, step)| step.run.join(" ")).unwrap_or_default()
            }
            Means::Docker(spec) => match name {
                "verify" => spec.verify.run.join(" "),
                "watch" => spec.watch.run.join(" "),
                "switch" => format!("{} through HAProxy at {}", spec.balancer.backend, spec.balancer.runtime_api),
                "drain" => format!("SIGTERM, and wait for its calls up to {} s", spec.drain_timeout_s),
                other => format!("{other} the container {}-<colour>", spec.name),
            },
        };
        match phase {
            Phase::Gate => "asked, and again before the switch".to_owned(),
            Phase::Before => format!("{} of your checks", environment.checks.before.len()),
            Phase::Watch => {
                let after = environment.checks.after.len();
                format!("{} for {} s, then {after} of your checks", line("watch"), environment.soak_s)
            }
            Phase::Drain => format!("{}   (no way back from here)", line("drain")),
            other => line(other.word()),
        }
    }

    /// `resume`, or `abort` if the way is to lead back.
    pub(super) async fn go_on(mut self, back: bool) -> Result<Exit, Failure> {
        let word = if back { "abort" } else { "resume" };
        let lock = Lock::take(&self.place.lock(), word)?;
        let interrupt = crate::interrupt::on_signal()?;
        let none = || Failure::usage(format!("no deploy of {} is under way; there is nothing to {word}", self.name));
        let (mut journal, mut position) = Journal::open(&self.place.journal())?.ok_or_else(none)?;
        if position.ended.is_some() {
            return Err(none());
        }
        if back && position.back.is_none() {
            if position.is_past_return() {
                return Err(Failure::usage(format!(
                    "the old colour of {} drains already, and can't come back; `greenlight deploy resume --env {}` finishes",
                    self.name, self.name
                )));
            }
            let reason = "aborted by a person";
            journal.turn_back(reason)?;
            position.back = Some(reason.to_owned());
        }
        // With the evidence with which it began.
        self.report.clone_from(&position.plan.report);
        let plan = &position.plan;
        say!("{word:<8} {} {}   {}", plan.id, self.name, plan.way());
        self.audit(word, &plan.id)?;
        let driver = self.driver(&position.plan.id.clone(), &lock, &interrupt).await?;
        self.run(&driver, journal, position, &interrupt).await
    }

    async fn run(
        &self,
        driver: &AnyDriver<'_>,
        journal: Journal,
        position: Position,
        interrupt: &CancellationToken,
    ) -> Result<Exit, Failure> {
        let notifier = Notifier::start(self.deployment, self.name);
        let ended = self.run_and_tell(driver, journal, position, (&notifier, interrupt)).await;
        notifier.finish().await;
        ended
    }

    fn notice(&self, state: Told, summary: &str, id: &str) -> Notice {
        Notice::now(self.name, "deploy", state, summary, id)
    }

    async fn run_and_tell(
        &self,
        driver: &AnyDriver<'_>,
        journal: Journal,
        position: Position,
        (notifier, interrupt): (&Notifier, &CancellationToken),
    ) -> Result<Exit, Failure> {
        let plan = position.plan.clone();
        let way = plan.way();
        notifier.tell(self.notice(Told::Begun, &way, &plan.id));
        let told = std::cell::RefCell::new(None);
        let on_phase = |phase: Phase, word: &str| {
            say!("  {:<12} {word}", phase.word());
            if word != "begun"
                && let Err(failure) = self.audit(phase.word(), &format!("{} {word}", plan.id))
            {
                told.borrow_mut().get_or_insert(failure);
            }
        };
        let ended = Engine { driver, journal, position, on_phase: &on_phase, interrupt }.run().await;
        let Ended { exit, ending, reason } = match ended {
            Ok(ended) => ended,
            Err(failure) => {
                let advice = format!("`greenlight deploy resume --env {}` goes on, `abort` goes back", self.name);
                let message = format!("{}; {advice}", failure.message);
                notifier.tell(self.notice(Told::Interrupted, &message, &plan.id));
                // The others mean that nothing was begun, and something was.
                let exit = if failure.exit == Exit::Interrupted { failure.exit } else { Exit::RollbackFailed };
                return Err(Failure::new(exit, message));
            }
        };
        let reason = reason.unwrap_or_default();
        let told_state = match ending {
            Ending::New => Told::New,
            Ending::Old => Told::Old,
            Ending::Stuck => Told::Stuck,
        };
        notifier.tell(self.notice(told_state, if reason.is_empty() { &way } else { &reason }, &plan.id));
        let state = match ending {
            Ending::New => self.place.set_state(&State::now(Some(plan.to), &plan.id, plan.expected.clone())),
            Ending::Old if plan.from.is_some() && self.place.state().is_ok_and(|state| state.is_none()) => {
                self.place.set_state(&State::now(plan.from, &plan.id, vec![]))
            }
            Ending::Old | Ending::Stuck => Ok(()),
        };
        let audited = self.audit("ended", &format!("{} {ending:?} {reason}", plan.id));
        let lost: Vec<Failure> = [state.err(), audited.err(), told.into_inner()].into_iter().flatten().collect();
        for failure in &lost {
            say!("error: the deploy has ended, and its records are not whole: {failure}");
        }
        let word = match ending {
            Ending::New => format!("NEW      {} has the traffic of {}", plan.to, self.name),
            Ending::Old => {
                format!("OLD      {} has the traffic of {}", plan.from.map_or("nobody", Colour::word), self.name)
            }
            Ending::Stuck => format!("STUCK    {}", self.name),
        };
        if let Err(failure) = print(&format!("{word}   {}\n", if reason.is_empty() { plan.id } else { reason })) {
            say!("error: {failure}");
        }
        Ok(if lost.is_empty() { exit } else { Exit::RollbackFailed })
    }

    async fn status(&self) -> Result<Exit, Failure> {
        let mut text = String::new();
        match self.place.state()? {
            None => drop(writeln!(text, "state    no deploy has ended yet")),
            Some(state) => {
                let active = word_of(state.active);
                let _ = writeln!(
                    text,
                    "state    {active} since {} (deploy {})   {}",
                    state.since,
                    state.deploy,
                    state.runs.join(", ")
                );
            }
        }
        match holder(&self.place.lock()) {
            Some(holder) => drop(writeln!(text, "lock     {holder}")),
            None => drop(writeln!(text, "lock     free")),
        }
        match super::journal::look(&self.place.journal())? {
            Some(position) if position.ended.is_none() => {
                let next = position.next().map_or("the end", Phase::word);
                let way = if position.back.is_some() { "back" } else { "forward" };
                let _ = writeln!(text, "deploy   {} is under way, {way}, at {next}", position.plan.id);
            }
            Some(position) => {
                let ended = match position.ended {
                    Some(Ending::New) => "all new",
                    Some(Ending::Old) => "all old",
                    Some(Ending::Stuck) | None => "and a person is needed",
                };
                let _ = writeln!(text, "deploy   {} has ended, {ended}", position.plan.id);
            }
            None => drop(writeln!(text, "deploy   none")),
        }
        print(&text)?;
        Ok(Exit::Passed)
    }

    async fn switch(&self, colour: Colour) -> Result<Exit, Failure> {
        let lock = Lock::take(&self.place.lock(), &format!("switch to {colour}"))?;
        let interrupt = crate::interrupt::on_signal()?;
        if Journal::open(&self.place.journal())?.is_some_and(|(_, position)| position.ended.is_none()) {
            return Err(Failure::usage("a deploy is under way; `resume` or `abort` it first"));
        }
        let id = new_id();
        let driver = self.driver(&id, &lock, &interrupt).await?;
        let from = driver.active().await?;
        if from == Some(colour) {
            return Err(Failure::usage(format!("{colour} has the traffic of {} already", self.name)));
        }
        let plan = self.plan(id, from, colour, true).await?;
        let detail = format!("{} by hand to {colour}", plan.id);
        self.set_out(&driver, plan, ("switch", &detail), &interrupt).await
    }
}

/// Five letters and digits.
pub(crate) fn new_id() -> String {
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let mut random = rand::rng();
    (0..5).map(|_| char::from(LETTERS[random.random_range(0..LETTERS.len())])).collect()
}
