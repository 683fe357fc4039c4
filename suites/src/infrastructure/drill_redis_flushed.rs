//! After Redis has lost everything the nodes register again within seconds, and a room that is split is seen.
//! A failover with loss of data parts people of one room name into two rooms, and every client says that it is connected.

use greenlight_harness::NodeTarget;
use greenlight_harness::clients::Session;
use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "infrastructure.drill_redis_flushed",
    title: "after a loss of Redis' data, nodes are back and a split is seen",
    tags: &["drill"],
    blame: Component::Redis,
    needs: &[Capability::Redis, Capability::TwoNodes, Capability::Drill],
    timeout: secs(60),
    lane: Lane::Exclusive,
    proven_by: &[Fault::NodeOnOtherRedis, Fault::RedisGivenIsReplica],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "every node must stand in `redis-cli hkeys nodes`; end the rooms that ran before the loss, so that their people meet again";

async fn check(ctx: &Ctx) -> Verdict {
    let room = ctx.name("room");
    let [one, other, ..] = ctx.nodes() else { skip!("there is one node") };
    let (here, there) = (one.identity(ctx.key()).await?.node_id, other.identity(ctx.key()).await?.node_id);
    let held = enter(ctx, one, &room, &here, "before").await?;
    // The control: as long as Redis knows the room, nobody gets it onto another node.
    let control = enter(ctx, other, &room, &there, "control").await?;
    ensure!(control.node_id(), == held.node_id(), "a room is split before Redis has lost anything", fix = FIX);
    control.leave().await;
    let mut redis = ctx.redis()?.connect().await?;
    let started = Instant::now();
    redis.flush_everything().await?;
    let client = ctx.redis()?.clone();
    let back = ctx
        .eventually(secs(12), async || {
            let known = client.connect().await?.nodes().await?;
            Ok([&here, &there].iter().all(|id| known.iter().any(|node| node.id == **id)).then_some(()))
        })
        .await?;
    ensure!(back.is_some(), == true, "a node did not register again", fix = FIX);
    let back_s = started.elapsed().as_secs_f64();
    // The one who comes now, through the other node, does not meet the one who is still there.
    let came = enter(ctx, other, &room, &there, "after").await?;
    // Two nodes have the room now. Its sid does not tell: the first node may have written its record again by then, and
    // the second room takes it over (seen on 1.13.5).
    ensure!(came.node_id(), != held.node_id(), "a room that is split over two nodes is not seen as split", fix = FIX);
    held.leave().await;
    came.leave().await;
    ctx.pass().measured("registered_again_s", back_s, AtMost(10.0), 2)
}

/// A session in the room, which this node has from now on.
async fn enter(ctx: &Ctx, node: &NodeTarget, room: &str, id: &str, identity: &str) -> Result<Session, Halt> {
    ensure_ok!(node.rooms(ctx.key()).create_on(room, id).await?, format!("{} takes no room", node.name), fix = FIX);
    let token = ctx.join_token(room, identity).sign()?;
    Ok(ensure_joined!(node.signal().join(&token).await, format!("{} lets nobody in", node.name), fix = FIX))
}
