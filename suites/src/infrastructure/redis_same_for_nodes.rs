//! Every node has registered in this Redis, and its entry is fresh.
//! A node on another Redis looks healthy and serves calls, but its rooms are seen by nobody who enters elsewhere.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "infrastructure.redis_same_for_nodes",
    title: "every node is registered in this Redis",
    tags: &[],
    blame: Component::Redis,
    needs: &[Capability::Redis, Capability::TwoNodes],
    timeout: secs(40),
    lane: Lane::Shared,
    proven_by: &[Fault::NodeOnOtherRedis],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str =
    "give all nodes the same `redis` section (address, db, credentials); `redis-cli hkeys nodes` must name every node";

/// The server itself takes a node for gone after five seconds; a busy machine gets twice that.
const FRESH_S: i64 = 10;

async fn check(ctx: &Ctx) -> Verdict {
    let mut redis = ctx.redis()?.connect().await?;
    let now = redis.now_s().await?;
    let registered = redis.nodes().await?;
    let mut oldest = 0;
    for node in ctx.nodes() {
        let id = node.identity(ctx.key()).await?.node_id;
        let Some(entry) = registered.iter().find(|entry| entry.id == id) else {
            let known: Vec<_> = registered.iter().map(|entry| entry.id.as_str()).collect();
            let what = format!("{} is not registered in this Redis", node.name);
            return Err(failed(what, format!("{id} is not among {known:?}"), "every node", FIX, None));
        };
        let age = now - entry.stats.as_ref().map_or(0, |stats| stats.updated_at);
        ensure!(age, <= FRESH_S, format!("the entry of {} is old (seconds)", node.name), fix = FIX);
        oldest = oldest.max(age);
    }
    let count = ctx.nodes().len();
    ctx.pass().counted("nodes_registered", count, AtLeast(2.0))?.measured(
        "entry_age_s_max",
        oldest as f64,
        AtMost(FRESH_S as f64),
        count,
    )
}
