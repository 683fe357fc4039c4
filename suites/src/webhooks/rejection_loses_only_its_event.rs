//! An event that its receiver rejects with a 4xx is lost at once, and nothing behind it is.
//! A receiver with an old key rejects every event, the server counts each as delivered, and the history has a hole.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "webhooks.rejection_loses_only_its_event",
    title: "an event answered with 401 is lost, the next one comes",
    tags: &[],
    blame: Component::Webhooks,
    needs: &[Capability::Api, Capability::Webhooks],
    timeout: secs(60),
    lane: Lane::Shared,
    proven_by: &[Fault::WebhookRejectionsRetried],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str =
    "let the receiver answer 5xx to what it wants to see again, and raise an alarm on every 4xx that it answers";

async fn check(ctx: &Ctx) -> Verdict {
    let (room, sink) = (ctx.name("room"), ctx.webhooks()?);
    sink.answer(&room, Mode::Status(401));
    let verdict = lost(ctx, sink, &room).await;
    sink.answer(&room, Mode::Ok);
    verdict
}

async fn lost(ctx: &Ctx, sink: &WebhookSink, room: &str) -> Verdict {
    let server = Component::LivekitServer;
    let request = proto::CreateRoomRequest { name: room.to_owned(), ..Default::default() };
    ensure_ok!(
        ctx.rooms().create(&request).await?,
        "no room can be made",
        blame = server,
        fix = "read the nodes' logs"
    );
    let came = |events: &[Delivery]| (!events.is_empty()).then_some(());
    ensure!(sink.until(room, secs(10), came).await.is_some(), == true, "no webhook came", fix = "look at `webhook.urls` in livekit.yaml");
    sink.answer(room, Mode::Ok);
    ensure_ok!(
        ctx.rooms().delete(room).await?,
        "the room can't be deleted",
        blame = server,
        fix = "read the nodes' logs"
    );
    // A room's events wait for each other: were the first one tried again, it would come before the last.
    let ended = |events: &[Delivery]| events.iter().any(|e| e.name() == "room_finished").then(|| events.to_vec());
    let Some(events) = sink.until(room, secs(15), ended).await else {
        return Err(failed("nothing comes after an event that was rejected", "silence", "room_finished", FIX, None));
    };
    let rejected: Vec<&Delivery> = events.iter().filter(|event| event.name() == "room_started").collect();
    ensure!(rejected.len(), == 1, "an event answered with 401 comes again: something between the nodes and the receiver changes its answers", fix = "look at the proxies before the receiver");
    ensure!(rejected[0].answered, == Mode::Status(401), "the event was not rejected", fix = FIX);
    ctx.pass().counted("rejected", rejected.len(), Exactly(1.0))?.counted("events", events.len(), AtLeast(2.0))?.warned(
        failed(
            "an event that the receiver answers with 401 is not sent again, and the server counts it as delivered",
            "1 delivery",
            "more, as after 500",
            FIX,
            None,
        ),
    )
}
