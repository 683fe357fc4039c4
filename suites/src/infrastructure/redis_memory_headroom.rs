//! Redis has memory to spare.
//! A Redis that is full refuses writes, and then no room can be opened and no node stays registered.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "infrastructure.redis_memory_headroom",
    title: "Redis has memory to spare",
    tags: &[],
    blame: Component::Redis,
    needs: &[Capability::Redis],
    timeout: secs(20),
    lane: Lane::Shared,
    proven_by: &[Fault::RedisMemoryNearlyFull],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "raise `maxmemory` (and the memory of the machine), or find who else fills it: `redis-cli --bigkeys`";

async fn check(ctx: &Ctx) -> Verdict {
    let mut redis = ctx.redis()?.connect().await?;
    let memory = redis.info("memory").await?;
    let bytes = |field: &str| -> anyhow::Result<f64> {
        let value = memory.get(field).ok_or_else(|| anyhow::anyhow!("INFO memory has no {field}"))?;
        Ok(value.parse()?)
    };
    let used = bytes("used_memory")?;
    let allowed = match bytes("maxmemory")? {
        // No limit of its own: the machine is the limit.
        0.0 => bytes("total_system_memory")?,
        limit => limit,
    };
    let percent = used / allowed * 100.0;
    let most = ctx.limits().redis_memory_percent_max;
    if percent > most {
        let found = format!("{used} of {allowed} bytes");
        return Err(failed("Redis uses too much of its memory", found, format!("at most {most} percent"), FIX, None));
    }
    ctx.pass().measured("redis_memory_percent", percent, AtMost(most), 1)
}
