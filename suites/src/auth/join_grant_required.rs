//! A join needs the grant to join: no video claim, `roomJoin` false and other grants are all refused.
//! Tokens made for a dashboard or a recorder would let whoever holds them listen to calls.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "auth.join_grant_required",
    title: "only a token that may join may join",
    tags: &["security"],
    blame: Component::LivekitServer,
    needs: &[Capability::Api],
    timeout: secs(40),
    lane: Lane::Shared,
    proven_by: &[Fault::GrantsIgnored, Fault::RefusalsHidden],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "something between here and the server adds grants: compare with a node directly";

async fn check(ctx: &Ctx) -> Verdict {
    let room = ctx.name("room");
    let good = ctx.join_token(&room, "caller").sign()?;
    ensure!(ctx.signal().validate(&good).await?.status, == 200, "a valid token is refused",
        blame = Component::Keys, fix = COMPARE_KEYS);
    let grant = |grant| ctx.token(grant).identity("caller");
    let none = VideoGrant { room: room.clone(), ..Default::default() };
    let create = VideoGrant { room_create: true, ..none.clone() };
    let admin = VideoGrant { room_admin: true, ..none.clone() };
    let tokens = [
        ("without a video claim", grant(none.clone()).without_video().sign()?, "no permissions to access the room"),
        ("without any grant", grant(none).sign()?, "permissions denied"),
        ("that may create rooms", grant(create).sign()?, "permissions denied"),
        ("that administers the room", grant(admin).sign()?, "permissions denied"),
    ];
    let mut refused = 0;
    for (what, token, reason) in tokens {
        let answer = ctx.signal().validate(&token).await?;
        ensure!((answer.status, answer.body.trim()), == (401, reason), format!("a token {what} may join"), fix = FIX);
        refused += 1;
    }
    ctx.pass().counted("refusals", refused, Exactly(4.0))
}
