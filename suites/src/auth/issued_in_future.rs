//! A token that says it was issued in the future is accepted, as long as `nbf` and `exp` allow it.
//! An issuer whose clock is ahead writes such tokens: were `iat` held against them, nobody whom it lets in could join.

use greenlight_harness::prelude::*;
use std::time::SystemTime;

pub(super) const CHECK: Check = Check {
    id: "auth.issued_in_future",
    title: "a token issued in the future is taken",
    tags: &["security"],
    blame: Component::LivekitServer,
    needs: &[Capability::Api, Capability::Since(1, 13)],
    timeout: secs(40),
    lane: Lane::Shared,
    proven_by: &[Fault::IssueTimeEnforced, Fault::EarlyTokensAccepted, Fault::RefusalsHidden],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "compare the clocks of issuer and server with NTP (`timedatectl`), and leave iat out of tokens";

async fn check(ctx: &Ctx) -> Verdict {
    let token = ctx.join_token(&ctx.name("room"), "caller");
    let now = token.clone().issued_at(SystemTime::now()).sign()?;
    let answer = ctx.signal().validate(&now).await?;
    ensure!(answer.status, == 200, "a token that was issued now is refused", blame = Component::Keys, fix = COMPARE_KEYS);
    // Within the minute that other claims are forgiven, and far beyond it.
    let mut taken = 0;
    for ahead in [secs(45), secs(3_600)] {
        let early = token.clone().issued_at(SystemTime::now() + ahead).sign()?;
        let answer = ctx.signal().validate(&early).await?;
        let seconds = ahead.as_secs();
        ensure!((answer.status, answer.body.as_str()), == (200, "success"), format!("a token issued {seconds} s ahead is refused"), fix = FIX);
        taken += 1;
    }
    // What does hold such a token back is nbf.
    let barred = token.issued_at(SystemTime::now() + secs(3_600)).early_by(secs(3_600)).sign()?;
    let answer = ctx.signal().validate(&barred).await?;
    ensure!(answer.status, == 401, "a token that is not valid yet is accepted", fix = FIX);
    ctx.pass().counted("tokens_taken", taken, Exactly(2.0))
}
