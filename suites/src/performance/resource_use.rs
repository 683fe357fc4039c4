//! Under a known load the target's parts use no more processor time and memory than they are held to.
//! A part that needs more for the same work fails first when the load grows, or takes its neighbours' share.

use greenlight_harness::config::thresholds::Threshold;
use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "performance.resource_use",
    title: "forty calls a second cost what they should",
    tags: &["load"],
    blame: Component::LivekitServer,
    needs: &[Capability::Api, Capability::Load, Capability::Engine],
    timeout: secs(90),
    lane: Lane::Exclusive,
    proven_by: &[Fault::RedisBallast],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "`docker stats` shows who uses it; compare with an earlier report of the same load, then look for what else that part does";

async fn check(ctx: &Ctx) -> Verdict {
    let operator = ctx.operator()?;
    let nodes = ctx.nodes().iter().map(|node| (node.name.as_str(), "node"));
    let parts: Vec<(&str, &str)> = nodes.chain([("redis", "redis"), ("haproxy", "balancer")]).collect();
    // The engine takes its time, so all are asked at once, and each has its own clock.
    let ask = async || join_all(parts.iter().map(async |(part, _)| (operator.usage(part).await, Instant::now()))).await;
    let before = ask().await;
    let mut load = ctx.load_of(Scenario::RoomCalls, 8);
    (load.users, load.rounds, load.interval_ms, load.spread_ms) = (8, 25, 200, 200);
    let run = ctx.load(&load).await?;
    let (mut series, mut cpu_all, mut memory_all) = (Vec::new(), 0.0, 0.0);
    let mut shown = String::new();
    let after = ask().await;
    for (((part, of), (earlier, since)), (now, until)) in parts.into_iter().zip(before).zip(after) {
        let (earlier, now) = (earlier?, now?);
        // Of one processor, over the load and the seconds in which its users start and end.
        let cpu = (now.cpu_s - earlier.cpu_s) / until.duration_since(since).as_secs_f64() * 100.0;
        shown += &format!("; {part} {cpu:.1} % {:.0} MiB", now.memory_mib);
        cpu_all += cpu;
        memory_all += now.memory_mib;
        series.push(Series::whole("cpu", &[("of", of)], vec![cpu]));
        series.push(Series::whole("memory", &[("of", of)], vec![now.memory_mib]));
    }
    series.push(Series::whole("cpu", &[("of", "all")], vec![cpu_all]));
    series.push(Series::whole("memory", &[("of", "all")], vec![memory_all]));
    // A load that did not get through costs nothing: what it cost says something only if it was answered.
    series.extend(calls(&run, "steady").into_iter().filter(|series| series.metric != "api_ms"));
    ctx.judge(&series, &Course::of(&load, &run), &shown, blamed, FIX)
}

fn blamed(threshold: &Threshold) -> Option<Component> {
    match threshold.tags.get("of").map(String::as_str) {
        Some("redis") => Some(Component::Redis),
        Some("balancer") => Some(Component::Balancer),
        _ => None,
    }
}
