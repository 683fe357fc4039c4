//! A text that is no JWT is refused wherever it is sent, even where no token is needed.
//! A server that takes a text for a token that it can't read does not look at tokens.

use greenlight_harness::clients::Token;
use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "auth.text_that_is_no_token_refused",
    title: "a text that is no token is refused",
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
    let open = ctx.entry().get("/", Some(&good)).await?;
    ensure!(open.status, == 200, "`/` is refused with a valid token", blame = Component::Keys, fix = COMPARE_KEYS);
    let mut refused = 0;
    for text in ["hello", "a.b.c", "e30.e30."] {
        let token = Token::from_compact(text);
        for path in ["/rtc/validate", "/"] {
            let answer = ctx.entry().get(path, Some(&token)).await?;
            ensure!(answer.status, == 401, format!("{text:?} is taken for a token at {path}"), fix = FIX);
            refused += 1;
        }
    }
    ctx.pass().counted("refusals", refused, Exactly(6.0))
}
