//! Only HS256 is accepted: no unsigned token, and no other algorithm even with the right secret.
//! `alg: none` is the oldest way around a signature, and a library that takes what the token names takes that too.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "auth.other_algorithms_refused",
    title: "unsigned tokens and other algorithms are refused",
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
        Fault::OtherAlgorithmsAccepted,
        Fault::RefusalsHidden,
        Fault::AutoCreateOff,
    ],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "something between here and the server vouches for tokens: compare with a node directly";

async fn check(ctx: &Ctx) -> Verdict {
    let token = ctx.join_token(&ctx.name("room"), "caller");
    ensure!(ctx.signal().validate(&token.sign()?).await?.status, == 200, "a valid token is refused",
        blame = Component::Keys, fix = COMPARE_KEYS);

    let odd = [
        ("none", token.unsigned()?),
        ("HS384", token.sign_as(Algorithm::HS384)?),
        ("HS512", token.sign_as(Algorithm::HS512)?),
    ];
    let mut refused = 0;
    // 1.7.0 takes every HMAC with the right secret, which is no way in; `none` it refuses in other words.
    let is_new = ctx.is_since(1, 13);
    for (algorithm, token) in odd.into_iter().take(if is_new { 3 } else { 1 }) {
        let answer = ctx.signal().validate(&token).await?;
        ensure!(answer.status, == 401, format!("a token with the algorithm {algorithm} is accepted"), fix = FIX);
        let reason = format!("signing method {algorithm} is invalid");
        ensure!(answer.body.contains(&reason) || !is_new, == true, format!("it is refused for another reason than {algorithm}"), fix = FIX);
        refused += 1;
    }
    ctx.pass().counted("refusals", refused, Exactly(if is_new { 3.0 } else { 1.0 }))
}
