//! Every node is registered in Redis by the id that it names, and serves the rooms pinned to that id.
//! A node that is not registered, or at another Redis, is passed over: its callers are alone in their rooms.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "configuration.node_ids_known",
    title: "every node is registered by the id that it names",
    tags: &["crowd"],
    blame: Component::LivekitServer,
    needs: &[Capability::Api, Capability::TwoNodes, Capability::Redis],
    timeout: secs(40),
    lane: Lane::Shared,
    proven_by: &[Fault::NodeOnOtherRedis],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "compare redis.address of the nodes, and `HKEYS nodes` in that Redis with the ids in their logs";

async fn check(ctx: &Ctx) -> Verdict {
    let registered = ctx.redis()?.connect().await?.fields("nodes").await?;
    let mut known = 0;
    for node in ctx.nodes() {
        let id = node.identity(ctx.key()).await?.node_id;
        let room = ctx.name(&node.name);
        ensure_ok!(node.rooms(ctx.key()).create_on(&room, &id).await?, "a room can't be pinned", fix = FIX);
        let token = ctx.join_token(&room, "caller").sign()?;
        let session = ensure_joined!(node.signal().join(&token).await, "a pinned room lets nobody in", fix = FIX);
        let serving = session.node_id().to_owned();
        session.leave().await;
        ensure!(serving, == id, "a pinned room is served by another node", fix = FIX);
        ensure!(registered.contains(&id), == true, format!("{} is not registered in Redis", node.name), fix = FIX);
        known += 1;
    }
    ctx.pass().counted("nodes_registered", known, Exactly(ctx.nodes().len() as f64))
}
