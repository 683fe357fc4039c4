//! Every call about SIP trunks and dispatch rules needs `sip.admin`; the grant to call is not enough.
//! Lists of trunks hold passwords in clear, and a rule sends every caller where its author likes.

use greenlight_harness::clients::{Grants, SipGrant};
use greenlight_harness::prelude::*;
use greenlight_harness::{GRANTS_CHANGED, GrantTable, GrantedCall};

pub(super) const CHECK: Check = Check {
    id: "auth.sip_admin_grant",
    title: "SIP trunks and rules need sip.admin",
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
    ("ListSIPTrunk", r#"{}"#, true),
    ("ListSIPInboundTrunk", r#"{}"#, true),
    ("ListSIPOutboundTrunk", r#"{}"#, true),
    ("ListSIPDispatchRule", r#"{}"#, true),
    ("CreateSIPInboundTrunk", r#"{}"#, true),
    ("CreateSIPOutboundTrunk", r#"{}"#, true),
    ("UpdateSIPInboundTrunk", r#"{"sip_trunk_id":"ST_x"}"#, true),
    ("UpdateSIPOutboundTrunk", r#"{"sip_trunk_id":"ST_x"}"#, true),
    ("GetSIPInboundTrunk", r#"{"sip_trunk_id":"ST_x"}"#, true),
    ("GetSIPOutboundTrunk", r#"{"sip_trunk_id":"ST_x"}"#, true),
    ("DeleteSIPTrunk", r#"{"sip_trunk_id":"ST_glt-nobody"}"#, true),
    ("CreateSIPDispatchRule", r#"{}"#, true),
    ("UpdateSIPDispatchRule", r#"{"sip_dispatch_rule_id":"SDR_x"}"#, true),
    ("DeleteSIPDispatchRule", r#"{"sip_dispatch_rule_id":"SDR_x"}"#, true),
];

async fn check(ctx: &Ctx) -> Verdict {
    let room = ctx.name("room");
    let everything = VideoGrant::everything(&room);
    let table = GrantTable {
        service: "SIP",
        room: &room,
        calls: CALLS,
        good: SipGrant { admin: true, call: false }.into(),
        bad: vec![
            ("without a sip claim", Grants { video: everything.clone(), sip: None }),
            ("that may only call", Grants { video: everything, sip: Some(SipGrant { admin: false, call: true }) }),
        ],
    };
    table.verdict(ctx, 14.0).await
}
