//! A token counts only behind `Bearer`: no other scheme, and not in lower case.
//! Whatever else is taken as an authorization was never checked as a token.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "auth.other_schemes_refused",
    title: "only Authorization: Bearer is taken",
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
    let lower = format!("bearer {}", good.expose());
    let mut refused = 0;
    for (scheme, value) in
        [("Basic", "Basic Y2FsbGVyOnNlY3JldA=="), ("bearer in lower case", &lower), ("no scheme", good.expose())]
    {
        let headers = [("authorization", value)];
        let answer = ctx.entry().request("GET", "/rtc/validate", None, &headers, Vec::new()).await?;
        // Recorded from livekit-server 1.13.5.
        let expected = (401, "invalid authorization header. Must start with Bearer");
        ensure!((answer.status, answer.body.trim()), == expected, format!("an authorization with {scheme} is taken"), fix = FIX);
        refused += 1;
    }
    ctx.pass().counted("refusals", refused, Exactly(3.0))
}
