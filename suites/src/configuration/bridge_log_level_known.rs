//! The log level of the bridge is one that exists.
//! Who needs the log of a lost call finds that it was never written.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "configuration.bridge_log_level_known",
    title: "the bridge's log level exists",
    tags: &[],
    blame: Component::Configuration,
    needs: &[Capability::ConfigFiles],
    timeout: secs(40),
    lane: Lane::Shared,
    proven_by: &[Fault::BridgeLogLevelMisspelt],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "write debug, info, warn or error";

const RULES: &[&str] = &["log_level_unknown"];

async fn check(ctx: &Ctx) -> Verdict {
    ctx.lint_bridge(RULES).await?.verdict(ctx)
}
