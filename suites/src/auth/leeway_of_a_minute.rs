//! The server forgives a minute between clocks at both ends of a token's life, and no more.
//! With less, callers whose issuer is some seconds off are refused; with more, old tokens live on.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "auth.leeway_of_a_minute",
    title: "the server forgives clocks a minute, both ways",
    tags: &["security"],
    blame: Component::LivekitServer,
    needs: &[Capability::Api],
    timeout: secs(40),
    lane: Lane::Shared,
    proven_by: &[Fault::ExpiredTokensAccepted, Fault::EarlyTokensAccepted, Fault::RefusalsHidden],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "compare the clocks of server, issuer and this machine with NTP (`timedatectl`)";

async fn check(ctx: &Ctx) -> Verdict {
    let room = ctx.name("room");
    let token = || ctx.join_token(&room, "caller");
    let mut tokens = 0;
    for (what, forgiven) in
        [("expired 45 s ago", token().expired_by(secs(45))), ("valid in 45 s", token().early_by(secs(45)))]
    {
        let answer = ctx.signal().validate(&forgiven.sign()?).await?;
        ensure!(answer.status, == 200, format!("a token that is {what} is refused"), blame = Component::Keys, fix = FIX);
        tokens += 1;
    }
    for (what, over) in
        [("expired 80 s ago", token().expired_by(secs(80))), ("valid in 80 s", token().early_by(secs(80)))]
    {
        let answer = ctx.signal().validate(&over.sign()?).await?;
        ensure!(answer.status, == 401, format!("a token that is {what} is accepted"), fix = FIX);
        tokens += 1;
    }
    ctx.pass().counted("tokens", tokens, Exactly(4.0))
}
