//! Rooms are created and deleted with `roomCreate` and listed with `roomList`, and with nothing else.
//! A caller's token that deletes rooms ends every call; one that lists them knows who talks to whom.

use greenlight_harness::clients::{Grants, SipGrant};
use greenlight_harness::prelude::*;
use greenlight_harness::{GRANTS_CHANGED, GrantTable, GrantedCall};

pub(super) const CHECK: Check = Check {
    id: "auth.room_creation_grant",
    title: "rooms are made and removed with roomCreate alone",
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
    ("CreateRoom", r#"{"name":"ROOM","agents":[{"agent_name":"glt-nobody"}]}"#, true),
    ("DeleteRoom", r#"{"room":"ROOM"}"#, true),
    ("ListRooms", r#"{"names":["ROOM"]}"#, true),
];

async fn check(ctx: &Ctx) -> Verdict {
    let room = ctx.name("room");
    let everything = VideoGrant::everything(&room);
    let table = GrantTable {
        service: "RoomService",
        room: &room,
        calls: CALLS,
        good: VideoGrant { room_create: true, room_list: true, ..Default::default() }.into(),
        bad: vec![(
            "without roomCreate and roomList",
            Grants {
                video: VideoGrant { room_create: false, room_list: false, ..everything },
                sip: Some(SipGrant { admin: true, call: true }),
            },
        )],
    };
    table.verdict(ctx, 3.0).await
}
