//! A valid access token is accepted: in the header, in the query, for the API, and within the leeway of its expiry.
//! When it is not, nobody can join, and every other check of this suite would pass for the wrong reason.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "auth.valid_token_accepted",
    title: "a valid token is accepted",
    tags: &["smoke", "security"],
    blame: Component::Keys,
    needs: &[Capability::Api],
    timeout: secs(40),
    lane: Lane::Shared,
    proven_by: &[
        Fault::RedisStopped,
        Fault::CertificateExpired,
        Fault::CertificateOtherName,
        Fault::CertificateOtherIssuer,
        Fault::SecretSwapped,
        Fault::AutoCreateOff,
    ],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "compare the API key and secret given to this run with `keys:` in livekit.yaml on every node";

async fn check(ctx: &Ctx) -> Verdict {
    let room = ctx.name("room");
    let token = ctx.join_token(&room, "caller").sign()?;
    let accepted = (200, "success");
    let mut tokens = 0;

    let by_header = ctx.signal().validate(&token).await?;
    ensure!((by_header.status, by_header.body.trim()), == accepted, "a valid token in the header is refused", fix = FIX);
    tokens += 1;
    let by_query = ctx.signal().validate_by_query(&token).await?;
    ensure!((by_query.status, by_query.body.trim()), == accepted, "a valid token in the query is refused", fix = FIX);
    tokens += 1;
    // Clocks differ: the server forgives 60 s.
    let just_expired = ctx.join_token(&room, "caller").expired_by(secs(20)).sign()?;
    let within = ctx.signal().validate(&just_expired).await?;
    ensure!(within.status, == 200, "a token that expired 20 s ago is refused, within the leeway of 60 s",
        blame = Component::LivekitServer, fix = "compare the server's clock with this machine's; both should follow NTP");
    tokens += 1;
    let list = ctx.token(VideoGrant { room_list: true, ..Default::default() }).sign()?;
    let listed = ctx.rooms().list_as(&list).await?;
    ensure!(listed.status, == 200, "a token that may list rooms is refused", fix = FIX);
    tokens += 1;
    ctx.pass().counted("tokens_accepted", tokens, Exactly(4.0))
}
