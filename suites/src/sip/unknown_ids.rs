//! Trunks and rules that do not exist are answered as known: 404, and 200 for deleting a trunk.
//! Scripts that tidy up run twice; they must be able to tell "already gone" from "could not look".

use greenlight_harness::clients::{Json, SipGrant, json};
use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "sip.unknown_ids",
    title: "unknown trunks and rules are answered as known",
    tags: &[],
    blame: Component::Redis,
    needs: &[Capability::Api, Capability::SipApi],
    timeout: secs(60),
    lane: Lane::Shared,
    proven_by: &[Fault::SipStoreBroken],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str =
    "look at the type of the keys sip_inbound_trunk, sip_outbound_trunk and sip_dispatch_rule in Redis: each is a hash";

const ADMIN: SipGrant = SipGrant { admin: true, call: false };

async fn ask(ctx: &Ctx, method: &str, request: &Json) -> Result<(u16, Json), Halt> {
    let answer = ctx.twirp().ask_json("SIP", method, ADMIN, request).await?;
    Ok((answer.status, answer.json()))
}

async fn check(ctx: &Ctx) -> Verdict {
    let gone = (404, json!("not_found"));
    let update = json!({"name": "x"});
    for (method, request) in [
        ("UpdateSIPInboundTrunk", json!({"sip_trunk_id": "ST_glt_none", "update": update})),
        ("UpdateSIPDispatchRule", json!({"sip_dispatch_rule_id": "SDR_glt_none", "update": update})),
        ("DeleteSIPDispatchRule", json!({"sip_dispatch_rule_id": "SDR_glt_none"})),
    ] {
        let (status, body) = ask(ctx, method, &request).await?;
        ensure!((status, body["code"].clone()), == gone, format!("{method} of an unknown id is answered wrongly"), fix = FIX);
    }
    // The trap of 1.13.5: a trunk that never was is deleted with success.
    let (status, body) = ask(ctx, "DeleteSIPTrunk", &json!({"sip_trunk_id": "ST_glt_none"})).await?;
    ensure!((status, body["sip_trunk_id"].clone()), == (200, json!("ST_glt_none")), "DeleteSIPTrunk of an unknown id is answered wrongly", fix = FIX);
    ctx.pass().counted("answers", 4, Exactly(4.0))
}
