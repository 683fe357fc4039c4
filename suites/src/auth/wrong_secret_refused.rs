//! A token signed with another secret, or by an unknown key, opens nothing.
//! If it did, anybody could mint tokens for any room.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "auth.wrong_secret_refused",
    title: "a token with a wrong secret or an unknown key is refused",
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
    let room = ctx.name("room");
    let join = ctx.join_token(&room, "caller");
    let list = ctx.token(VideoGrant { room_list: true, ..Default::default() });
    // The same two calls with the real secret, or a refusal says nothing about the signature.
    ensure!(ctx.signal().validate(&join.sign()?).await?.status, == 200, "a valid token is refused",
        blame = Component::Keys, fix = COMPARE_KEYS);
    ensure!(ctx.rooms().list_as(&list.sign()?).await?.status, == 200, "a valid token is refused by the API",
        blame = Component::Keys, fix = COMPARE_KEYS);

    // One letter more than the real one: as close as a wrong secret gets.
    let wrong = Secret::new(format!("{}x", ctx.key().secret.expose()));
    let unknown = format!("{}x", ctx.key().id);
    let forged = [
        (join.clone().secret(wrong.clone()), list.clone().secret(wrong), SIGNATURE_REFUSED),
        (join.issuer(&unknown), list.issuer(&unknown), &["invalid API key"][..]),
    ];
    let mut refused = 0;
    for (join, list, reasons) in forged {
        for answer in [ctx.signal().validate(&join.sign()?).await?, ctx.rooms().list_as(&list.sign()?).await?] {
            ensure!(answer.status, == 401, "a forged token is accepted", fix = FIX);
            let known = reasons.iter().any(|reason| answer.body.contains(reason));
            ensure!(known, == true, format!("it is refused for another reason than {:?}", reasons[0]), fix = FIX);
            refused += 1;
        }
    }
    ctx.pass().counted("refusals", refused, Exactly(4.0))
}
