//! The bridge is told its external address once.
//! With a fixed address beside the one that it is to find out, it ends with exit status 0.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "configuration.bridge_one_external_address",
    title: "one way to the external address",
    tags: &[],
    blame: Component::Configuration,
    needs: &[Capability::ConfigFiles],
    timeout: secs(40),
    lane: Lane::Shared,
    proven_by: &[Fault::BridgeExternalAddressTwice],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "keep use_external_ip or nat_1_to_1_ip, and the same for media";

const RULES: &[&str] = &["sip_external_ip_twice"];

async fn check(ctx: &Ctx) -> Verdict {
    ctx.lint_bridge(RULES).await?.verdict(ctx)
}
