//! `greenlight-prove`: plants faults one after the other and prints one line of JSON for each. `cargo xtask matrix`
//! drives it.

use anyhow::Context as _;
use clap::Parser;
use greenlight_fixtures::{Engine, LyingProxy, PlantedFault, Staging, catalogue, find};
use greenlight_harness::Interrupt;
use greenlight_harness::clients::{Key, Secret};
use greenlight_harness::config::StagingTests;
use greenlight_harness::prelude::Capability;
use greenlight_verify::{Prover, naming, new_run_id, rows};
use std::collections::VecDeque;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::runtime::Runtime;

/// Plants faults in a staging of its own and says which checks saw them.
#[derive(Parser)]
struct Cli {
    /// Print every pair of fault and check as JSON lines, and start nothing.
    #[arg(long)]
    list: bool,
    /// Only this fault; may be given several times.
    #[arg(long = "fault", value_name = "FAULT")]
    faults: Vec<String>,
    /// Only faults that this check names; may be given several times.
    #[arg(long = "check", value_name = "SUITE.NAME")]
    checks: Vec<String>,
    /// How many stagings are planted in at a time, as long as no fault needs a quiet machine.
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=8))]
    jobs: u8,
    /// Take every failed assertion for a pass: nothing may be found then.
    #[arg(long)]
    blind: bool,
    /// Only tell this fault's lie, as a proxy before --before, until standard input ends; its port is printed. The key is
    /// that of LIVEKIT_API_KEY and LIVEKIT_API_SECRET.
    #[arg(long, value_name = "FAULT", requires = "before", conflicts_with = "list")]
    proxy: Option<String>,
    /// The same, and what the proxy does is to bring answers of the API later by so many milliseconds.
    #[arg(long, value_name = "MS", requires = "before", conflicts_with_all = ["list", "proxy"])]
    delay_ms: Option<u64>,
    /// A livekit-server's port on 127.0.0.1.
    #[arg(long, value_name = "PORT")]
    before: Option<u16>,
    /// Where logs go.
    #[arg(long, value_name = "DIR", default_value = "target/matrix")]
    out: PathBuf,
}

fn main() -> ExitCode {
    if let Some(exit) = greenlight_harness::load::child_if_asked() {
        return exit;
    }
    match run(&Cli::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(6)
        }
    }
}

fn run(cli: &Cli) -> anyhow::Result<bool> {
    if let Some(before) = cli.before {
        lie(cli, before)?;
        return Ok(true);
    }
    let mut faults = Vec::new();
    for name in &cli.faults {
        faults.push(find(name).with_context(|| format!("no fault is called {name:?}; `--list` shows all"))?);
    }
    if faults.is_empty() {
        faults = catalogue();
    }
    if !cli.checks.is_empty() {
        let named =
            |fault: &PlantedFault| naming(fault.fault).iter().any(|check| cli.checks.iter().any(|id| id == check.id));
        faults.retain(named);
        anyhow::ensure!(!faults.is_empty(), "no fault is named by {}", cli.checks.join(", "));
    }
    if cli.list {
        for row in faults.iter().flat_map(rows) {
            print_line(&row)?;
        }
        return Ok(true);
    }
    let runtime = Runtime::new()?;
    let interrupt = {
        let _context = runtime.enter();
        greenlight_harness::init()?
    };
    std::fs::create_dir_all(&cli.out).with_context(|| format!("creating {}", cli.out.display()))?;
    prove_all(&faults, cli, &runtime, &interrupt)
}

/// A proxy, as long as somebody wants it.
fn lie(cli: &Cli, before: u16) -> anyhow::Result<()> {
    let variable = |name: &str| std::env::var(name).with_context(|| format!("{name} is not set"));
    let key = Key { id: variable("LIVEKIT_API_KEY")?, secret: Secret::new(variable("LIVEKIT_API_SECRET")?) };
    greenlight_harness::clients::install_crypto_provider();
    let runtime = Runtime::new()?;
    let proxy = runtime.block_on(async {
        match (&cli.proxy, cli.delay_ms) {
            (Some(name), _) => {
                let fault = find(name).with_context(|| format!("no fault is called {name:?}; `--list` shows all"))?;
                LyingProxy::telling(&fault, before, &key).await
            }
            (None, Some(delay)) => LyingProxy::slow(Duration::from_millis(delay), before, &key).await,
            (None, None) => {
                anyhow::bail!("nothing is said about what to do before port {before}; add --proxy or --delay-ms")
            }
        }
    })?;
    print_line(&proxy.port)?;
    std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink())?;
    Ok(())
}

