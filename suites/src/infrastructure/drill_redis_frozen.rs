//! A Redis that stands still for twenty seconds costs no call, and every node is ready again soon after.
//! Half a minute of Redis is a failover; a deployment that restarts its nodes or cuts connections for it turns that into an outage.

use greenlight_harness::Action;
use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "infrastructure.drill_redis_frozen",
    title: "20 s without Redis cost no call",
    tags: &["drill"],
    blame: Component::Balancer,
    needs: &[Capability::Redis, Capability::TwoNodes, Capability::Drill],
    timeout: secs(120),
    lane: Lane::Exclusive,
    proven_by: &[Fault::BalancerShutsSessions],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "no balancer may close connections of a node whose `/` says 406 (HAProxy: `on-marked-down shutdown-sessions`), and no liveness probe may be `/`";

/// Longer than a failover takes.
const FROZEN: Duration = secs(20);
/// Opus packets a second.
const PACKETS: u64 = 50;

async fn check(ctx: &Ctx) -> Verdict {
    let room = ctx.name("room");
    let mut speaker = ctx.participant(&room, "speaker").await?;
    let mut listener = ctx.participant(&room, "listener").await?;
    speaker.publish_audio().await?;
    ensure!(listener.until_audio(PACKETS, secs(15)).await?.is_some(), == true, "no audio before the drill",
        blame = Component::LivekitServer, fix = FIX);
    let before = identities(ctx).await?;
    let operator = ctx.operator()?;
    let started = Instant::now();
    operator.act("redis", Action::Freeze).await?;
    let noticed = ctx.eventually(secs(15), async || statuses(ctx, 406).await).await?;
    ensure!(noticed.is_some(), == true, "no node says that Redis is gone", blame = Component::LivekitServer, fix = FIX);
    let noticed_s = started.elapsed().as_secs_f64();
    while started.elapsed() < FROZEN {
        let wanted = listener.audio_received() + PACKETS;
        match listener.until_audio(wanted, secs(5)).await {
            Ok(Some(_)) => {}
            Ok(None) => return Err(failed("audio stops without Redis", "silence for 5 s", "audio", FIX, None)),
            Err(error) => return Err(failed("a call is cut without Redis", format!("{error:#}"), "a call", FIX, None)),
        }
    }
    operator.act("redis", Action::Thaw).await?;
    let thawed = Instant::now();
    let ready = ctx.eventually(secs(15), async || statuses(ctx, 200).await).await?;
    ensure!(ready.is_some(), == true, "a node is not ready again", blame = Component::LivekitServer, fix = FIX);
    let recovered_s = thawed.elapsed().as_secs_f64();
    let wanted = listener.audio_received() + PACKETS;
    let heard = listener.until_audio(wanted, secs(5)).await;
    ensure!(matches!(heard, Ok(Some(_))), == true, "the call did not outlive the thaw", fix = FIX);
    ensure!(identities(ctx).await?, == before, "a node is another process now", blame = Component::LivekitServer, fix = FIX);
    speaker.leave().await;
    listener.leave().await;
    ctx.pass().measured("noticed_s", noticed_s, AtMost(10.0), 1)?.measured("recovered_s", recovered_s, AtMost(10.0), 1)
}

/// Whether every node answers `/` with this status.
async fn statuses(ctx: &Ctx, status: u16) -> anyhow::Result<Option<()>> {
    let answers = join_all(ctx.nodes().iter().map(|node| node.endpoint.get("/", None))).await;
    Ok(answers.iter().all(|answer| answer.as_ref().is_ok_and(|answer| answer.status == status)).then_some(()))
}

async fn identities(ctx: &Ctx) -> Result<Vec<String>, JoinError> {
    let mut ids = Vec::new();
    for node in ctx.nodes() {
        ids.push(node.identity(ctx.key()).await?.node_id);
    }
    Ok(ids)
}
