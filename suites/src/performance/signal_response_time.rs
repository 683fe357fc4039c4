//! Joins at a steady rate are answered with a JoinResponse in time, and pings over them as well.
//! A slow join is the silence that a caller hears first.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "performance.signal_response_time",
    title: "ten joins a second are answered in time",
    tags: &["load"],
    blame: Component::LivekitServer,
    needs: &[Capability::Api, Capability::Load],
    timeout: secs(90),
    lane: Lane::Exclusive,
    proven_by: &[Fault::LivekitThrottled],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "look at the processor time of nodes and Redis (`docker stats`) and at the nodes' logs; the thresholds stand in config/staging_tests.yaml";

async fn check(ctx: &Ctx) -> Verdict {
    let mut load = ctx.load_of(Scenario::Joins, 5);
    // Five users with a join each every 500 ms: ten joins a second for six seconds.
    (load.users, load.rounds, load.interval_ms, load.spread_ms) = (5, 12, 500, 500);
    let run = ctx.load(&load).await?;
    let (cause, blame) = refusals(&run);
    let series = joins(&run, &[("path", "balancer"), ("load", "steady")]);
    ctx.judge(&series, &Course::of(&load, &run), &cause, |_| blame, FIX)
}
