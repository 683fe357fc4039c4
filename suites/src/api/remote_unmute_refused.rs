//! Nobody can switch a muted microphone on from outside.
//! A microphone that an administrator can open is a listening device in every home office.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "api.remote_unmute_refused",
    title: "a muted track is not unmuted by the API",
    tags: &[],
    blame: Component::Configuration,
    needs: &[Capability::Api, Capability::Media],
    timeout: secs(60),
    lane: Lane::Shared,
    proven_by: &[Fault::RemoteUnmuteAllowed],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "remove `enable_remote_unmute: true` from `room:` in livekit.yaml";

async fn check(ctx: &Ctx) -> Verdict {
    let room = ctx.name("room");
    let mut speaker = ensure_joined!(ctx.participant(&room, "speaker").await, "a join is refused", fix = FIX);
    let track = speaker.publish_audio().await?;
    // The same call the other way round is allowed: what is refused is the opening and nothing else.
    let mute = async |muted: bool| -> Result<_, Halt> {
        let done = ctx.rooms().mute_track(&room, "speaker", &track, muted).await?;
        Ok(done.map(drop).map_err(|refusal| refusal.said()))
    };
    ensure!(mute(true).await?, == Ok(()), "a published track can't be muted",
        blame = Component::LivekitServer, fix = "read the node's log");
    let opened = mute(false).await?;
    ensure!(opened, == Err((412, "failed_precondition".to_owned())), "a muted microphone can be switched on from outside", fix = FIX);
    speaker.leave().await;
    ctx.pass().counted("unmutes_refused", 1, Exactly(1.0))
}
