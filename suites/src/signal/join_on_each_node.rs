//! Every node serves the rooms that are pinned to it, entered through any node.
//! A node that can't is found by callers, one room in so many, as joins that fail at random.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "signal.join_on_each_node",
    title: "every node serves rooms pinned to it, entered through any node",
    tags: &["smoke", "crowd"],
    blame: Component::LivekitServer,
    needs: &[Capability::Api, Capability::TwoNodes],
    timeout: secs(40),
    lane: Lane::Shared,
    proven_by: &[Fault::RedisStopped, Fault::NodeStopped, Fault::SecretSwapped, Fault::NodeOnOtherRedis],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "look at the named node: its log, `/` on it, and whether it is in the Redis hash `nodes`";

async fn check(ctx: &Ctx) -> Verdict {
    let mut joins = 0;
    for owner in ctx.nodes() {
        let identity = owner.identity(ctx.key()).await?;
        for entrance in ctx.nodes() {
            let room = ctx.name(&format!("by-{joins}"));
            ensure_ok!(
                entrance.rooms(ctx.key()).create_on(&room, &identity.node_id).await?,
                format!("{} can't open a room on {}", entrance.name, owner.name),
                fix = FIX
            );
            let token = ctx.join_token(&room, "caller").sign()?;
            let joined = entrance.signal().join(&token).await;
            let session = ensure_joined!(
                joined,
                format!("{} lets nobody into a room on {}", entrance.name, owner.name),
                fix = FIX
            );
            ensure!(session.node_id(), == identity.node_id, format!("a room pinned to {} is elsewhere", owner.name), fix = FIX);
            ensure!(session.version(), == identity.version, "a node reports two versions", fix = FIX);
            session.leave().await;
            // One room at a time, however many nodes there are; one that stays is removed with the others of this run.
            let _ = entrance.rooms(ctx.key()).delete(&room).await?;
            joins += 1;
        }
    }
    let pairs = ctx.nodes().len().pow(2);
    ctx.pass().counted("joins", joins, Exactly(pairs as f64))
}
