//! A Redis that stands still for twenty seconds costs no call, and every node is ready again soon after.
//! Half a minute of Redis is a failover; a deployment that restarts its nodes or cuts connections for it turns that into an outage.

use greenlight_harness::Action;
use greenlight_harness::clients::Worker;
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
    let before = identities(ctx).await?;
    let [node, ..] = ctx.nodes() else { skip!("no node is known") };
    // Signal and media at one node: a signal connection that is relayed through Redis ends without it, and is resumed.
    let pinned = before.first().cloned().unwrap_or_default();
    let request = proto::CreateRoomRequest { name: room.clone(), node_id: pinned, ..Default::default() };
    ensure_ok!(
        node.rooms(ctx.key()).create(&request).await?,
        "a room can't be pinned",
        blame = Component::LivekitServer,
        fix = FIX
    );
    let mut speaker = ctx.participant_at(node, &room, "speaker").await?;
    let mut listener = ctx.participant_at(node, &room, "listener").await?;
    speaker.publish_audio().await?;
    ensure!(listener.until_audio(PACKETS, secs(15)).await?.is_some(), == true, "no audio before the drill",
        blame = Component::LivekitServer, fix = FIX);
    // A connection through the balancer that itself has no need of Redis.
    let agent = ctx.name("agent");
    let mut through = Worker::register(ctx.entry(), ctx.key(), &agent, proto::JobType::JtRoom).await?;
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
            Ok(None) => return Err(cut("audio stops without Redis", "silence for 5 s")),
            Err(error) => return Err(cut("a call is cut without Redis", &format!("{error:#}"))),
        }
        if let Err(error) = through.next_job(Duration::ZERO).await {
            let what = "the balancer cut a connection because Redis stands still";
            return Err(failed(what, format!("{error:#}"), "an open connection", FIX, None));
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
    through.close().await;
    speaker.leave().await;
    listener.leave().await;
    ctx.pass().measured("noticed_s", noticed_s, AtMost(10.0), 1)?.measured("recovered_s", recovered_s, AtMost(10.0), 1)
}

fn cut(what: &str, found: &str) -> Halt {
    failed(what, found, "a call that goes on", FIX, Some(Component::LivekitServer))
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
