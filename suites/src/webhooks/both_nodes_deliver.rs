//! Webhooks come from whichever node has the room.
//! With one node that can't reach the receiver, one room in so many has no history, and no status shows it.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "webhooks.both_nodes_deliver",
    title: "every node delivers the webhooks of its rooms",
    tags: &[],
    blame: Component::Webhooks,
    needs: &[Capability::Api, Capability::Webhooks, Capability::TwoNodes],
    timeout: secs(60),
    lane: Lane::Shared,
    proven_by: &[Fault::WebhooksOfOneNodeLost],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "compare the `webhook` sections of the nodes' livekit.yaml, then reach the receiver's URL from the named node's machine";

async fn check(ctx: &Ctx) -> Verdict {
    let mut delivering = 0;
    for node in ctx.nodes() {
        let identity = node.identity(ctx.key()).await?;
        let room = ctx.name(&node.name);
        ensure_ok!(
            ctx.rooms().create_on(&room, &identity.node_id).await?,
            format!("no room can be made on {}", node.name),
            blame = Component::LivekitServer,
            fix = "look at the named node's log, and whether it is in the Redis hash `nodes`"
        );
        let began = |events: &[Delivery]| events.iter().any(|event| event.name() == "room_started").then_some(());
        let told = ctx.webhooks()?.until(&room, secs(10), began).await;
        ensure!(told.is_some(), == true, format!("{} delivers no webhooks", node.name), fix = FIX);
        delivering += 1;
    }
    ctx.pass().counted("nodes_delivering", delivering, Exactly(ctx.nodes().len() as f64))
}
