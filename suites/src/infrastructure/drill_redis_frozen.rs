//! A Redis that stands still for twenty seconds ends no process and no connection at the balancer, and all is ready soon after.
//! Half a minute of Redis is a failover; a deployment that restarts its nodes or cuts connections for it turns that into an outage.

use greenlight_harness::Action;
use greenlight_harness::clients::Worker;
use greenlight_harness::media::Participant;
use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "infrastructure.drill_redis_frozen",
    title: "20 s without Redis end no process",
    tags: &["drill"],
    blame: Component::Balancer,
    needs: &[Capability::Redis, Capability::TwoNodes, Capability::Drill, Capability::Media],
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
/// What every call outlives (livekit-server 1.13.5 ends signal connections some seconds later).
const HELD_S: f64 = 5.0;
/// Opus packets a second.
const PACKETS: u64 = 50;

async fn check(ctx: &Ctx) -> Verdict {
    let room = ctx.name("room");
    let before = identities(ctx).await?;
    let [node, ..] = ctx.nodes() else { skip!("no node is known") };
    // Signal and media at one node, past the balancer: what ends here was ended by the server.
    let pinned = before.first().cloned().unwrap_or_default();
    ensure_ok!(
        node.rooms(ctx.key()).create_on(&room, &pinned).await?,
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
    let mut cut_after = None;
    while started.elapsed() < FROZEN {
        // Both wait for a condition with a bound: sound, and then a word of the balancer that never comes.
        if cut_after.is_none() && !hears_on(&mut listener).await? {
            cut_after = Some(started.elapsed());
        }
        if let Err(error) = through.next_job(secs(1)).await {
            let what = "the balancer cut a connection because Redis stands still";
            return Err(failed(what, format!("{error:#}"), "an open connection", FIX, None));
        }
    }
    operator.act("redis", Action::Thaw).await?;
    let thawed = Instant::now();
    let ready = ctx.eventually(secs(15), async || statuses(ctx, 200).await).await?;
    ensure!(ready.is_some(), == true, "a node is not ready again", blame = Component::LivekitServer, fix = FIX);
    let recovered_s = thawed.elapsed().as_secs_f64();
    ensure!(identities(ctx).await?, == before, "a node is another process now", blame = Component::LivekitServer, fix = FIX);
    through.close().await;
    // Whoever was cut comes back to the same room.
    let again = ctx.participant_at(node, &room, "again").await?;
    ensure!(again.room_sid(), == listener.room_sid(), "the room is another one now", blame = Component::LivekitServer, fix = FIX);
    for participant in [speaker, listener, again] {
        participant.leave().await;
    }
    let pass = ctx
        .pass()
        .measured("noticed_s", noticed_s, AtMost(10.0), 1)?
        .measured("recovered_s", recovered_s, AtMost(10.0), 1)?
        .measured("call_held_s", cut_after.unwrap_or(FROZEN).as_secs_f64(), AtLeast(HELD_S), 1)?;
    match cut_after {
        None => Ok(pass),
        Some(after) => pass.warned(failed(
            "signal connections end while Redis stands still",
            format!("after {} s", after.as_secs()),
            "open connections",
            "clients resume by themselves; keep failovers of Redis shorter than that",
            Some(Component::LivekitServer),
        )),
    }
}

/// Whether the participant is still in the room, and then with another second of sound: silence is a failure.
async fn hears_on(listener: &mut Participant) -> Result<bool, Halt> {
    let wanted = listener.audio_received() + PACKETS;
    match listener.until_audio(wanted, secs(5)).await {
        Ok(Some(_)) => Ok(true),
        Ok(None) => {
            let blame = Some(Component::LivekitServer);
            Err(failed("audio stops without Redis", "silence for 5 s", "audio as long as one is in", FIX, blame))
        }
        Err(_ended) => Ok(false),
    }
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
