//! A second rule for the same trunk, number and PIN is refused, and one with another PIN is taken.
//! Two rules for one call send it to a room by chance.

use greenlight_harness::clients::{Json, SipGrant, json};
use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "sip.second_rule_refused",
    title: "a second rule for the same calls is refused",
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
    let trunk = ctx.name("trunk");
    let rule = |pin: &str| {
        let direct = json!({"room_name": ctx.name("room"), "pin": pin});
        json!({"dispatch_rule": {"name": ctx.name("rule"), "trunk_ids": [trunk], "rule": {"dispatch_rule_direct": direct}}})
    };
    let first = ask(ctx, "CreateSIPDispatchRule", &rule("")).await?;
    let again = ask(ctx, "CreateSIPDispatchRule", &rule("")).await;
    let other = ask(ctx, "CreateSIPDispatchRule", &rule("4711")).await;
    for made in [Ok(&first), again.as_ref(), other.as_ref()].into_iter().flatten() {
        if made.1["sip_dispatch_rule_id"].is_string() {
            ask(ctx, "DeleteSIPDispatchRule", &json!({"sip_dispatch_rule_id": made.1["sip_dispatch_rule_id"]})).await?;
        }
    }
    ensure!((first.0, other?.0), == (200, 200), "rules that differ are refused", fix = FIX);
    let (status, body) = again?;
    let says = body["msg"].as_str().is_some_and(|msg| msg.contains("already exists in dispatch rule"));
    ensure!((status, says), == (400, true), "a second rule for the same calls is not refused", fix = FIX);
    ctx.pass().counted("refusals", 1, Exactly(1.0))
}
