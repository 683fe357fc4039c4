//! The room is the one that the token names: a query can neither give one nor name another.
//! Whoever may choose the room in the address can walk into any call with one token.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "auth.room_comes_from_the_token",
    title: "the room is the token's, never the query's",
    tags: &["security"],
    blame: Component::LivekitServer,
    needs: &[Capability::Api, Capability::Since(1, 13)],
    timeout: secs(40),
    lane: Lane::Shared,
    proven_by: &[Fault::BadRequestsHidden],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str =
    "compare with a node directly; a proxy must hand on 400 as it is, since SDKs show its body to developers";

async fn check(ctx: &Ctx) -> Verdict {
    let room = ctx.name("room");
    let good = ctx.join_token(&room, "caller").sign()?;
    ensure!(ctx.signal().validate(&good).await?.status, == 200, "a valid token is refused",
        blame = Component::Keys, fix = COMPARE_KEYS);
    let other = ctx.name("other");
    let roomless = ctx.join_token("", "caller").sign()?;
    let mut refused = 0;
    for path in ["/rtc/validate".to_owned(), format!("/rtc/validate?room={other}")] {
        let answer = ctx.entry().get(&path, Some(&roomless)).await?;
        ensure!((answer.status, answer.body.trim()), == (400, "no room name"), "a token without a room may join", fix = FIX);
        refused += 1;
    }
    ctx.pass().counted("refusals", refused, Exactly(2.0))
}
