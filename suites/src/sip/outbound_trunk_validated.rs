//! An outbound trunk needs an address that is no URI, and a number to call from.
//! A trunk without them is taken to work until the first call, which is when somebody needs it.

use greenlight_harness::clients::{Json, SipGrant, json};
use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "sip.outbound_trunk_validated",
    title: "outbound trunks without address or number are refused",
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
    let (name, address, numbers) = (ctx.name("trunk"), "127.0.0.1:9", vec![number(ctx)]);
    let whole = json!({"trunk": {"name": name, "address": address, "numbers": numbers}});
    let (status, made) = ask(ctx, "CreateSIPOutboundTrunk", &whole).await?;
    ensure!(status, == 200, "an outbound trunk can't be made", fix = FIX);
    ask(ctx, "DeleteSIPTrunk", &json!({"sip_trunk_id": made["sip_trunk_id"]})).await?;
    for (what, trunk, text) in [
        ("no address", json!({"name": name, "numbers": numbers}), "no outbound address specified"),
        ("no number", json!({"name": name, "address": address}), "no trunk numbers specified"),
        (
            "a URI for an address",
            json!({"name": name, "address": "sip:a@127.0.0.1:9", "numbers": numbers}),
            "not SIP URI",
        ),
    ] {
        let (status, body) = ask(ctx, "CreateSIPOutboundTrunk", &json!({"trunk": trunk})).await?;
        let says = body["msg"].as_str().is_some_and(|msg| msg.contains(text));
        ensure!((status, says), == (400, true), format!("an outbound trunk with {what} is not refused for that"), fix = FIX);
    }
    ctx.pass().counted("refusals", 3, Exactly(3.0))
}

/// A number that no other run and no other check uses.
fn number(ctx: &Ctx) -> String {
    let mixed = ctx.name("number").bytes().fold(7u64, |sum, byte| sum.wrapping_mul(131).wrapping_add(u64::from(byte)));
    format!("+1555{:010}", mixed % 10_000_000_000)
}
