//! Webhooks are signed with a key that the node has.
//! Without it the node ends at its next start with exit status 0.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "configuration.webhook_key_known",
    title: "the webhook key is one of the keys",
    tags: &[],
    blame: Component::Configuration,
    needs: &[Capability::ConfigFiles, Capability::Engine],
    timeout: secs(40),
    lane: Lane::Shared,
    proven_by: &[Fault::WebhookKeyUnknown],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "write one of the names under `keys:` as webhook.api_key";

const RULES: &[&str] = &["webhook_api_key"];

async fn check(ctx: &Ctx) -> Verdict {
    ctx.lint(RULES).await?.verdict(ctx)
}
