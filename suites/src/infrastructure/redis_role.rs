//! Redis is the master, and no replica that happens to take writes.
//! What is written to a replica is gone at its next synchronisation: rooms split, and nothing says why.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "infrastructure.redis_role",
    title: "Redis is the master",
    tags: &[],
    blame: Component::Redis,
    needs: &[Capability::Redis],
    timeout: secs(20),
    lane: Lane::Shared,
    proven_by: &[Fault::RedisWritableReplica],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "point `redis.address` at the master; with Sentinel use `redis.sentinel_addresses`; `redis-cli info replication` names the master";

async fn check(ctx: &Ctx) -> Verdict {
    let mut redis = ctx.redis()?.connect().await?;
    ensure!(redis.role().await?, == "master", "Redis is no master", fix = FIX);
    let info = redis.info("replication").await?;
    // The same from another command: a proxy may answer ROLE by itself.
    ensure!(info.get("role").map(String::as_str), == Some("master"), "INFO says another role than ROLE", fix = FIX);
    let replicas: usize = info.get("connected_slaves").map_or(Ok(0), |count| count.parse())?;
    ctx.pass().counted("roles_read", 2, Exactly(2.0))?.measured("replicas", replicas as f64, AtLeast(0.0), 1)
}
