//! Deleting a room puts everybody in it out, and says so to them.
//! A room that was ended by the application goes on otherwise, with everybody in it and nobody in charge.

use greenlight_harness::clients::proto::signal_response::Message;
use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "api.delete_ends_room",
    title: "deleting a room puts its participants out",
    tags: &[],
    blame: Component::Balancer,
    needs: &[Capability::Api],
    timeout: secs(60),
    lane: Lane::Shared,
    proven_by: &[Fault::DeletionSwallowed],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "ask a node directly; if that works, something before it answers in its place";

/// `DisconnectReason.ROOM_DELETED`.
const ROOM_DELETED: i32 = 5;

async fn check(ctx: &Ctx) -> Verdict {
    let room = ctx.name("room");
    let token = ctx.join_token(&room, "guest").sign()?;
    let mut guest = ensure_joined!(ctx.signal().join(&token).await, "a join is refused", fix = FIX);
    ensure!(guest.room_sid().starts_with("RM_"), == true, "the server names no room", fix = FIX);
    ensure_ok!(ctx.rooms().delete(&room).await?, "the room can't be deleted", fix = FIX);
    let told = guest.until(secs(10), |message| match message {
        Message::Leave(leave) => Some(leave.reason),
        _ => None,
    });
    let Some(reason) = told.await? else {
        return Err(failed(
            "nobody tells a participant that the room was deleted",
            "nothing",
            "a LeaveRequest",
            FIX,
            None,
        ));
    };
    ensure!(reason, == ROOM_DELETED, "a participant is told another reason than the deletion", fix = FIX);
    let empty = ctx.eventually(secs(5), async || {
        Ok(ctx.rooms().participants(&room).await?.is_ok_and(|left| left.is_empty()).then_some(()))
    });
    ensure!(empty.await?.is_some(), == true, "somebody is still listed in a deleted room", fix = FIX);
    ctx.pass().counted("participants_put_out", 1, Exactly(1.0))
}
