//! Redis takes many more connections than there are.
//! When it takes no more, a node that starts ends at once, and one that reconnects stays away: a deploy fails at its worst moment.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "infrastructure.redis_client_headroom",
    title: "Redis takes more connections",
    tags: &[],
    blame: Component::Redis,
    needs: &[Capability::Redis],
    timeout: secs(20),
    lane: Lane::Shared,
    proven_by: &[Fault::RedisClientsNearlyFull],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "raise `maxclients` of Redis (and the open files of its process), or find who holds connections: `redis-cli client list`";

async fn check(ctx: &Ctx) -> Verdict {
    let mut redis = ctx.redis()?.connect().await?;
    let clients = redis.info("clients").await?;
    let count = |field: &str| -> anyhow::Result<f64> {
        let value = clients.get(field).ok_or_else(|| anyhow::anyhow!("INFO clients has no {field}"))?;
        Ok(value.parse()?)
    };
    let (used, allowed) = (count("connected_clients")?, count("maxclients")?);
    let percent = used / allowed * 100.0;
    let most = ctx.limits().redis_clients_percent_max;
    if percent > most {
        let found = format!("{used} of {allowed} connections");
        return Err(failed("Redis takes few more connections", found, format!("at most {most} percent"), FIX, None));
    }
    ctx.pass().measured("redis_clients_percent", percent, AtMost(most), 1)
}
