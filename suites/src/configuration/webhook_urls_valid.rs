//! Every webhook URL is one.
//! Events for a text that is no URL are lost, and only the log of the node says so.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "configuration.webhook_urls_valid",
    title: "webhook URLs can be called",
    tags: &[],
    blame: Component::Configuration,
    needs: &[Capability::ConfigFiles, Capability::Engine],
    timeout: secs(40),
    lane: Lane::Shared,
    proven_by: &[Fault::WebhookUrlNone],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "write https://<host>/<path>";

const RULES: &[&str] = &["webhook_url"];

async fn check(ctx: &Ctx) -> Verdict {
    ctx.lint(RULES).await?.verdict(ctx)
}
