//! Calls of the room API at a steady rate are answered in time, and all but very few as they should be.
//! A slow API makes callers wait before they can even join, and applications that retry make it slower.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "performance.api_response_time",
    title: "the room API answers 40 calls a second in time",
    tags: &["load"],
    blame: Component::LivekitServer,
    needs: &[Capability::Api, Capability::Load],
    timeout: secs(90),
    lane: Lane::Exclusive,
    proven_by: &[Fault::LivekitThrottled, Fault::TwoPercentErrors],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "look at the processor time of nodes and Redis (`docker stats`, `redis-cli slowlog get`) and at the nodes' logs; the thresholds stand in config/staging_tests.yaml";

async fn check(ctx: &Ctx) -> Verdict {
    let mut load = ctx.load_of(Scenario::RoomCalls, 8);
    // Eight users with a call each every 200 ms: 40 calls a second for five seconds.
    (load.users, load.rounds, load.interval_ms, load.spread_ms) = (8, 25, 200, 200);
    let run = ctx.load(&load).await?;
    let (cause, blame) = refusals(&run);
    ctx.judge(&calls(&run, "steady"), &Course::of(&load, &run), &cause, |_| blame, FIX)
}
