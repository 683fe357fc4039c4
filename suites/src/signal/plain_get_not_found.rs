//! A plain GET of `/rtc` or `/rtc/v1` is answered with 404 by the server, and with no page by a proxy.
//! A proxy that answers the signal path itself turns failed joins into pages: clients report nonsense in place of the
//! cause.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "signal.plain_get_not_found",
    title: "/rtc without an upgrade is 404",
    tags: &[],
    blame: Component::Balancer,
    needs: &[Capability::Api],
    timeout: secs(40),
    lane: Lane::Shared,
    proven_by: &[Fault::SignalPathTaken, Fault::V1PathDenied],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "let the balancer send /rtc to the nodes whatever the headers, without a fallback page";

async fn check(ctx: &Ctx) -> Verdict {
    let token = ctx.join_token(&ctx.name("room"), "caller").sign()?;
    let valid = ctx.signal().validate(&token).await?;
    ensure!(valid.status, == 200, "a valid token is refused", blame = Component::Keys, fix = "compare the keys with livekit.yaml");
    let mut answered = 0;
    let paths = if ctx.is_since(1, 10) { &["/rtc", "/rtc/v1"][..] } else { &["/rtc"] };
    for path in paths {
        for token in [None, Some(&token)] {
            let answer = ctx.entry().get(path, token).await?;
            ensure!((answer.status, answer.body.as_str()), == (404, ""), format!("a plain GET of {path} is answered wrongly"), fix = FIX);
            answered += 1;
        }
    }
    ctx.pass().counted("answers", answered, Exactly(2.0 * paths.len() as f64))
}
