//! A room that opens moves the counter of delivered webhooks.
//! The application learns of rooms and people by webhooks alone; when none goes out its state is wrong for ever.

use greenlight_harness::clients::Metrics;
use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "monitoring.webhooks_counted",
    title: "delivered webhooks are counted",
    tags: &[],
    blame: Component::Webhooks,
    needs: &[Capability::Api, Capability::Prometheus],
    timeout: secs(60),
    lane: Lane::Shared,
    proven_by: &[Fault::PrometheusMoved, Fault::WebhookUrlsMissing],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "look at `webhook.urls` and `webhook.api_key` in livekit.yaml; `livekit_webhook_dispatch_total` by status and reason";

const NAME: &str = "livekit_webhook_dispatch_total";

async fn check(ctx: &Ctx) -> Verdict {
    let delivered = [("status", "success")];
    let before = ctx.cluster_metrics().await?.sum(NAME, &delivered).unwrap_or_default();
    let participant = ctx.participant(&ctx.name("room"), "counted").await?;
    // room_started and participant_joined.
    let wanted = before + 2.0;
    let count = |now: &Metrics| now.sum(NAME, &delivered).unwrap_or_default();
    let after = count(&ctx.metrics_until(secs(15), |now| count(now) >= wanted).await?);
    ensure!(after, >= wanted, "no webhook was delivered", fix = FIX);
    participant.leave().await;
    ctx.pass().measured("webhooks_delivered", after - before, AtLeast(2.0), 1)
}
