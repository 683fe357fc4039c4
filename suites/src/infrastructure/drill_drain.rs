//! A node that is told to end takes no new rooms, lives as long as somebody is in a room of it, and ends soon after.
//! Otherwise each deploy cuts calls, or never ends, or puts new calls on a node that is about to go.

use greenlight_harness::media::Participant;
use greenlight_harness::prelude::*;
use greenlight_harness::{Action, NodeTarget};

pub(super) const CHECK: Check = Check {
    id: "infrastructure.drill_drain",
    title: "a drain waits for calls, and ends",
    tags: &["drill"],
    blame: Component::LivekitServer,
    needs: &[Capability::Redis, Capability::TwoNodes, Capability::Drill, Capability::Media],
    timeout: secs(120),
    lane: Lane::Exclusive,
    proven_by: &[Fault::NodeOnOtherRedis, Fault::StopGraceShort],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "compare the nodes' `redis` section: rooms can only go elsewhere on the same Redis; read the log of the node that was told to end";
const GRACE: &str = "give the process a grace period of hours: `terminationGracePeriodSeconds` (Kubernetes, 30 s by default), `stop_grace_period` (compose, 10 s), TimeoutStopSec (systemd, 90 s)";

/// Longer than the five seconds between two looks of a draining node at its rooms.
const HELD: Duration = secs(7);
const PACKETS: u64 = 50;
const NEW_ROOMS: usize = 4;

async fn check(ctx: &Ctx) -> Verdict {
    let room = ctx.name("held");
    let [survivor, drained, ..] = ctx.nodes() else { skip!("there is one node") };
    let (stays, goes) = (survivor.identity(ctx.key()).await?.node_id, drained.identity(ctx.key()).await?.node_id);
    ensure_ok!(drained.rooms(ctx.key()).create_on(&room, &goes).await?, "a room can't be pinned", fix = FIX);
    let mut speaker = ctx.participant_at(drained, &room, "speaker").await?;
    let mut listener = ctx.participant_at(drained, &room, "listener").await?;
    ensure!(listener.node_id(), == goes, "the room is not on the node that is to end", fix = FIX);
    speaker.publish_audio().await?;
    ensure!(listener.until_audio(PACKETS, secs(15)).await?.is_some(), == true, "no audio before the drill", fix = FIX);
    let operator = ctx.operator()?;
    operator.act(&drained.name, Action::Terminate).await?;
    let told = Instant::now();
    let held = hold(ctx, drained, (&stays, &goes), &mut listener, told).await;
    // Whatever went wrong while somebody was in the room, a node that is gone explains it. The engine may know a moment
    // later than the callers.
    let patience = if held.is_ok() { secs(1) } else { secs(5) };
    let gone = ctx.eventually(patience, async || Ok(operator.state(&drained.name).await?.ended)).await?;
    if let Some(status) = gone {
        let found = format!("ended with status {status} within {:.0} s (137: SIGKILL)", told.elapsed().as_secs_f64());
        let what = "the node was ended while somebody was in its room";
        return Err(failed(
            what,
            found,
            "a node that runs as long as its rooms",
            GRACE,
            Some(Component::Configuration),
        ));
    }
    held?;
    speaker.leave().await;
    listener.leave().await;
    let left = Instant::now();
    let ended = ctx.eventually(secs(25), async || Ok(operator.state(&drained.name).await?.ended)).await?;
    ensure!(ended.is_some(), == true, "the node did not end after the last one had left", fix = FIX);
    let (waited, after) = (left.duration_since(told).as_secs_f64(), left.elapsed().as_secs_f64());
    ctx.pass().measured("waited_s", waited, AtLeast(HELD.as_secs_f64()), 1)?.measured(
        "ended_after_s",
        after,
        AtMost(10.0),
        1,
    )
}

/// New rooms go elsewhere, and the call goes on.
async fn hold(
    ctx: &Ctx,
    drained: &NodeTarget,
    (stays, goes): (&String, &str),
    listener: &mut Participant,
    told: Instant,
) -> Result<(), Halt> {
    // Its state travels through Redis; then every room that is asked for through it goes elsewhere.
    let draining = ctx.eventually(secs(5), async || marked(ctx, goes).await).await?;
    ensure!(draining.is_some(), == true, "the node does not say in Redis that it is draining", fix = FIX);
    for number in 0..NEW_ROOMS {
        let request = proto::CreateRoomRequest { name: ctx.name(&format!("new-{number}")), ..Default::default() };
        let created = drained.rooms(ctx.key()).create(&request).await?;
        ensure_ok!(created, "a draining node can't send a new room elsewhere", fix = FIX);
        let rooms = ctx.redis()?.connect().await?.room_nodes().await?;
        ensure!(rooms.get(&request.name), == Some(stays), "a new room came to the draining node", fix = FIX);
    }
    while told.elapsed() < HELD {
        let heard = listener.until_audio(listener.audio_received() + PACKETS, secs(5)).await;
        ensure!(matches!(heard, Ok(Some(_))), == true, "the drain cut a call", fix = FIX);
    }
    Ok(())
}

async fn marked(ctx: &Ctx, id: &str) -> anyhow::Result<Option<()>> {
    let Ok(client) = ctx.redis() else { return Ok(None) };
    let nodes = client.connect().await?.nodes().await?;
    Ok(nodes.iter().any(|node| node.id == id && node.state() == proto::NodeState::ShuttingDown).then_some(()))
}
