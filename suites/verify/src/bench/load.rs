//! A peak by our own generator, as a check would ask for it.

use anyhow::{Result, ensure};
use greenlight_harness::clients::{Http, Key, Secret, install_crypto_provider};
use greenlight_harness::load::{self, Job, Scenario};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

/// What sends the requests.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub(crate) enum Engine {
    /// goose.
    Goose,
    /// hyper.
    Native,
}

/// Bound on the whole of it.
const LONGEST_MS: u64 = 300_000;

/// Runs it; says how many requests were answered, in how many seconds, and how fast.
pub(crate) fn load(url: &str, engine: Engine, users: usize, rounds: usize) -> Result<Value> {
    install_crypto_provider();
    let key = Key { id: "bench".into(), secret: Secret::new("a-secret-of-no-deployment-at-all") };
    let endpoint = Http::trusting("")?.endpoint(url);
    let mut job = Job::new(&endpoint, &key, Scenario::Peak, vec!["r".into()]);
    job.engine = match engine {
        Engine::Goose => load::Engine::Goose,
        Engine::Native => load::Engine::Native,
    };
    (job.users, job.rounds, job.grace_ms) = (users, rounds, LONGEST_MS);
    let run = Runtime::new()?.block_on(load::run(&job))?;
    let ok = run.samples.iter().filter(|sample| sample.ok).count();
    ensure!(ok == run.samples.len(), "{} of {} requests failed", run.samples.len() - ok, run.samples.len());
    let mut times: Vec<f64> = run.samples.iter().map(|sample| sample.ms).collect();
    times.sort_by(f64::total_cmp);
    let p99 = times.get(times.len() * 99 / 100).copied();
    Ok(json!({ "requests": ok, "wall_s": run.ended.wall_s, "child_cpu_s": run.ended.cpu_s, "p99_ms": p99 }))
}
