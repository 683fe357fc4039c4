//! Agents are sent into a room, listed and called back with `roomAdmin` for that room alone.
//! An agent hears everything in its room: who may dispatch one without the grant may listen anywhere.

use greenlight_harness::prelude::*;
use greenlight_harness::{GRANTS_CHANGED, GrantTable, GrantedCall, not_administering};

pub(super) const CHECK: Check = Check {
    id: "auth.agent_dispatch_grants",
    title: "agent dispatch needs roomAdmin for that room",
    tags: &[],
    blame: Component::LivekitServer,
    needs: &[Capability::Api, Capability::Since(1, 8)],
    timeout: secs(60),
    lane: Lane::Shared,
    proven_by: &[Fault::GrantsIgnored, Fault::RefusalsHidden],
    fix: GRANTS_CHANGED,
    source: source!(),
    run: run!(check),
};

const CALLS: &[GrantedCall] = &[
    ("ListDispatch", r#"{"room":"ROOM"}"#, false),
    ("CreateDispatch", r#"{"room":"ROOM","agent_name":"glt-nobody"}"#, true),
    ("DeleteDispatch", r#"{"room":"ROOM","dispatch_id":"AD_x"}"#, false),
];

async fn check(ctx: &Ctx) -> Verdict {
    let room = ctx.name("room");
    // A dispatch makes the room it is for, and such a room calls the agents of everybody.
    let created = ctx.rooms().create(&proto::CreateRoomRequest { name: room.clone(), ..Default::default() }).await?;
    ensure_ok!(created, "a room can't be created", blame = Component::Keys, fix = "run `cargo verify --suite api`");
    let table = GrantTable {
        service: "AgentDispatchService",
        room: &room,
        calls: CALLS,
        good: VideoGrant::admin(&room).into(),
        bad: not_administering(&room),
    };
    table.verdict(ctx, 1.0).await
}
