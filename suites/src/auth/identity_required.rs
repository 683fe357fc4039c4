//! A token without an identity joins nothing, and the caller is told why.
//! Two participants without identity would be one and throw each other out without end.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "auth.identity_required",
    title: "a token without identity is no join",
    tags: &["security"],
    blame: Component::LivekitServer,
    needs: &[Capability::Api],
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
    let nameless = ctx.join_token(&room, "").sign()?;
    let answer = ctx.signal().validate(&nameless).await?;
    ensure!((answer.status, answer.body.trim()), == (400, "identity cannot be empty"), "a token without an identity may join", fix = FIX);
    ctx.pass().counted("refusals", 1, Exactly(1.0))
}
