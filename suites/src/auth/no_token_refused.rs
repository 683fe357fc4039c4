//! Whoever brings no token gets in nowhere that asks for one: not to a join, not to the API.
//! A proxy or a server that lets callers in without a token has no access control at all.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "auth.no_token_refused",
    title: "a call without a token is refused",
    tags: &["security"],
    blame: Component::LivekitServer,
    needs: &[Capability::Api],
    timeout: secs(40),
    lane: Lane::Shared,
    proven_by: &[Fault::AnythingAccepted, Fault::RefusalsHidden],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "something between here and the server vouches for callers: compare with a node directly";

async fn check(ctx: &Ctx) -> Verdict {
    let room = ctx.name("room");
    let good = ctx.join_token(&room, "caller").sign()?;
    ensure!(ctx.signal().validate(&good).await?.status, == 200, "a valid token is refused",
        blame = Component::Keys, fix = COMPARE_KEYS);
    let mut refused = 0;
    let paths = if ctx.is_since(1, 10) { &["/rtc/validate", "/rtc/v1/validate"][..] } else { &["/rtc/validate"] };
    for path in paths {
        let answer = ctx.entry().get(path, None).await?;
        let said = (answer.status, answer.body.trim());
        ensure!(said, == (401, "no permissions to access the room"), format!("{path} lets callers in without a token"), fix = FIX);
        refused += 1;
    }
    let list = "/twirp/livekit.RoomService/ListRooms";
    let answer = ctx.entry().post(list, None, "application/json", b"{}".to_vec()).await?;
    ensure!((answer.status, answer.code().as_str()), == (401, "unauthenticated"), "rooms are listed without a token", fix = FIX);
    refused += 1;
    ctx.pass().counted("refusals", refused, Exactly(paths.len() as f64 + 1.0))
}
