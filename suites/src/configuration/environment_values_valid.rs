//! The variables of every node have values that livekit-server can read.
//! An address or port that it can't read is passed over in silence, and media goes elsewhere; other values end the next start with exit status 0.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "configuration.environment_values_valid",
    title: "variables have values that can be read",
    tags: &[],
    blame: Component::Configuration,
    needs: &[Capability::ConfigFiles, Capability::Engine],
    timeout: secs(40),
    lane: Lane::Shared,
    proven_by: &[Fault::NodeIpGarbage, Fault::UdpPortGarbage],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "write the value as livekit-server reads it; durations are better kept in livekit.yaml";

const RULES: &[&str] = &["env_node_ip_garbage", "env_udp_port_garbage", "env_wrong_type", "env_duration"];

async fn check(ctx: &Ctx) -> Verdict {
    ctx.lint(RULES).await?.verdict(ctx)
}
