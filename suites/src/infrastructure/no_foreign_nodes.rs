//! No node of another deployment is registered in this Redis.
//! LiveKit gives rooms to every node that it finds there: calls of staging land in production, or on a machine that nobody reaches.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "infrastructure.no_foreign_nodes",
    title: "no foreign node is registered",
    tags: &[],
    blame: Component::Redis,
    needs: &[Capability::Redis, Capability::TwoNodes],
    timeout: secs(40),
    lane: Lane::Shared,
    proven_by: &[Fault::ForeignNodeRegistered],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "give each deployment a Redis server of its own: `db` does not separate them, since messages reach all; `redis-cli hkeys nodes`";

/// An entry that nobody renews for this long belongs to a dead node, and another check is about those.
const ALIVE_S: i64 = 60;

async fn check(ctx: &Ctx) -> Verdict {
    let mut own = Vec::new();
    for node in ctx.nodes() {
        own.push(node.identity(ctx.key()).await?.node_id);
    }
    let mut redis = ctx.redis()?.connect().await?;
    let now = redis.now_s().await?;
    let registered = redis.nodes().await?;
    for entry in &registered {
        let alive = entry.stats.as_ref().is_some_and(|stats| now - stats.updated_at < ALIVE_S);
        if alive && !own.contains(&entry.id) {
            let found = format!("{} at {:?}", entry.id, entry.ip);
            return Err(failed(
                "a node that is none of this target is registered",
                found,
                format!("only {own:?}"),
                FIX,
                None,
            ));
        }
    }
    let found = registered.iter().filter(|entry| own.contains(&entry.id)).count();
    ctx.pass().counted("own_nodes_registered", found, Exactly(own.len() as f64))
}
