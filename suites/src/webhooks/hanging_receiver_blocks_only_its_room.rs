//! While the receiver owes an answer for one room, the webhooks of another on the same node come.
//! Otherwise one slow handler in the application stops the history of every room.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "webhooks.hanging_receiver_blocks_only_its_room",
    title: "a receiver that hangs for one room blocks no other",
    tags: &[],
    blame: Component::Webhooks,
    needs: &[Capability::Api, Capability::Webhooks, Capability::TwoNodes],
    timeout: secs(90),
    lane: Lane::Shared,
    proven_by: &[Fault::WebhooksOneAtATime],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str =
    "let the receiver and every proxy before it serve many requests at a time (HAProxy: `maxconn` of the server)";
const SERVER: &str = "read the nodes' logs";

async fn check(ctx: &Ctx) -> Verdict {
    let (slow, sink) = (ctx.name("slow"), ctx.webhooks()?);
    sink.answer(&slow, Mode::Hang);
    let verdict = blocked(ctx, sink, &slow, &ctx.name("other")).await;
    sink.answer(&slow, Mode::Ok);
    verdict
}

async fn blocked(ctx: &Ctx, sink: &WebhookSink, slow: &str, other: &str) -> Verdict {
    let node_id = ctx.nodes()[0].identity(ctx.key()).await?.node_id;
    let began = |events: &[Delivery]| (!events.is_empty()).then_some(());
    let ended = |events: &[Delivery]| events.iter().any(|e| e.name() == "room_finished").then(|| events.to_vec());
    open_and_close(ctx, slow, &node_id).await?;
    ensure!(sink.until(slow, secs(10), began).await.is_some(), == true, "no webhook came", fix = "look at `webhook.urls` in livekit.yaml");
    open_and_close(ctx, other, &node_id).await?;
    let Some(events) = sink.until(other, secs(10), ended).await else {
        let found = sink.of(other).len();
        return Err(failed(
            "while the receiver hangs for one room, another room's webhooks do not come",
            format!("{found} of them"),
            "room_started and room_finished",
            FIX,
            None,
        ));
    };
    // The room is over as well, and the server may not say so before its first event is answered.
    ensure!(sink.of(slow).len(), == 1, "a room's webhooks overtake one that has no answer", fix = "raise it with LiveKit: order within a room is lost");
    sink.answer(slow, Mode::Ok);
    let Some(late) = sink.until(slow, secs(15), ended).await else {
        return Err(failed(
            "a room's webhooks do not go on after the receiver has answered",
            "silence",
            "room_finished",
            FIX,
            None,
        ));
    };
    ctx.pass().counted("events_meanwhile", events.len(), AtLeast(2.0))?.counted(
        "events_afterwards",
        late.len() - 1,
        AtLeast(1.0),
    )
}

async fn open_and_close(ctx: &Ctx, room: &str, node_id: &str) -> Result<(), Halt> {
    let server = Component::LivekitServer;
    ensure_ok!(ctx.rooms().create_on(room, node_id).await?, "no room can be made", blame = server, fix = SERVER);
    ensure_ok!(ctx.rooms().delete(room).await?, "the room can't be deleted", blame = server, fix = SERVER);
    Ok(())
}
