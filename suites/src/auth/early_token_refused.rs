//! A token that is not valid yet is refused.
//! Access that was sold for tomorrow would be open today, and a server that accepts it has a clock that runs ahead.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "auth.early_token_refused",
    title: "a token that is not valid yet is refused",
    tags: &["security"],
    blame: Component::LivekitServer,
    needs: &[Capability::Api],
    timeout: secs(40),
    lane: Lane::Shared,
    proven_by: &[
        Fault::RedisStopped,
        Fault::CertificateExpired,
        Fault::SecretSwapped,
        Fault::EarlyTokensAccepted,
        Fault::RefusalsHidden,
    ],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "compare the server's clock with NTP (`timedatectl`); the server forgives 60 s and no more";

async fn check(ctx: &Ctx) -> Verdict {
    let token = ctx.join_token(&ctx.name("room"), "caller");
    ensure!(ctx.signal().validate(&token.sign()?).await?.status, == 200, "a valid token is refused",
        blame = Component::Keys, fix = COMPARE_KEYS);
    // Clocks differ: the server forgives 60 s this way too.
    let soon = token.clone().early_by(secs(20)).sign()?;
    ensure!(ctx.signal().validate(&soon).await?.status, == 200, "a token that is valid in 20 s is refused, within the leeway of 60 s", fix = FIX);

    let mut refused = 0;
    for ahead in [secs(120), secs(3600)] {
        let early = token.clone().early_by(ahead).sign()?;
        let answer = ctx.signal().validate(&early).await?;
        ensure!(answer.status, == 401, format!("a token that is valid only in {} s is accepted", ahead.as_secs()), fix = FIX);
        ensure!(answer.body.contains("not valid yet"), == true, "it is refused for another reason than its time", fix = FIX);
        refused += 1;
    }
    ctx.pass().counted("refusals", refused, Exactly(2.0))
}
