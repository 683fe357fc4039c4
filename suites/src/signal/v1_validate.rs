//! A client that asks over `/rtc/v1/validate` is answered as over `/rtc/validate`.
//! New SDKs ask there first and take a 404 for an old server: they fall back to slower joins, or give up.

use greenlight_harness::clients::{JoinOptions, SignalPath};
use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "signal.v1_validate",
    title: "/rtc/v1/validate is answered through the balancer",
    tags: &[],
    blame: Component::Balancer,
    needs: &[Capability::Api, Capability::Since(1, 10)],
    timeout: secs(40),
    lane: Lane::Shared,
    proven_by: &[Fault::V1PathDenied],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "let the balancer send everything below /rtc to the nodes, /rtc/v1 with it";

async fn check(ctx: &Ctx) -> Verdict {
    let token = ctx.join_token(&ctx.name("room"), "caller").sign()?;
    let mut answered = 0;
    for (path, name) in [(SignalPath::V0, "/rtc/validate"), (SignalPath::V1, "/rtc/v1/validate")] {
        let answer = ctx.signal().validate_with(&token, &JoinOptions::over(path)).await?;
        ensure!((answer.status, answer.body.trim()), == (200, "success"), format!("{name} refuses a valid token"), fix = FIX);
        answered += 1;
    }
    // Recorded from livekit-server 1.13.5: what is missing is said, and is no 404.
    let incomplete = ctx.entry().get("/rtc/v1/validate", Some(&token)).await?;
    ensure!((incomplete.status, incomplete.body.trim()), == (400, "join_request is required"), "a request without join_request is answered wrongly", fix = FIX);
    ctx.pass().counted("paths", answered, Exactly(2.0))
}