/// Those that need a quiet machine one after the other, and before them the others, several stagings at a time: most of
/// their time is waiting.
fn prove_all(faults: &[PlantedFault], cli: &Cli, runtime: &Runtime, interrupt: &Interrupt) -> anyhow::Result<bool> {
    let config = StagingTests::shipped()?;
    let engine = runtime.block_on(Engine::connect())?;
    let prover = Prover { runtime, interrupt, config: &config, folder: &cli.out, blind: cli.blind };
    let (quiet, others): (Vec<_>, Vec<_>) = faults.iter().copied().partition(needs_quiet);
    let jobs = usize::from(cli.jobs).min(others.len());
    let others = Bench { prover: &prover, engine: &engine, left: Mutex::new(others.into()), starting: Mutex::new(()) };
    let worked: Vec<anyhow::Result<bool>> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..jobs).map(|_| scope.spawn(|| others.work())).collect();
        let died = |_| Err(anyhow::anyhow!("a thread that plants faults has panicked"));
        workers.into_iter().map(|worker| worker.join().unwrap_or_else(died)).collect()
    });
    let mut good = worked.into_iter().collect::<anyhow::Result<Vec<bool>>>()?.into_iter().all(|good| good);
    if !quiet.is_empty() && !interrupt.is_set() {
        good &= Bench { left: Mutex::new(quiet.into()), ..others }.work()?;
    }
    Ok(good && !interrupt.is_set())
}

/// Whether the checks that see it measure under load: what else runs on this machine would be measured, too.
fn needs_quiet(fault: &PlantedFault) -> bool {
    naming(fault.fault).iter().any(|check| check.needs.contains(&Capability::Load))
}

/// Faults that are still to be planted, and what that takes.
struct Bench<'a> {
    prover: &'a Prover<'a>,
    engine: &'a Engine,
    left: Mutex<VecDeque<PlantedFault>>,
    /// One at a time: ports are chosen before the engine takes them.
    starting: Mutex<()>,
}

impl Bench<'_> {
    /// One after the other on one staging, which is replaced when a fault could not be undone.
    fn work(&self) -> anyhow::Result<bool> {
        let Prover { runtime, interrupt, .. } = *self.prover;
        let mut staging = None;
        let mut good = true;
        while let Some(fault) = self.next() {
            let mut current = match staging.take() {
                Some(running) => running,
                None => match self.start() {
                    Ok(started) => started,
                    Err(error) => {
                        // The others have no staging either: nothing more is begun.
                        self.left.lock().unwrap_or_else(PoisonError::into_inner).clear();
                        return Err(error.context(format!("before {} could be planted", fault.fault)));
                    }
                },
            };
            match self.prover.prove(fault, &mut current) {
                Ok(proof) => {
                    good &= proof.problems.is_empty();
                    print_line(&proof)?;
                    staging = Some(current);
                }
                Err(error) => {
                    good = false;
                    let problems = vec![format!("{error:#}")];
                    print_line(&greenlight_verify::Proof {
                        fault: fault.fault.name().into(),
                        outcomes: vec![],
                        problems,
                    })?;
                    runtime.block_on(current.stop())?;
                    if interrupt.is_set() {
                        return Ok(false);
                    }
                }
            }
        }
        if let Some(staging) = staging {
            runtime.block_on(staging.stop())?;
        }
        Ok(good)
    }

    fn next(&self) -> Option<PlantedFault> {
        self.left.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }

    fn start(&self) -> anyhow::Result<Staging> {
        let _alone = self.starting.lock().unwrap_or_else(PoisonError::into_inner);
        let Prover { runtime, interrupt, config, folder, .. } = *self.prover;
        let run_id = new_run_id();
        let logs = folder.join("containers").join(&run_id);
        Ok(runtime.block_on(Staging::start(self.engine, &run_id, config, &logs, interrupt))?)
    }
}

fn print_line(value: &impl serde::Serialize) -> anyhow::Result<()> {
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "{}", serde_json::to_string(value)?)?;
    Ok(stdout.flush()?)
}
