//! The number of rooms rises when one is opened, and falls when it is gone.
//! A drain is over when this number is 0: one that never falls keeps old nodes for ever, one that lags ends calls.

use greenlight_harness::clients::Metrics;
use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "monitoring.rooms_counted",
    title: "the number of rooms follows rooms",
    tags: &[],
    blame: Component::LivekitServer,
    needs: &[Capability::Api, Capability::Prometheus, Capability::Media, Capability::Owned],
    timeout: secs(60),
    lane: Lane::Exclusive,
    proven_by: &[Fault::PrometheusMoved, Fault::ScrapeCached, Fault::ScrapeFiltered],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str =
    "compare `livekit_room_total` of each node with `lk room list`; a room that is empty stays for `empty_timeout`";

const NAME: &str = "livekit_room_total";

async fn check(ctx: &Ctx) -> Verdict {
    let name = ctx.name("room");
    let before = rooms(&ctx.cluster_metrics().await?);
    let participant = ctx.participant(&name, "counted").await?;
    let with = rooms(&ctx.metrics_until(secs(10), |now| rooms(now) > before).await?);
    ensure!(with, >= before + 1.0, "a room is open and not counted", fix = FIX);
    participant.leave().await;
    ensure_ok!(ctx.rooms().delete(&name).await?, "the room can't be deleted", fix = FIX);
    let after = rooms(&ctx.metrics_until(secs(10), |now| rooms(now) < with).await?);
    ensure!(after, <= with - 1.0, "a room is gone and still counted", fix = FIX);
    ctx.pass().measured("rooms_with", with, AtLeast(1.0), 1)?.measured("rooms_after", after, AtMost(with - 1.0), 1)
}

fn rooms(metrics: &Metrics) -> f64 {
    metrics.sum(NAME, &[]).unwrap_or_default()
}
