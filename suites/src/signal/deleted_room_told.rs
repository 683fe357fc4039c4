//! When a room is deleted, by a request to any node, everybody in it gets a Leave that says so.
//! Clients that do not hear of it reconnect, and the room that was ended opens again.

use greenlight_harness::clients::proto::signal_response;
use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "signal.deleted_room_told",
    title: "who is in a deleted room is told so",
    tags: &[],
    blame: Component::Redis,
    needs: &[Capability::Api, Capability::TwoNodes],
    timeout: secs(40),
    lane: Lane::Shared,
    proven_by: &[Fault::NodeOnOtherRedis],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "all nodes must use one Redis; compare `redis:` in the nodes' livekit.yaml";

async fn check(ctx: &Ctx) -> Verdict {
    let room = ctx.name("room");
    let token = ctx.join_token(&room, "caller").sign()?;
    let (one, other) = (&ctx.nodes()[0], &ctx.nodes()[1]);
    let mut session =
        ensure_joined!(one.signal().join(&token).await, format!("{} refuses a join", one.name), fix = FIX);
    let deleted = other.rooms(ctx.key()).delete(&room).await?;
    ensure_ok!(deleted, format!("{} can't delete a room that {} has opened", other.name, one.name), fix = FIX);
    let reason = session.until(secs(10), |message| match message {
        signal_response::Message::Leave(leave) => Some(leave.reason()),
        _ => None,
    });
    let reason = reason.await?.map(|reason| reason.as_str_name());
    ensure!(reason, == Some("ROOM_DELETED"), "who is in a deleted room is not told so", blame = Component::LivekitServer, fix = FIX);
    ctx.pass().counted("rooms_deleted", 1, Exactly(1.0))
}
