//! Joins one after another take no longer than the limit, at the 95th percentile.
//! This is the time that every caller waits before anything is heard; on an idle target nothing excuses it.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "signal.joins_one_by_one",
    title: "joins one after another are quick",
    tags: &[],
    blame: Component::LivekitServer,
    needs: &[Capability::Api],
    timeout: secs(90),
    lane: Lane::Shared,
    proven_by: &[Fault::JoinsLate],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "compare the balancer with a node directly, then Redis and the processors of the nodes at that time";

const JOINS: usize = 10;

async fn check(ctx: &Ctx) -> Verdict {
    let room = ctx.name("room");
    let mut times_ms = Vec::new();
    for index in 0..JOINS {
        let token = ctx.join_token(&room, &format!("caller-{index}")).sign()?;
        let started = Instant::now();
        let session = ensure_joined!(ctx.signal().join(&token).await, "a join is refused", fix = FIX);
        times_ms.push(started.elapsed().as_secs_f64() * 1e3);
        session.leave().await;
    }
    times_ms.sort_by(f64::total_cmp);
    // Nearest rank: the slowest of ten.
    let p95 = times_ms[(JOINS * 95).div_ceil(100) - 1];
    ctx.pass().measured("join_ms_p95", p95, AtMost(ctx.limits().join_ms_p95), times_ms.len())
}
