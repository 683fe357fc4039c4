//! Trunks and their passwords are for sip.admin only, and calls for sip.call only.
//! A trunk's password stands in lists in clear: whoever reads it makes calls on somebody else's bill.

use greenlight_harness::clients::{Grants, SipGrant, json};
use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "sip.grants_needed",
    title: "trunks and calls need their grants",
    tags: &["security"],
    blame: Component::LivekitServer,
    needs: &[Capability::Api, Capability::SipApi],
    timeout: secs(60),
    lane: Lane::Shared,
    proven_by: &[Fault::GrantsIgnored, Fault::RefusalsHidden],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "something between here and the server adds grants: compare with a node directly";

async fn check(ctx: &Ctx) -> Verdict {
    let admin = SipGrant { admin: true, call: false };
    let caller = SipGrant { admin: false, call: true };
    let none = json!({"numbers": ["+15550000000000"]});
    let good = ctx.twirp().ask_json("SIP", "ListSIPInboundTrunk", admin, &none).await?;
    ensure!(good.status, == 200, "a token with sip.admin can't list trunks", blame = Component::Keys, fix = COMPARE_KEYS);
    let everything_else = Grants {
        video: VideoGrant {
            room_create: true,
            room_list: true,
            room_record: true,
            ingress_admin: true,
            ..VideoGrant::admin("glt")
        },
        sip: None,
    };
    let call = json!({"sip_trunk_id": "ST_glt_none", "sip_call_to": "+15550000", "room_name": "glt"});
    let cases = [
        ("ListSIPInboundTrunk", caller.into(), &none),
        ("ListSIPOutboundTrunk", caller.into(), &none),
        ("ListSIPInboundTrunk", everything_else.clone(), &none),
        ("ListSIPDispatchRule", everything_else.clone(), &none),
        ("CreateSIPParticipant", admin.into(), &call),
        ("CreateSIPParticipant", everything_else, &call),
    ];
    let count = cases.len();
    for (method, grants, request) in cases {
        let grants: Grants = grants;
        let answer = ctx.twirp().ask_json("SIP", method, grants, request).await?;
        ensure!((answer.status, answer.code().as_str()), == (401, "unauthenticated"), format!("{method} needs no grant of its own"), fix = FIX);
    }
    ctx.pass().counted("refusals", count, Exactly(6.0))
}
