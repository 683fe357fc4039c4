//! A join moves each counter of the join funnel, summed over the nodes.
//! The share of joins that become active is the best number for the health of calls; a counter that stands still hides an outage.

use greenlight_harness::clients::Metrics;
use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "monitoring.joins_counted",
    title: "a join moves the join counters",
    tags: &[],
    blame: Component::LivekitServer,
    needs: &[Capability::Api, Capability::Prometheus, Capability::Media],
    timeout: secs(60),
    lane: Lane::Shared,
    proven_by: &[Fault::PrometheusMoved, Fault::ScrapeCached],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "scrape every node, and sum: the signal is counted on one node and the media on another";

/// The states that a join goes through when all is well.
const FUNNEL: [&str; 4] = ["signal_connected", "rtc_init", "rtc_connected", "rtc_active"];
const NAME: &str = "livekit_participant_join_total";

async fn check(ctx: &Ctx) -> Verdict {
    let before = ctx.cluster_metrics().await?;
    let participant = ctx.participant(&ctx.name("room"), "counted").await?;
    let still = |now: &Metrics| {
        let sum = |metrics: &Metrics, state| metrics.sum(NAME, &[("state", state)]).unwrap_or_default();
        let stands = FUNNEL.iter().copied().filter(|state| sum(now, *state) < sum(&before, *state) + 1.0);
        stands.collect::<Vec<_>>()
    };
    let after = ctx.metrics_until(secs(15), |now| still(now).is_empty()).await?;
    ensure!(still(&after).join(" "), == "", "counters that a join did not move", fix = FIX);
    participant.leave().await;
    ctx.pass().counted("states_counted", FUNNEL.len(), Exactly(4.0))
}
