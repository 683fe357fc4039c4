//! The body of a refusal does not repeat the token that was refused.
//! Bodies of errors end in logs and bug reports; a token that is refused here for its clock or key may be good
//! elsewhere.

use greenlight_harness::clients::{JoinOptions, SignalPath};
use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "security.token_not_echoed",
    title: "the answer to a refused token does not repeat it",
    tags: &["security"],
    blame: Component::LivekitServer,
    needs: &[Capability::Api],
    timeout: secs(40),
    lane: Lane::Shared,
    proven_by: &[Fault::TokenEchoed, Fault::ForgedTokensAccepted, Fault::RefusalsHidden],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "upgrade to livekit-server 1.13.6, or keep bodies of 401 out of logs";

async fn check(ctx: &Ctx) -> Verdict {
    let room = ctx.name("room");
    let other = Secret::new("somebody else's secret, long enough for a key");
    let forged = ctx.join_token(&room, "caller").secret(other).sign()?;
    let answer = ctx.signal().validate_with(&forged, &JoinOptions::over(SignalPath::V1)).await?;
    // The positive control: it is a refusal that is looked at.
    ensure!(answer.status, == 401, "a token with another secret is accepted", fix = "run `cargo verify --test auth.wrong_secret_refused`");
    let in_header = answer.headers.iter().any(|(_, value)| value.contains(forged.expose()));
    ensure!(in_header, == false, "a header of the refusal repeats the whole token", fix = "find the proxy that copies headers into answers");
    ensure!(answer.body.contains(forged.expose()), == false, "the refusal repeats the whole token", fix = FIX);
    ctx.pass().counted("refusals", 1, Exactly(1.0))
}
