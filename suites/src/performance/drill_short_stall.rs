//! Redis stands still for two seconds under load, and from the moment it goes on calls are answered as before.
//! Such a stall is a failover or a snapshot; what it must not be is an outage that lasts until somebody restarts something.

use greenlight_harness::load::now_unix_s;
use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "performance.drill_short_stall",
    title: "a stall of 2 s is over when it is over",
    tags: &["load", "drill"],
    blame: Component::Balancer,
    needs: &[Capability::Api, Capability::Load, Capability::Redis, Capability::Drill],
    timeout: secs(120),
    lane: Lane::Exclusive,
    proven_by: &[Fault::BalancerShunsNodes],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "look what keeps nodes out after a few slow answers: `observe layer7` with `on-error mark-down` and a long `downinter` in HAProxy, `max_fails` and `fail_timeout` in nginx, outlier detection in Envoy";

/// Below the three seconds after which livekit-server 1.13.5 gives a command to Redis up.
const STALL: Duration = secs(2);
/// How long the load runs before it.
const BEFORE: Duration = secs(3);
/// Whatever the engine takes to freeze and to thaw: beyond this the server gives up, and that is another drill.
const STALL_S_MAX: f64 = 2.9;
/// How long the slowest call in it waits, or nothing stood still at all.
const FELT_MS: f64 = 500.0;

async fn check(ctx: &Ctx) -> Verdict {
    let mut load = ctx.load_of(Scenario::RoomCalls, 8);
    // Eight users with a call each every 200 ms, for ten seconds: three before the stall, and five after it.
    (load.users, load.rounds, load.interval_ms, load.spread_ms) = (8, 50, 200, 200);
    let first = load.rooms.first().cloned().unwrap_or_default();
    let (run, (from, to)) = ctx.load_while(&load, || stall(ctx, first.clone())).await?;
    let since = |moment: f64| moment - run.ended.began_unix_s;
    let (from, to) = (since(from), since(to));
    if from < 1.0 || to - from > STALL_S_MAX {
        return Err(Halt::Errored(format!(
            "the stall was to begin within the load and to last {} s at least and {STALL_S_MAX} s at most; it began after {from:.1} s and lasted {:.1} s",
            STALL.as_secs(),
            to - from
        )));
    }
    let course = Course::of(&load, &run).impaired(from, to);
    let (cause, blame) = refusals(&run);
    // A timetable of calls is no promise of how many are answered while everything stands still.
    let series: Vec<Series> = calls(&run, "stalled").into_iter().filter(|one| one.metric != "api_calls").collect();
    // Answered, refused or silent: who was asked meanwhile has waited.
    let due = from * 1e3..to * 1e3;
    let waited =
        run.samples.iter().filter(|sample| sample.due_ms.is_some_and(|at| due.contains(&at))).map(|sample| sample.ms);
    let (n, slowest) = waited.fold((0, 0.0_f64), |(n, slowest), ms| (n + 1, slowest.max(ms)));
    if slowest < FELT_MS {
        return Err(Halt::Errored(format!(
            "Redis stood still for {} s and no call waited: {slowest:.0} ms at most, over {n} calls",
            STALL.as_secs()
        )));
    }
    let pass = ctx.judge(&series, &course, &cause, |_| blame, FIX)?;
    pass.measured("stall_felt_ms", slowest, AtLeast(FELT_MS), n)
}

/// When it began and when it was over, in seconds since 1970. The load has begun when its first room is there.
async fn stall(ctx: &Ctx, room: String) -> Result<(f64, f64), Halt> {
    let rooms = ctx.rooms();
    let begun = ctx.eventually(secs(20), async || {
        let there = rooms.list(&[&room]).await?.is_ok_and(|rooms| !rooms.is_empty());
        Ok(there.then_some(()))
    });
    if begun.await?.is_none() {
        return Err(Halt::Errored("the load did not begin".into()));
    }
    // What is to be as before has a before.
    ctx.eventually(BEFORE, async || Ok(None::<()>)).await?;
    let operator = ctx.operator()?;
    let from = now_unix_s();
    operator.act("redis", Action::Freeze).await?;
    // The stall itself is what is to last, and not something that is waited for.
    ctx.eventually(STALL, async || Ok(None::<()>)).await?;
    operator.act("redis", Action::Thaw).await?;
    Ok((from, now_unix_s()))
}
