//! No node that is long dead is registered in Redis.
//! Rooms of a node that was killed stay with it: their names can't be used, and its participants are listed for ever.

use greenlight_harness::clients::RedisConnection;
use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "infrastructure.no_dead_nodes",
    title: "no dead node is registered",
    tags: &[],
    blame: Component::Redis,
    needs: &[Capability::Redis],
    timeout: secs(30),
    lane: Lane::Shared,
    proven_by: &[Fault::DeadNodeRegistered],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str =
    "find out why the node died (its log, OOM); a node that starts removes the entry, or `redis-cli hdel nodes ID`";

/// By then the server has taken the node for gone twelve times over.
const DEAD_S: i64 = 60;

async fn check(ctx: &Ctx) -> Verdict {
    let mut redis = ctx.redis()?.connect().await?;
    let first = dead(&mut redis).await?;
    let registered = redis.nodes().await?.len();
    if !first.is_empty() {
        // Seen twice, more than 60 s apart: its own last word, and now.
        let found =
            first.iter().map(|(id, age)| format!("{id} said nothing for {age} s")).collect::<Vec<_>>().join("; ");
        return Err(failed(
            "a dead node is registered",
            found,
            format!("every entry younger than {DEAD_S} s"),
            FIX,
            None,
        ));
    }
    ctx.pass().counted("live_nodes_registered", registered, AtLeast(1.0))
}

async fn dead(redis: &mut RedisConnection) -> anyhow::Result<Vec<(String, i64)>> {
    let now = redis.now_s().await?;
    let ages = redis.nodes().await?.into_iter().map(|node| (node.id, node.stats.map(|stats| now - stats.updated_at)));
    // Without statistics it has only just come.
    Ok(ages.filter_map(|(id, age)| age.filter(|age| *age > DEAD_S).map(|age| (id, age))).collect())
}
