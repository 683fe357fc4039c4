//! A small staging, from nothing to ready.

use anyhow::Result;
use greenlight_fixtures::{Engine, Pair};
use greenlight_harness::config::StagingTests;
use greenlight_verify::new_run_id;
use serde_json::{Value, json};
use std::path::Path;
use std::time::Instant;
use tokio::runtime::Runtime;

/// Starts it, takes the time until the node has said who it is, and removes it.
pub(crate) fn start() -> Result<Value> {
    let runtime = Runtime::new()?;
    {
        let _context = runtime.enter();
        greenlight_harness::init()?;
    }
    runtime.block_on(async {
        let engine = Engine::connect().await?;
        let (run_id, config) = (new_run_id(), StagingTests::shipped()?);
        let began = Instant::now();
        let pair = Pair::start(&engine, &run_id, &config, Path::new("target/bench/start")).await?;
        let ready_s = began.elapsed().as_secs_f64();
        let version = pair.version().to_owned();
        let phases: Vec<_> = pair.phases().iter().map(|(phase, took)| json!([phase, took.as_secs_f64()])).collect();
        pair.stop().await?;
        Ok(json!({ "ready_s": ready_s, "version": version, "phases": phases }))
    })
}
