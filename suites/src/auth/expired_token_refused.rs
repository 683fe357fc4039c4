//! An expired access token must not open a room.
//! A server with a skewed clock would keep letting people in whose access was meant to end.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "auth.expired_token_refused",
    title: "an expired token is refused",
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
        Fault::ExpiredTokensAccepted,
        Fault::RefusalsHidden,
        Fault::AutoCreateOff,
    ],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "compare the server's clock with NTP (`timedatectl`); the server forgives 60 s and no more";

async fn check(ctx: &Ctx) -> Verdict {
    let room = ctx.name("room");
    let good = ctx.join_token(&room, "caller").sign()?;
    ensure!(ctx.signal().validate(&good).await?.status, == 200, "a valid token is refused",
        blame = Component::Keys, fix = COMPARE_KEYS);

    let mut refused = 0;
    for late in [secs(90), secs(3600)] {
        let expired = ctx.join_token(&room, "caller").expired_by(late).sign()?;
        let answer = ctx.signal().validate(&expired).await?;
        ensure!(answer.status, == 401, format!("a token that expired {} s ago is accepted", late.as_secs()), fix = FIX);
        ensure!(answer.body.contains("token is expired"), == true, "it is refused for another reason than its expiry", fix = FIX);
        refused += 1;
        match ctx.signal().join(&expired).await {
            Err(JoinError::Refused(answer)) => {
                ensure!(answer.status, == 401, "a join with an expired token is answered wrongly", fix = FIX);
            }
            Err(other) => return Err(other.into()),
            Ok(_) => {
                return Err(failed("a join with an expired token succeeds", "a session", "401", FIX, None));
            }
        }
        refused += 1;
    }
    ctx.pass().counted("refusals", refused, Exactly(4.0))
}
