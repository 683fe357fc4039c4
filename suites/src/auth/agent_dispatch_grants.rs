//! Agents are sent into a room, listed and called back with `roomAdmin` for that room alone.
//! An agent hears everything in its room: who may dispatch one without the grant may listen anywhere.

use greenlight_harness::prelude::*;
use greenlight_harness::{GRANTS_CHANGED, GrantTable, GrantedCall, not_administering};

pub(super) const CHECK: Check = Check {
    id: "auth.agent_dispatch_grants",
    title: "agent dispatch needs roomAdmin for that room",
    tags: &[],
    blame: Component::LivekitServer,
    needs: &[Capability::Api],
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
    let table = GrantTable {
        service: "AgentDispatchService",
        room: &room,
        calls: CALLS,
        good: VideoGrant::admin(&room).into(),
        bad: not_administering(&room),
    };
    table.verdict(ctx, 1.0).await
}
