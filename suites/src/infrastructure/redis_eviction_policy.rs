//! Redis removes no key by itself when its memory is full.
//! Evicted are the keys of rooms and nodes: a running room is then opened a second time elsewhere, and its people are parted.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "infrastructure.redis_eviction_policy",
    title: "Redis evicts nothing",
    tags: &[],
    blame: Component::Redis,
    needs: &[Capability::Redis],
    timeout: secs(20),
    lane: Lane::Shared,
    proven_by: &[Fault::RedisEvictsKeys],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str =
    "set `maxmemory-policy noeviction`; LiveKit's keys are state and no cache (INFO memory shows the policy)";

async fn check(ctx: &Ctx) -> Verdict {
    let mut redis = ctx.redis()?.connect().await?;
    // CONFIG is denied by many providers; INFO says the same.
    let memory = redis.info("memory").await?;
    let policy = memory.get("maxmemory_policy").map_or("", String::as_str);
    ensure!(policy, == "noeviction", "Redis may remove keys of live rooms", fix = FIX);
    let stats = redis.info("stats").await?;
    let evicted: f64 = stats.get("evicted_keys").map_or(Ok(0.0), |count| count.parse())?;
    ctx.pass().measured("evicted_keys", evicted, Exactly(0.0), 1)
}
