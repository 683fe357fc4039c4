//! Removing a participant puts that one out, says so, and leaves the others in.
//! A moderator who removes somebody believes it; a call that is answered and does nothing is worse than an error.

use greenlight_harness::clients::proto::signal_response::Message;
use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "api.remove_participant",
    title: "a removed participant is out and knows it",
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

/// `DisconnectReason.PARTICIPANT_REMOVED`.
const PARTICIPANT_REMOVED: i32 = 4;

async fn check(ctx: &Ctx) -> Verdict {
    let room = ctx.name("room");
    let token = ctx.join_token(&room, "rude").sign()?;
    let mut rude = ensure_joined!(ctx.signal().join(&token).await, "a join is refused", fix = FIX);
    let mut polite = ensure_joined!(ctx.participant(&room, "polite").await, "a join is refused", fix = FIX);
    let rooms = ctx.rooms();
    // A participant is removed by what Redis says, and that comes a moment later.
    let listed = ctx.eventually(secs(5), async || Ok(rooms.participant(&room, "rude").await?.ok()));
    ensure!(listed.await?.is_some(), == true, "who is in the room is not found", fix = FIX);
    ensure_ok!(rooms.remove_participant(&room, "rude").await?, "a participant can't be removed", fix = FIX);
    let told = rude.until(secs(10), |message| match message {
        Message::Leave(leave) => Some(leave.reason),
        _ => None,
    });
    let Some(reason) = told.await? else {
        return Err(failed("a removed participant is still in", "nothing", "a LeaveRequest", FIX, None));
    };
    ensure!(reason, == PARTICIPANT_REMOVED, "a removed participant is told another reason", fix = FIX);
    let alone = ctx.eventually(secs(5), async || {
        let present = rooms.participants(&room).await?.unwrap_or_default();
        Ok(present.iter().map(|participant| participant.identity.as_str()).eq(["polite"]).then_some(()))
    });
    ensure!(alone.await?.is_some(), == true, "the list does not come to show who is left", fix = FIX);
    ensure!(polite.until_left(Duration::from_millis(100)).await?, == None, "somebody else was put out too", fix = FIX);
    let again = rooms.remove_participant(&room, "rude").await?.map(drop).map_err(|refusal| refusal.0.status);
    ensure!(again, == Err(404), "removing somebody who is gone is answered wrongly", fix = FIX);
    polite.leave().await;
    ctx.pass().counted("participants_removed", 1, Exactly(1.0))
}
