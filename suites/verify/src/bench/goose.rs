//! The smallest program that puts this load on a target with goose: what our generator adds to goose is measured by it.

use anyhow::{Result, anyhow, ensure};
use goose::GooseAttack;
use goose::config::GooseConfiguration;
use goose::goose::{GooseMethod, GooseRequest, GooseUser, Scenario, Transaction, TransactionResult};
use greenlight_harness::clients::install_crypto_provider;
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::runtime::Runtime;

const PATH: &str = "/twirp/livekit.RoomService/ListRooms";
/// As long as a token of ours.
const TOKEN: &str = "Bearer eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJiZW5jaCIsInN1YiI6IiIsIm5iZiI6MTc5NTQ1MDAwMCwiZXhwIjoxNzk1NDUwNjAwLCJ2aWRlbyI6eyJyb29tTGlzdCI6dHJ1ZX19.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

/// Runs it for that long; says how many requests were answered and how fast, as goose counted.
pub(crate) fn goose(url: &str, users: usize, seconds: usize) -> Result<Value> {
    install_crypto_provider();
    let mut configuration = GooseConfiguration::default();
    configuration.host = Some(url.to_owned());
    configuration.users = Some(users);
    configuration.increase_rate = Some(users.to_string());
    configuration.run_time = Some(seconds.to_string());
    configuration.quiet = 2;
    configuration.no_print_metrics = true;
    configuration.no_error_summary = true;
    configuration.no_telnet = true;
    configuration.no_reset_metrics = true;
    configuration.running_metrics = Some(0);
    let transaction = Transaction::new(Arc::new(|user| Box::pin(call(user))));
    let attack = GooseAttack::initialize_with_config(configuration)?
        .register_scenario(Scenario::new("peak").register_transaction(transaction));
    let running = Box::pin(attack.execute());
    let metrics = Runtime::new()?.block_on(running).map_err(|error| anyhow!("goose: {error:?}"))?;
    let (mut ok, mut failed, mut times) = (0, 0, Vec::new());
    for request in metrics.requests.values() {
        ok += request.success_count;
        failed += request.fail_count;
        times.extend(request.raw_data.times_us.iter().map(|(us, count)| (*us, *count)));
    }
    ensure!(failed == 0, "{failed} of {} requests failed", ok + failed);
    times.sort_unstable();
    let mut rest = ok * 99 / 100;
    let p99 = times.iter().find(|(_, count)| {
        let here = rest < *count;
        rest = rest.saturating_sub(*count);
        here
    });
    Ok(json!({ "requests": ok, "p99_ms": p99.map(|(us, _)| *us as f64 / 1e3) }))
}

async fn call(user: &mut GooseUser) -> TransactionResult {
    let request = user
        .get_request_builder(&GooseMethod::Post, PATH)?
        .header("content-type", "application/protobuf")
        .header("authorization", TOKEN)
        .body(&b"\n\x01r"[..]);
    let answer = user.request(GooseRequest::builder().set_request_builder(request).build()).await?;
    if let Ok(answer) = answer.response {
        let _ = answer.bytes().await;
    }
    Ok(())
}
