//! Every call that administers a room needs `roomAdmin` and the name of that very room.
//! A moderator of one room, or a caller, could mute, remove and listen in every other.

use greenlight_harness::prelude::*;
use greenlight_harness::{GRANTS_CHANGED, GrantTable, GrantedCall, not_administering};

pub(super) const CHECK: Check = Check {
    id: "auth.room_administration_grants",
    title: "room administration needs roomAdmin for that room",
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
    ("ListParticipants", r#"{"room":"ROOM"}"#, true),
    ("GetParticipant", r#"{"room":"ROOM","identity":"x"}"#, true),
    ("RemoveParticipant", r#"{"room":"ROOM","identity":"x"}"#, true),
    ("UpdateParticipant", r#"{"room":"ROOM","identity":"x"}"#, true),
    ("UpdateRoomMetadata", r#"{"room":"ROOM","metadata":"m"}"#, true),
    ("SendData", r#"{"room":"ROOM","data":"aGk="}"#, false),
    ("MutePublishedTrack", r#"{"room":"ROOM","identity":"x","track_sid":"TR_x"}"#, false),
    ("UpdateSubscriptions", r#"{"room":"ROOM","identity":"x"}"#, false),
    // From here on 1.7.0 knows none.
    ("ForwardParticipant", r#"{"room":"ROOM","identity":"x","destination_room":"h"}"#, false),
    ("MoveParticipant", r#"{"room":"ROOM","identity":"x","destination_room":"h"}"#, false),
    ("PerformRpc", r#"{"room":"ROOM","destination_identity":"x","method":"m"}"#, false),
];

async fn check(ctx: &Ctx) -> Verdict {
    let room = ctx.name("room");
    let table = GrantTable {
        service: "RoomService",
        room: &room,
        calls: if ctx.is_since(1, 10) { CALLS } else { &CALLS[..8] },
        good: VideoGrant { destination_room: "h".into(), ..VideoGrant::admin(&room) }.into(),
        bad: not_administering(&room),
    };
    table.verdict(ctx, 5.0).await
}
