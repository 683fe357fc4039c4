//! Redis takes every kind of write that LiveKit makes.
//! A user with too few rights in its ACL lets nodes start and calls fail: only what needs the missing command breaks.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "infrastructure.redis_writable",
    title: "Redis takes every kind of write that LiveKit makes",
    tags: &[],
    blame: Component::Redis,
    needs: &[Capability::Redis],
    timeout: secs(20),
    lane: Lane::Shared,
    proven_by: &[Fault::RedisCommandDenied],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "`redis-cli acl getuser NAME` for the user of the nodes; a managed Redis may deny EVAL or PUBLISH; a full disk or `min-replicas-to-write` denies all";

async fn check(ctx: &Ctx) -> Verdict {
    let mut redis = ctx.redis()?.connect().await?;
    let (tried, refused) = redis.refused_writes(&ctx.name("probe")).await?;
    ensure!(refused.join("; "), == "", "Redis refuses what LiveKit needs", fix = FIX);
    let info = redis.info("persistence").await?;
    // A failed save makes Redis refuse all writes, when `stop-writes-on-bgsave-error` stands at its default.
    for field in ["rdb_last_bgsave_status", "aof_last_write_status"] {
        let status = info.get(field).map_or("ok", String::as_str);
        ensure!(status, == "ok", format!("{field} of Redis is not ok"), fix = FIX);
    }
    ctx.pass().counted("kinds_of_write", tried, AtLeast(12.0))
}
