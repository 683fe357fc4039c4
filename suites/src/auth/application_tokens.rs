//! Tokens that the application issues are signed, limited in time and spelt as the server wants them.
//! A mistake in the issuer shows up as people who can't join, or, worse, as tokens that never end and may do too much.

use greenlight_harness::prelude::*;
use std::time::{SystemTime, UNIX_EPOCH};

pub(super) const CHECK: Check = Check {
    id: "auth.application_tokens",
    title: "the application's own tokens are sound",
    tags: &[],
    blame: Component::Application,
    needs: &[Capability::Api],
    timeout: secs(40),
    lane: Lane::Shared,
    proven_by: &[Fault::ApplicationTokensEndless, Fault::ApplicationTokensForged, Fault::ApplicationTokensSnakeCase],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str =
    "mend it where the application issues its tokens; LiveKit's server SDKs write all of this right by themselves";

async fn check(ctx: &Ctx) -> Verdict {
    let tokens = ctx.application_tokens()?;
    let now_s = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs_f64();
    let keys = [ctx.key().clone()];
    let (mut broken, mut concerns) = (Vec::new(), Vec::new());
    for (index, token) in tokens.iter().enumerate() {
        for finding in token.lint(&keys, now_s, ctx.limits().token_life_s_max) {
            // One that never ends works today too, and is what this check is for.
            let list = if finding.works_today && finding.what != "never ends" { &mut concerns } else { &mut broken };
            list.push(format!("token {} {}: {}, not {}", index + 1, finding.what, finding.found, finding.expected));
        }
    }
    let halt = |what, found: Vec<String>| failed(what, found.join("; "), "sound tokens", FIX, None);
    if !broken.is_empty() {
        return Err(halt("the application issues tokens that are wrong", broken));
    }
    let pass = ctx.pass().counted("tokens_read", tokens.len(), AtLeast(1.0))?;
    match concerns.is_empty() {
        true => Ok(pass),
        false => pass.warned(halt("the application issues tokens that work today and will hurt", concerns)),
    }
}
