//! The bridge's media ports are a range that is taken as written.
//! One port alone is taken as the start of a range that ends at 20000: a firewall that opens one port lets no voice through.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "configuration.bridge_media_ports_a_range",
    title: "rtp_port is a range",
    tags: &[],
    blame: Component::Configuration,
    needs: &[Capability::ConfigFiles],
    timeout: secs(40),
    lane: Lane::Shared,
    proven_by: &[Fault::BridgeOneMediaPort, Fault::BridgeMediaPortsInverted],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "write a range such as 10000-20000, and open exactly that";

const RULES: &[&str] = &["sip_rtp_port_form"];

async fn check(ctx: &Ctx) -> Verdict {
    ctx.lint_bridge(RULES).await?.verdict(ctx)
}
