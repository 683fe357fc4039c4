//! Who is unsubscribed from a track by the API stops hearing it, and hears it again when subscribed.
//! Breakout groups and interpreters are made of this; somebody who goes on hearing hears what is not meant for them.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "api.update_subscriptions",
    title: "subscriptions follow the API",
    tags: &[],
    blame: Component::Balancer,
    needs: &[Capability::Api, Capability::Media],
    timeout: secs(90),
    lane: Lane::Shared,
    proven_by: &[Fault::ModerationSwallowed],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "ask a node directly; if that works, something before it answers in its place";

/// At fifty packets a second this is half a second of sound.
const SOME: u64 = 25;

async fn check(ctx: &Ctx) -> Verdict {
    let room = ctx.name("room");
    let mut speaker = ensure_joined!(ctx.participant(&room, "speaker").await, "a join is refused", fix = FIX);
    let mut listener = ensure_joined!(ctx.participant(&room, "listener").await, "a join is refused", fix = FIX);
    let track = speaker.publish_audio().await?;
    let heard = listener.until_audio(SOME, secs(10)).await?;
    ensure!(heard.is_some(), == true, "a listener hears nothing at all", blame = Component::LivekitServer, fix = "see the checks of signal and media first");
    let ask = |subscribe| proto::UpdateSubscriptionsRequest {
        room: room.clone(),
        identity: "listener".into(),
        track_sids: vec![track.clone()],
        subscribe,
        ..Default::default()
    };
    ensure_ok!(ctx.rooms().update_subscriptions(&ask(false)).await?, "a subscription can't be ended", fix = FIX);
    // It takes a moment; then a whole second must bring nothing.
    let mut silent = false;
    for _ in 0..5 {
        let before = listener.audio_received();
        silent = listener.until_audio(before + 1, secs(1)).await?.is_none();
        if silent {
            break;
        }
        // What is still on its way is heard first.
        listener.until_audio(before + SOME, secs(1)).await?;
    }
    ensure!(silent, == true, "who was unsubscribed goes on hearing", fix = FIX);
    ensure_ok!(ctx.rooms().update_subscriptions(&ask(true)).await?, "a subscription can't be made", fix = FIX);
    let before = listener.audio_received();
    let heard = listener.until_audio(before + SOME, secs(10)).await?;
    ensure!(heard.is_some(), == true, "who was subscribed again hears nothing", fix = FIX);
    speaker.leave().await;
    listener.leave().await;
    ctx.pass().counted("subscriptions_changed", 2, Exactly(2.0))
}
