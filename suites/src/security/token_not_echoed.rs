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
/// In place of the token where the answer is shown.
const TOKEN: &str = "<the token>";
const EXPECTED: &str = "a refusal without the token";

async fn check(ctx: &Ctx) -> Verdict {
    let room = ctx.name("room");
    let other = Secret::new("somebody else's secret, long enough for a key");
    let forged = ctx.join_token(&room, "caller").secret(other).sign()?;
    let answer = ctx.signal().validate_with(&forged, &JoinOptions::over(SignalPath::V1)).await?;
    // The positive control: it is a refusal that is looked at.
    ensure!(answer.status, == 401, "a token with another secret is accepted", fix = "run `cargo verify --test auth.wrong_secret_refused`");
    let repeating = |text: &str| text.contains(forged.expose()).then(|| text.trim().replace(forged.expose(), TOKEN));
    if let Some(header) = answer.headers.iter().find_map(|(_, value)| repeating(value)) {
        let fix = "find the proxy that copies headers into answers";
        return Err(failed("a header of the refusal repeats the whole token", header, EXPECTED, fix, None));
    }
    if let Some(body) = repeating(&answer.body) {
        return Err(failed("the refusal repeats the whole token", body, EXPECTED, FIX, None));
    }
    ctx.pass().counted("refusals", 1, Exactly(1.0))
}
