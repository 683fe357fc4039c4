//! Calls to a room that is gone are answered with 503 after about three seconds, through the balancer too.
//! A balancer that waits less answers in the place of the server, and 504 looks like a server that is down.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "api.gone_room",
    title: "calls to a room that is gone are answered by the server",
    tags: &[],
    blame: Component::Balancer,
    needs: &[Capability::Api, Capability::Since(1, 13)],
    timeout: secs(60),
    lane: Lane::Shared,
    proven_by: &[Fault::BalancerAnswerTimeout],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "raise the balancer's `timeout server`: the server itself takes 3 s here, and up to 30 s for calls to SIP and egress";

async fn check(ctx: &Ctx) -> Verdict {
    let room = ctx.name("gone");
    let rooms = ctx.rooms();
    let request = proto::CreateRoomRequest { name: room.clone(), ..Default::default() };
    ensure_ok!(rooms.create(&request).await?, "a room can't be created", fix = FIX);
    ensure_ok!(rooms.send_data(&room, b"x").await?, "data to a room that is there is refused", fix = FIX);
    ensure_ok!(rooms.delete(&room).await?, "a room can't be deleted", fix = FIX);
    let mute =
        proto::MuteRoomTrackRequest { room: room.clone(), identity: "x".into(), track_sid: "TR_x".into(), muted: true };
    let subscribe =
        proto::UpdateSubscriptionsRequest { room: room.clone(), identity: "x".into(), ..Default::default() };
    let started = Instant::now();
    let answers = [
        rooms.send_data(&room, b"x").await?.map(drop),
        rooms.mute(&mute).await?.map(drop),
        rooms.update_subscriptions(&subscribe).await?.map(drop),
        ctx.dispatches().list(&room).await?.map(drop),
    ];
    let took = started.elapsed() / 4;
    let unavailable = Err((503, "unavailable".to_owned()));
    for (call, answer) in ["SendData", "MutePublishedTrack", "UpdateSubscriptions", "ListDispatch"].iter().zip(answers)
    {
        let answer = answer.map_err(|refusal| refusal.said());
        ensure!(answer, == unavailable, format!("{call} to a room that is gone is answered wrongly"), fix = FIX);
    }
    ctx.pass().counted("answers", 4, Exactly(4.0))?.measured("answer_s_mean", took.as_secs_f64(), AtMost(10.0), 4)
}
