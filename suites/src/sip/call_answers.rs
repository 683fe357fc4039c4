//! A call that can't be made is refused with the status that says why.
//! Dialers tell a wrong number from a bridge that is down by exactly these.

use greenlight_harness::clients::{Json, SipGrant, json};
use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "sip.call_answers",
    title: "calls that can't be made are answered as known",
    tags: &[],
    blame: Component::Balancer,
    needs: &[Capability::Api, Capability::SipApi, Capability::Owned],
    timeout: secs(60),
    lane: Lane::Shared,
    proven_by: &[Fault::SipRefusalsHidden],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "something between here and the server hides refusals: compare with a node directly";

async fn check(ctx: &Ctx) -> Verdict {
    let trunk = proto::SipOutboundTrunkInfo {
        name: ctx.name("trunk"),
        address: "127.0.0.1:9".into(),
        numbers: vec![number(ctx)],
        ..Default::default()
    };
    let made = ensure_ok!(ctx.sip().create_outbound_trunk(trunk).await?, "an outbound trunk can't be made", fix = FIX);
    let without = call(ctx, &json!({"sip_trunk_id": made.sip_trunk_id, "room_name": ctx.name("room")})).await;
    ensure_ok!(ctx.sip().delete_trunk(&made.sip_trunk_id).await?, "a trunk can't be deleted", fix = FIX);
    ensure!(without?, == (400, "invalid_argument".to_owned()), "a call without a number is answered wrongly", fix = FIX);
    let nowhere = json!({"sip_trunk_id": "ST_glt_none", "sip_call_to": "+15550000", "room_name": ctx.name("room")});
    ensure!(call(ctx, &nowhere).await?, == (404, "not_found".to_owned()), "a call over an unknown trunk is answered wrongly", fix = FIX);
    ctx.pass().counted("answers", 2, Exactly(2.0))
}

async fn call(ctx: &Ctx, request: &Json) -> Result<(u16, String), Halt> {
    let grant = SipGrant { admin: false, call: true };
    let answer = ctx.twirp().ask_json("SIP", "CreateSIPParticipant", grant, request).await?;
    Ok((answer.status, answer.code()))
}

/// A number that no other run and no other check uses.
fn number(ctx: &Ctx) -> String {
    let mixed = ctx.name("number").bytes().fold(7u64, |sum, byte| sum.wrapping_mul(131).wrapping_add(u64::from(byte)));
    format!("+1555{:010}", mixed % 10_000_000_000)
}
