//! A join to a room that nobody created opens it, as `room.auto_create` says.
//! Most applications never create rooms: where joins do not open them, every call is refused with 404.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "signal.join_opens_room",
    title: "a join opens a room that nobody created",
    tags: &[],
    blame: Component::LivekitServer,
    needs: &[Capability::Api],
    timeout: secs(40),
    lane: Lane::Shared,
    proven_by: &[Fault::AutoCreateOff],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str =
    "set `room.auto_create: true` in livekit.yaml on every node, or let the application create rooms first";

async fn check(ctx: &Ctx) -> Verdict {
    let room = ctx.name("room");
    let token = ctx.join_token(&room, "caller").sign()?;
    let before = ensure_ok!(ctx.rooms().list(&[&room]).await?, "rooms can't be listed", fix = FIX);
    ensure!(before.len(), == 0, "the room is there before anybody joined", fix = "look who uses the names of this run");
    let session =
        ensure_joined!(ctx.signal().join(&token).await, "a join does not open a room that nobody created", fix = FIX);
    let rooms = ctx.rooms();
    let listed = ctx.eventually(secs(5), async || {
        let listed = rooms.list(&[&room]).await?.unwrap_or_default();
        Ok(listed.into_iter().next().map(|room| room.sid))
    });
    ensure!(listed.await?.as_deref(), == Some(session.room_sid()), "the room that the join opened is not listed", fix = FIX);
    session.leave().await;
    ctx.pass().counted("rooms_opened", 1, Exactly(1.0))
}
