//! A token with another secret is refused on every path, even on those that need none.
//! A path that ignores bad tokens is one where the check of tokens was forgotten.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "security.bad_token_refused_everywhere",
    title: "a bad token is refused on every path",
    tags: &["security"],
    blame: Component::LivekitServer,
    needs: &[Capability::Api],
    timeout: secs(40),
    lane: Lane::Shared,
    proven_by: &[Fault::ForgedTokensAccepted, Fault::RefusalsHidden],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str =
    "something between here and the server answers in its place or vouches for tokens: compare with a node directly";

async fn check(ctx: &Ctx) -> Verdict {
    let token = ctx.join_token(&ctx.name("room"), "caller");
    let good = token.sign()?;
    let forged = token.secret(Secret::new("somebody else's secret, long enough for a key")).sign()?;
    let open = ctx.entry().get("/", Some(&good)).await?;
    ensure!(open.status, == 200, "`/` is refused with a valid token", blame = Component::Keys, fix = COMPARE_KEYS);
    let mut refused = 0;
    let paths = ["/", "/rtc", "/rtc/v1", "/rtc/validate", "/rtc/v1/validate", "/agent", "/whip/v1", "/nowhere"];
    // A balancer that routes what callers need and nothing else refuses the rest itself, with 404.
    let paths = if ctx.offers(Capability::Agents) && ctx.offers(Capability::Whip) { &paths[..] } else { &paths[..5] };
    for path in paths {
        let answer = ctx.entry().get(path, Some(&forged)).await?;
        ensure!(answer.status, == 401, format!("a token with another secret is not refused at {path}"), fix = FIX);
        refused += 1;
    }
    ctx.pass().counted("refusals", refused, Exactly(paths.len() as f64))
}
