//! Muting a published track shows at the participant, and for an unknown track no track is named.
//! Moderators mute whoever disturbs; everybody else must see and hear that it happened.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "api.mute_track",
    title: "a published track is muted by the API",
    tags: &[],
    blame: Component::Balancer,
    needs: &[Capability::Api, Capability::Media],
    timeout: secs(60),
    lane: Lane::Shared,
    proven_by: &[Fault::ModerationSwallowed],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "ask a node directly; if that works, something before it answers in its place";

async fn check(ctx: &Ctx) -> Verdict {
    let room = ctx.name("room");
    let mut speaker = ensure_joined!(ctx.participant(&room, "speaker").await, "a join is refused", fix = FIX);
    let track = speaker.publish_audio().await?;
    let rooms = ctx.rooms();
    let shown = async |muted: bool| {
        let present = rooms.participant(&room, "speaker").await?;
        let tracks = present.map(|participant| participant.tracks).unwrap_or_default();
        Ok(tracks.iter().any(|known| known.sid == track && known.muted == muted).then_some(()))
    };
    let there = ctx.eventually(secs(5), async || shown(false).await).await?;
    ensure!(there.is_some(), == true, "a published track is not listed as sending", fix = FIX);
    let done = rooms.mute_track(&room, "speaker", &track, true).await?;
    ensure!(done.map(drop).map_err(|refusal| refusal.said()), == Ok(()), "a published track can't be muted", fix = FIX);
    let there = ctx.eventually(secs(5), async || shown(true).await).await?;
    ensure!(there.is_some(), == true, "a track that was muted is still listed as sending", fix = FIX);
    // The trap of 1.13.5: an unknown track is muted with success, and the answer names none.
    let unknown = rooms.mute_track(&room, "speaker", "TR_none", true).await?;
    let unknown = unknown.map(|answer| answer.track.is_none()).map_err(|refusal| refusal.0.status);
    ensure!(unknown, == Ok(true), "muting an unknown track is answered wrongly", fix = FIX);
    speaker.leave().await;
    ctx.pass().counted("tracks_muted", 1, Exactly(1.0))
}
