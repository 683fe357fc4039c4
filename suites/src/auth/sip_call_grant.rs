//! Calls over SIP are started with `sip.call`; the grant to manage trunks is not enough.
//! Every call costs money: an open call API is found within days and used for premium numbers.

use greenlight_harness::clients::{Grants, SipGrant};
use greenlight_harness::prelude::*;
use greenlight_harness::{GRANTS_CHANGED, GrantTable, GrantedCall};

pub(super) const CHECK: Check = Check {
    id: "auth.sip_call_grant",
    title: "SIP calls need sip.call",
    tags: &[],
    blame: Component::LivekitServer,
    needs: &[Capability::Api, Capability::Owned],
    timeout: secs(60),
    lane: Lane::Shared,
    proven_by: &[Fault::GrantsIgnored, Fault::RefusalsHidden],
    fix: GRANTS_CHANGED,
    source: source!(),
    run: run!(check),
};

const CALLS: &[GrantedCall] = &[
    ("CreateSIPParticipant", r#"{}"#, true),
    ("TransferSIPParticipant", r#"{"room_name":"ROOM","participant_identity":"x","transfer_to":"tel:+1"}"#, false),
];

async fn check(ctx: &Ctx) -> Verdict {
    let room = ctx.name("room");
    let everything = VideoGrant::everything(&room);
    let table = GrantTable {
        service: "SIP",
        room: &room,
        calls: CALLS,
        good: SipGrant { admin: false, call: true }.into(),
        bad: vec![
            ("without a sip claim", Grants { video: everything.clone(), sip: None }),
            (
                "that may only manage trunks",
                Grants { video: everything, sip: Some(SipGrant { admin: true, call: false }) },
            ),
        ],
    };
    table.verdict(ctx, 1.0).await
}
