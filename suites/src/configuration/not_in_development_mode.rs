//! No node runs in development mode.
//! It opens debug pages to anybody, and without keys takes tokens signed with the well-known secret.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "configuration.not_in_development_mode",
    title: "no node is in development mode",
    tags: &["security"],
    blame: Component::Configuration,
    needs: &[Capability::ConfigFiles, Capability::Engine],
    timeout: secs(40),
    lane: Lane::Shared,
    proven_by: &[Fault::DevelopmentMode],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "remove `development: true` from livekit.yaml and restart the node";

const RULES: &[&str] = &["development"];

async fn check(ctx: &Ctx) -> Verdict {
    ctx.lint(RULES).await?.verdict(ctx)
}
