//! A token does only what it was granted: without the grant for it no joining, listing or administration.
//! Tokens are handed to browsers; one that may do more than it says hands them the server.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "auth.missing_grant_refused",
    title: "a token does only what it was granted",
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
        Fault::GrantsIgnored,
        Fault::RefusalsHidden,
        Fault::AutoCreateOff,
        Fault::RoomSwapped,
        Fault::AdminDropped,
    ],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "something between here and the server adds grants: compare with a node directly";

async fn check(ctx: &Ctx) -> Verdict {
    let (own, other) = (ctx.name("own"), ctx.name("other"));
    let grant = |grant| ctx.token(grant).identity("caller").sign();
    let join = grant(VideoGrant { room: own.clone(), room_join: true, ..Default::default() })?;
    let nothing = grant(VideoGrant { room: own.clone(), ..Default::default() })?;
    let list = grant(VideoGrant { room_list: true, ..Default::default() })?;
    let create = grant(VideoGrant { room_create: true, ..Default::default() })?;
    let mut refused = 0;

    ensure!(ctx.signal().validate(&join).await?.status, == 200, "a token that may join is refused",
        blame = Component::Keys, fix = COMPARE_KEYS);
    let answer = ctx.signal().validate(&nothing).await?;
    ensure!(answer.status, == 401, "a token without the grant to join may join", fix = FIX);
    refused += 1;

    ensure!(ctx.rooms().list_as(&list).await?.status, == 200, "a token that may list rooms is refused", fix = FIX);
    for without in [&join, &create] {
        let answer = ctx.rooms().list_as(without).await?;
        ensure!((answer.status, answer.code().as_str()), == (401, "unauthenticated"), "a token without the grant to list rooms lists them", fix = FIX);
        refused += 1;
    }

    // Administration is bound to the room that the token names.
    let admin = grant(VideoGrant { room: own.clone(), room_admin: true, ..Default::default() })?;
    let listed = ctx.rooms().participants_as(&admin, &own).await?;
    ensure!(listed.map(drop), == Ok(()), "the administrator of a room can't ask who is in it", fix = FIX);
    for (token, room) in [(&admin, &other), (&join, &own)] {
        let answer = ctx.rooms().participants_as(token, room).await?.map(drop).map_err(|refusal| refusal.said());
        ensure!(answer, == Err((401, "unauthenticated".to_owned())), "a token that does not administer a room is told who is in it", fix = FIX);
        refused += 1;
    }
    ctx.pass().counted("refusals", refused, Exactly(5.0))
}
