//! Every API secret has 32 characters or more and is read as text everywhere.
//! Whoever guesses a short secret signs tokens for every room, and a secret of digits is dropped from LIVEKIT_KEYS in silence.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "configuration.secret_is_long_enough",
    title: "API secrets are long enough, and text",
    tags: &["security"],
    blame: Component::Configuration,
    needs: &[Capability::ConfigFiles, Capability::Engine],
    timeout: secs(40),
    lane: Lane::Shared,
    proven_by: &[Fault::SecretShort, Fault::SecretOfDigits],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "make a secret with `livekit-server generate-keys`, and give it to all nodes and applications";

const RULES: &[&str] = &["secret_short", "secret_numeric", "env_keys_short", "env_keys_numeric", "env_keys_form"];

async fn check(ctx: &Ctx) -> Verdict {
    ctx.lint(RULES).await?.verdict(ctx)
}
