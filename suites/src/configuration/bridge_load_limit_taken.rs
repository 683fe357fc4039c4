//! The share of CPU at which the bridge refuses calls is taken as written.
//! 80 for 80 percent becomes 0.9 in silence.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "configuration.bridge_load_limit_taken",
    title: "the load limit of the bridge is a share",
    tags: &[],
    blame: Component::Configuration,
    needs: &[Capability::ConfigFiles],
    timeout: secs(40),
    lane: Lane::Shared,
    proven_by: &[Fault::BridgeLoadInPercent],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "write a share above 0 and up to 1, such as 0.8";

const RULES: &[&str] = &["sip_cpu_share"];

async fn check(ctx: &Ctx) -> Verdict {
    ctx.lint_bridge(RULES).await?.verdict(ctx)
}
