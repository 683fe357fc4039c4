//! A token must name the key that signed it: without an issuer it is refused, whatever its signature.
//! A server that tries its keys until one fits takes tokens of keys that were meant for something else.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "auth.token_without_issuer_refused",
    title: "a token without an issuer is refused",
    tags: &["security"],
    blame: Component::LivekitServer,
    needs: &[Capability::Api],
    timeout: secs(40),
    lane: Lane::Shared,
    proven_by: &[Fault::ForgedTokensAccepted, Fault::RefusalsHidden],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "something between here and the server signs tokens again: compare with a node directly";

async fn check(ctx: &Ctx) -> Verdict {
    let room = ctx.name("room");
    let good = ctx.join_token(&room, "caller").sign()?;
    ensure!(ctx.signal().validate(&good).await?.status, == 200, "a valid token is refused",
        blame = Component::Keys, fix = COMPARE_KEYS);
    let mut refused = 0;
    for (what, token, issuer) in [
        ("no issuer", ctx.join_token(&room, "caller").without_issuer(), ""),
        ("an issuer that nobody knows", ctx.join_token(&room, "caller").issuer("APInobody"), "APInobody"),
    ] {
        let answer = ctx.signal().validate(&token.sign()?).await?;
        // Recorded from livekit-server 1.13.5.
        let expected = format!("invalid API key: {issuer}");
        ensure!((answer.status, answer.body.trim()), == (401, expected.trim()), format!("a token with {what} is accepted"), fix = FIX);
        refused += 1;
    }
    ctx.pass().counted("refusals", refused, Exactly(2.0))
}
