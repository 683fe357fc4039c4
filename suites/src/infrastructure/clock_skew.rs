//! The clocks of nodes, balancer and this machine agree.
//! A clock that is off lets expired tokens in and keeps good ones out, and a node whose clock lags is taken for dead.

use greenlight_harness::prelude::*;
use std::time::{SystemTime, UNIX_EPOCH};

pub(super) const CHECK: Check = Check {
    id: "infrastructure.clock_skew",
    title: "all clocks agree",
    tags: &[],
    blame: Component::LivekitServer,
    needs: &[Capability::Redis],
    timeout: secs(40),
    lane: Lane::Shared,
    proven_by: &[Fault::BalancerClockBehind],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "`timedatectl` or `chronyc tracking` on the machine that is off: start its NTP client";

async fn check(ctx: &Ctx) -> Verdict {
    let most = ctx.limits().clock_skew_s_max;
    let mut clocks = Vec::new();
    let entry = ("the balancer", ctx.entry(), Component::Balancer);
    let nodes = ctx.nodes().iter().map(|node| (node.name.as_str(), &node.endpoint, Component::LivekitServer));
    for (name, endpoint, blame) in nodes.chain([entry]) {
        let answer = endpoint.get("/", None).await?;
        let Some(date) = answer.date_s() else {
            return Err(failed(format!("{name} says no date"), answer, "a Date header", FIX, Some(blame)));
        };
        clocks.push((name, date, blame));
    }
    clocks.push(("Redis", ctx.redis()?.connect().await?.now_s().await?, Component::Redis));
    let now = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs())?;
    let mut widest = 0.0_f64;
    for (name, date, blame) in &clocks {
        let skew = (now - date).abs() as f64;
        if skew > most {
            let found = format!("{} s from this machine's", date - now);
            return Err(failed(
                format!("the clock of {name} is off"),
                found,
                format!("at most {most} s"),
                FIX,
                Some(*blame),
            ));
        }
        widest = widest.max(skew);
    }
    ctx.pass().measured("clock_skew_s_max", widest, AtMost(most), clocks.len())
}
