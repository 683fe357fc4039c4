//! No command of the last ten minutes kept Redis from everything else for long.
//! Redis does one thing at a time: KEYS, a big DEL or a save from another application makes every node deaf for that long.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "infrastructure.redis_no_slow_commands",
    title: "no command holds Redis up",
    tags: &[],
    blame: Component::Redis,
    needs: &[Capability::Redis],
    timeout: secs(20),
    lane: Lane::Shared,
    proven_by: &[Fault::RedisSlowCommand],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "`redis-cli slowlog get` names command and client; give LiveKit a Redis of its own, and SCAN in place of KEYS to the others";

/// What is older says nothing about now.
const LOOKED_BACK_S: i64 = 600;

async fn check(ctx: &Ctx) -> Verdict {
    let mut redis = ctx.redis()?.connect().await?;
    let now = redis.now_s().await?;
    let most = ctx.limits().redis_slow_ms_max;
    let slow = redis.slow_commands().await?;
    let recent: Vec<_> = slow.iter().filter(|entry| now - entry.at_s < LOOKED_BACK_S).collect();
    let mut slowest = 0.0_f64;
    for entry in &recent {
        let took = entry.took_us as f64 / 1e3;
        if took > most {
            let found = format!("{} took {took} ms, {} s ago", entry.command, now - entry.at_s);
            return Err(failed("a command held Redis up", found, format!("at most {most} ms"), FIX, None));
        }
        slowest = slowest.max(took);
    }
    // An empty log is an answer too: nothing took over `slowlog-log-slower-than`.
    ctx.pass().measured("redis_slowest_ms", slowest, AtMost(most), recent.len().max(1))
}
