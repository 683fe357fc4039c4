//! An event that its receiver can't take is sent five times within 16 s, always with the same id.
//! A receiver that restarts loses what happened meanwhile; and without a stable id it counts twice what it got twice.

use greenlight_harness::prelude::*;
use std::collections::BTreeSet;

pub(super) const CHECK: Check = Check {
    id: "webhooks.ids_are_stable_over_retries",
    title: "an event answered with 500 comes again, five times in all, with one id",
    tags: &[],
    blame: Component::Webhooks,
    needs: &[Capability::Api, Capability::Webhooks],
    timeout: secs(120),
    lane: Lane::Shared,
    proven_by: &[Fault::WebhookFailuresHidden],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str =
    "look for a proxy before the receiver that answers in its place: a 2xx or 4xx of anybody ends the retries";

/// When livekit-server 1.13.5 sends an event that is always answered with 500, in seconds after the first time.
const SENT_AT_S: [f64; 5] = [0.0, 1.0, 3.0, 7.0, 15.0];
/// What two clocks readings and a busy machine may take off a pause.
const SLACK_S: f64 = 0.5;

async fn check(ctx: &Ctx) -> Verdict {
    let (room, sink) = (ctx.name("room"), ctx.webhooks()?);
    sink.answer(&room, Mode::Status(500));
    let verdict = retried(ctx, sink, &room).await;
    sink.answer(&room, Mode::Ok);
    verdict
}

async fn retried(ctx: &Ctx, sink: &WebhookSink, room: &str) -> Verdict {
    let request = proto::CreateRoomRequest { name: room.to_owned(), ..Default::default() };
    ensure_ok!(
        ctx.rooms().create(&request).await?,
        "no room can be made",
        blame = Component::LivekitServer,
        fix = "read the nodes' logs"
    );
    for (before, at_s) in SENT_AT_S.into_iter().enumerate() {
        let pause = if before == 0 { 0.0 } else { at_s - SENT_AT_S[before - 1] };
        let more = |events: &[Delivery]| (events.len() > before).then_some(());
        let came = sink.until(room, Duration::from_secs_f64(pause) + secs(6), more).await;
        ensure!(came.is_some(), == true, format!("an event answered with 500 was sent {before} times and not 5"), fix = FIX);
    }
    // What comes behind it shows that the server has given it up.
    sink.answer(room, Mode::Ok);
    ensure_ok!(
        ctx.rooms().delete(room).await?,
        "the room can't be deleted",
        blame = Component::LivekitServer,
        fix = "read the nodes' logs"
    );
    let ended = |events: &[Delivery]| events.iter().any(|e| e.name() == "room_finished").then(|| events.to_vec());
    let Some(events) = sink.until(room, secs(15), ended).await else {
        return Err(failed("nothing comes after an event that was given up", "silence", "room_finished", FIX, None));
    };
    let tries: Vec<&Delivery> = events.iter().filter(|event| event.name() == "room_started").collect();
    ensure!(tries.len(), == SENT_AT_S.len(), "an event answered with 500 is sent more or less often than 5 times", fix = FIX);
    let ids: BTreeSet<&str> = tries.iter().map(|event| event.event.id.as_str()).collect();
    ensure!(ids.len(), == 1, "the tries of one event have several ids", fix = FIX);
    ensure!(events.iter().filter(|event| ids.contains(event.event.id.as_str())).count(), == tries.len(), "two events have one id", fix = FIX);
    for (event, at_s) in tries.iter().zip(SENT_AT_S) {
        let after_s = event.at.duration_since(tries[0].at).as_secs_f64();
        ensure!(after_s, >= at_s - SLACK_S, format!("the try due {at_s} s after the first came early"), fix = FIX);
    }
    let last_s = tries[4].at.duration_since(tries[0].at).as_secs_f64();
    ctx.pass().counted("tries", tries.len(), Exactly(5.0))?.measured(
        "last_try_after_s",
        last_s,
        AtMost(30.0),
        tries.len(),
    )
}
