//! Redis is a master, keeps what is written to it, and passes messages on.
//! The nodes have no other state and no other way to talk to each other: without it no room can be opened.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "infrastructure.redis",
    title: "Redis is a writable master that passes messages on",
    tags: &["smoke"],
    blame: Component::Redis,
    needs: &[Capability::Redis],
    timeout: secs(20),
    lane: Lane::Shared,
    proven_by: &[Fault::RedisStopped, Fault::RedisGivenIsReplica, Fault::RedisWritableReplica],
    fix: "`redis-cli -u URL ping`, then ROLE, INFO memory and the log of the Redis server",
    source: source!(),
    run: run!(check),
};

const ROUNDS: usize = 5;

async fn check(ctx: &Ctx) -> Verdict {
    let mut redis = match ctx.redis()?.connect().await {
        Ok(connection) => connection,
        Err(error) => {
            return Err(failed(
                "Redis can't be reached",
                format!("{error:#}"),
                "a connection",
                "is the process running, and may this machine connect to it? `redis-cli -u URL ping`",
                None,
            ));
        }
    };
    ensure!(redis.role().await?, == "master", "Redis does not take writes",
        fix = "point `redis.address` at the master; with Sentinel use `redis.sentinel_addresses`");
    let name = ctx.name("probe");
    let mut slowest = Duration::ZERO;
    for round in 0..ROUNDS {
        let kept = redis.round_trip(&name, &format!("value {round}")).await;
        slowest = slowest.max(ensure_ok!(
            kept,
            "Redis did not keep what was written",
            fix = "look at `INFO memory` and `INFO persistence`: a full or read-only Redis refuses writes"
        ));
        // A channel each: the subscriber of the round before may not be gone yet, and would be counted.
        let passed = redis.publish_and_receive(&format!("{name}-{round}"), &format!("message {round}")).await;
        slowest = slowest.max(ensure_ok!(
            passed,
            "Redis did not pass a message on",
            fix = "the nodes call each other over pub/sub: check ACL rules (`+publish +subscribe`) and proxies between"
        ));
    }
    ctx.pass().measured("redis_ms_max", slowest.as_secs_f64() * 1e3, AtMost(ctx.limits().redis_ms_max), 2 * ROUNDS)
}
