//! No node that is long dead is registered in Redis.
//! Rooms of a node that was killed stay with it: their names can't be used, and its participants are listed for ever.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "infrastructure.no_dead_nodes",
    title: "no dead node is registered",
    tags: &[],
    blame: Component::Redis,
    needs: &[Capability::Redis],
    timeout: secs(180),
    lane: Lane::Shared,
    proven_by: &[Fault::DeadNodeRegistered],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str =
    "find out why the node died (its log, OOM); a node that starts removes the entry, or `redis-cli hdel nodes ID`";

async fn check(ctx: &Ctx) -> Verdict {
    let client = ctx.redis()?.clone();
    let mut redis = client.connect().await?;
    let suspects = redis.silent_nodes().await?;
    let registered = redis.nodes().await?.len();
    // A node that is just ending, or that had no time to say so, is gone or speaks again by the second look.
    let ids: Vec<String> = suspects.keys().cloned().collect();
    let look = async || Ok(client.connect().await?.silent_nodes().await?.into_keys().collect());
    let still = ctx.lasting(&ids, look).await?;
    if !still.is_empty() {
        let silent_s = client.connect().await?.silent_nodes().await?;
        let said = |id: &String| format!("{id} said nothing for {} s", silent_s.get(id).unwrap_or(&suspects[id]));
        let found = still.iter().map(said).collect::<Vec<_>>().join("; ");
        let expected = format!("no entry that is the same after {} s", ctx.limits().orphans_apart_s);
        return Err(failed("a dead node is registered", found, expected, FIX, None));
    }
    ctx.pass().counted("nodes_registered", registered, AtLeast(1.0))?.measured(
        "suspects_at_first_look",
        suspects.len() as f64,
        AtLeast(0.0),
        1,
    )
}
