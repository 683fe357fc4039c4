//! What a node counts as delivered webhooks is what has come.
//! It is the only number that an alarm on lost webhooks can be built upon; nothing else of the server shows them.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "webhooks.dispatch_counter_moves",
    title: "the nodes count the webhooks that were delivered",
    tags: &[],
    blame: Component::Webhooks,
    needs: &[Capability::Api, Capability::Webhooks, Capability::TwoNodes, Capability::Prometheus],
    timeout: secs(90),
    // Other rooms would move the same counter.
    lane: Lane::Exclusive,
    proven_by: &[
        Fault::WebhooksSwallowed,
        Fault::WebhookSuccessesHidden,
        Fault::ScrapeCached,
        Fault::WebhookUrlsMissing,
    ],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "look for a proxy before the receiver that answers in its place, and compare `livekit_webhook_dispatch_total` of the named node with the receiver's own count";

async fn check(ctx: &Ctx) -> Verdict {
    let mut counted = 0;
    for node in ctx.nodes() {
        let Some(metrics) = &node.metrics else { skip!("{} shows no metrics", node.name) };
        // The series is absent until the first webhook.
        let delivered = async || {
            let labels = [("status", "success")];
            let exported = metrics.metrics().await;
            exported.map(|all| all.sum("livekit_webhook_dispatch_total", &labels).unwrap_or_default())
        };
        let identity = node.identity(ctx.key()).await?;
        let before = delivered().await?;
        let room = ctx.name(&node.name);
        ensure_ok!(
            ctx.rooms().create_on(&room, &identity.node_id).await?,
            format!("no room can be made on {}", node.name),
            blame = Component::LivekitServer,
            fix = "look at the named node's log, and whether it is in the Redis hash `nodes`"
        );
        let began = |events: &[Delivery]| (!events.is_empty()).then_some(());
        let came = ctx.webhooks()?.until(&room, secs(10), began).await.is_some();
        let moved = ctx.eventually(secs(5), async || Ok((delivered().await? > before).then_some(()))).await?.is_some();
        ensure!((came, moved), == (true, true),
            format!("whether a webhook of {} came, and whether the node counts it as delivered, is not both true", node.name), fix = FIX);
        counted += 1;
    }
    ctx.pass().counted("nodes_counting", counted, Exactly(ctx.nodes().len() as f64))
}
