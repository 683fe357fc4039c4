//! A hundred signal connections are held at the same time, and each still answers a ping.
//! A limit on connections shows on the day with the most calls: those who come last can't get in.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "performance.concurrent_connections",
    title: "a hundred signal connections are open and alive at once",
    tags: &["load"],
    // What limits connections first, in practice.
    blame: Component::Balancer,
    needs: &[Capability::Api, Capability::Load],
    timeout: secs(90),
    lane: Lane::Exclusive,
    proven_by: &[Fault::ConnectionsLimited],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "compare the balancer's `maxconn`, the open files of each process (`ulimit -n`) and the server's limits with the number of calls to expect";

/// In rooms of ten.
const CONNECTIONS: usize = 100;

async fn check(ctx: &Ctx) -> Verdict {
    let mut load = ctx.load_of(Scenario::HeldJoins, CONNECTIONS / 10);
    // 25 joins a second, so that what is measured is holding and not a storm.
    (load.users, load.spread_ms) = (CONNECTIONS, 4_000);
    let run = ctx.load(&load).await?;
    let (cause, blame) = refusals(&run);
    let series = joins(&run, &[("path", "balancer"), ("load", "held")]);
    let pass = ctx.judge(&series, &Course::of(&load, &run), &cause, |_| blame, FIX)?;
    pass.counted("open_at_once", run.ended.open_at_once, Exactly(100.0))
}
