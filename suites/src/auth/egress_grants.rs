//! Every call about recordings and streams needs `roomRecord`.
//! A recording is a copy of a call: who may start or list one without the grant takes it home.

use greenlight_harness::clients::{Grants, SipGrant};
use greenlight_harness::prelude::*;
use greenlight_harness::{GRANTS_CHANGED, GrantTable, GrantedCall};

pub(super) const CHECK: Check = Check {
    id: "auth.egress_grants",
    title: "recordings need roomRecord",
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
    ("ListEgress", r#"{}"#, true),
    ("StartRoomCompositeEgress", r#"{}"#, false),
    ("StartWebEgress", r#"{}"#, false),
    ("StartParticipantEgress", r#"{}"#, false),
    ("StartTrackCompositeEgress", r#"{}"#, false),
    ("StartTrackEgress", r#"{}"#, false),
    ("UpdateStream", r#"{"egress_id":"EG_x"}"#, false),
    ("StopEgress", r#"{"egress_id":"EG_x"}"#, false),
    ("UpdateLayout", r#"{"egress_id":"EG_x"}"#, true),
    // 1.7.0 does not know it.
    ("StartEgress", r#"{}"#, false),
];

async fn check(ctx: &Ctx) -> Verdict {
    let room = ctx.name("room");
    let everything = VideoGrant::everything(&room);
    let table = GrantTable {
        service: "Egress",
        room: &room,
        calls: if ctx.is_since(1, 13) { CALLS } else { &CALLS[..CALLS.len() - 1] },
        good: VideoGrant { room_record: true, ..Default::default() }.into(),
        bad: vec![(
            "without roomRecord",
            Grants {
                video: VideoGrant { room_record: false, ..everything },
                sip: Some(SipGrant { admin: true, call: true }),
            },
        )],
    };
    table.verdict(ctx, 2.0).await
}
