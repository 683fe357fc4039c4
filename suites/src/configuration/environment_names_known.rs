//! Every LIVEKIT_ variable of a node is one that livekit-server reads.
//! What is misspelt or no longer read is ignored in silence: after an upgrade nodes announce other addresses and ports.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "configuration.environment_names_known",
    title: "no variable is misspelt or no longer read",
    tags: &[],
    blame: Component::Configuration,
    needs: &[Capability::ConfigFiles, Capability::Engine],
    timeout: secs(40),
    lane: Lane::Shared,
    proven_by: &[Fault::RtcNodeIpVariable, Fault::RtcUdpPortVariable, Fault::VariableMisspelt],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "compare the names with `livekit-server help-verbose`; NODE_IP and UDP_PORT replace LIVEKIT_RTC_NODE_IP and LIVEKIT_RTC_UDP_PORT";

const RULES: &[&str] = &["env_unknown", "env_rtc_node_ip_ignored", "env_rtc_udp_port_ignored"];

async fn check(ctx: &Ctx) -> Verdict {
    ctx.lint(RULES).await?.verdict(ctx)
}
