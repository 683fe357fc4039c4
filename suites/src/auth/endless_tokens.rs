//! A token without `exp`, or with one ten years ahead, is answered as one with an end.
//! Such a token works on 1.13.5 for ever once it leaks, and later versions refuse it: an upgrade then cuts off the
//! applications that issue it.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "auth.endless_tokens",
    title: "tokens without an end work today, and are named",
    tags: &["security"],
    blame: Component::LivekitServer,
    needs: &[Capability::Api],
    timeout: secs(40),
    lane: Lane::Shared,
    proven_by: &[Fault::ExpiryRequired],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "let every issuer set exp, some hours ahead at most, before the server is upgraded";

async fn check(ctx: &Ctx) -> Verdict {
    let token = ctx.join_token(&ctx.name("room"), "caller");
    let with_end = ctx.signal().validate(&token.sign()?).await?;
    ensure!(with_end.status, == 200, "a valid token is refused", blame = Component::Keys, fix = COMPARE_KEYS);
    let ten_years = token.clone().expires_in(secs(3_600 * 24 * 3_650)).sign()?;
    let answer = ctx.signal().validate(&ten_years).await?;
    ensure!(answer.status, == 200, "a token that ends in ten years is refused: issuers that make such tokens are cut off", fix = FIX);
    let answer = ctx.signal().validate(&token.without_exp().sign()?).await?;
    ensure!(answer.status, == 200, "a token without exp is refused: issuers that make such tokens are cut off", fix = FIX);
    let concern = failed("a token without exp is valid for ever", "200", "401, as from protocol 1.54 on", FIX, None);
    ctx.pass().counted("tokens_accepted", 2, Exactly(2.0))?.warned(concern)
}
