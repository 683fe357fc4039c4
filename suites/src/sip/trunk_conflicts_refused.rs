//! A second inbound trunk for the same number is refused, and so is one without any restriction.
//! Two trunks for one number make every call to it fail, and a trunk without restriction takes calls from anybody.

use greenlight_harness::clients::{Json, SipGrant, json};
use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "sip.trunk_conflicts_refused",
    title: "conflicting and unrestricted inbound trunks are refused",
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

const ADMIN: SipGrant = SipGrant { admin: true, call: false };

async fn ask(ctx: &Ctx, method: &str, request: &Json) -> Result<(u16, Json), Halt> {
    let answer = ctx.twirp().ask_json("SIP", method, ADMIN, request).await?;
    Ok((answer.status, answer.json()))
}

async fn check(ctx: &Ctx) -> Verdict {
    let trunk = json!({"trunk": {"name": ctx.name("trunk"), "numbers": [number(ctx)]}});
    let (status, made) = ask(ctx, "CreateSIPInboundTrunk", &trunk).await?;
    ensure!(status, == 200, "an inbound trunk can't be made", fix = FIX);
    let again = ask(ctx, "CreateSIPInboundTrunk", &trunk).await;
    let open = ask(ctx, "CreateSIPInboundTrunk", &json!({"trunk": {"name": ctx.name("open")}})).await;
    ask(ctx, "DeleteSIPTrunk", &json!({"sip_trunk_id": made["sip_trunk_id"]})).await?;
    for (what, answer, text) in [
        ("a second trunk for one number", again?, "Conflicting inbound SIP Trunks"),
        ("a trunk without any restriction", open?, "for security, one of the fields must be set"),
    ] {
        let says = answer.1["msg"].as_str().is_some_and(|msg| msg.contains(text));
        ensure!((answer.0, says), == (400, true), format!("{what} is not refused for that reason"), fix = FIX);
    }
    ctx.pass().counted("refusals", 2, Exactly(2.0))
}

/// A number that no other run and no other check uses.
fn number(ctx: &Ctx) -> String {
    let mixed = ctx.name("number").bytes().fold(7u64, |sum, byte| sum.wrapping_mul(131).wrapping_add(u64::from(byte)));
    format!("+1555{:010}", mixed % 10_000_000_000)
}
