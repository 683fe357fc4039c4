//! A token that was changed after it was signed is refused.
//! Otherwise anybody with a token for one room could write another room into it.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "auth.tampered_token_refused",
    title: "a token changed after signing is refused",
    tags: &["smoke", "security"],
    blame: Component::LivekitServer,
    needs: &[Capability::Api],
    timeout: secs(40),
    lane: Lane::Shared,
    proven_by: &[
        Fault::RedisStopped,
        Fault::CertificateExpired,
        Fault::CertificateOtherName,
        Fault::CertificateOtherIssuer,
        Fault::SecretSwapped,
        Fault::ForgedTokensAccepted,
        Fault::RefusalsHidden,
        Fault::AutoCreateOff,
    ],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "something between here and the server vouches for tokens: compare with a node directly";

async fn check(ctx: &Ctx) -> Verdict {
    let own = ctx.join_token(&ctx.name("own"), "caller").sign()?;
    let other = ctx.join_token(&ctx.name("other"), "caller").sign()?;
    // Both are good as they were signed; only their mixture is not.
    for good in [&own, &other] {
        ensure!(ctx.signal().validate(good).await?.status, == 200, "a valid token is refused",
            blame = Component::Keys, fix = COMPARE_KEYS);
    }
    let mut refused = 0;
    for tampered in [own.with_claims_of(&other), other.with_claims_of(&own)] {
        let answer = ctx.signal().validate(&tampered).await?;
        ensure!(answer.status, == 401, "a token with another room written into it is accepted", fix = FIX);
        ensure!(SIGNATURE_REFUSED.iter().any(|reason| answer.body.contains(reason)), == true, "it is refused for another reason than its signature", fix = FIX);
        refused += 1;
    }
    ctx.pass().counted("refusals", refused, Exactly(2.0))
}
