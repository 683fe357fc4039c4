//! Media has one UDP port or a range of them, not both.
//! The range wins in silence: a firewall that is open for udp_port drops all media.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "configuration.udp_port_or_range_not_both",
    title: "udp_port and port_range are not both given",
    tags: &[],
    blame: Component::Configuration,
    needs: &[Capability::ConfigFiles, Capability::Engine],
    timeout: secs(40),
    lane: Lane::Shared,
    proven_by: &[Fault::UdpPortAndRange],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "remove udp_port, or both port_range_start and port_range_end";

const RULES: &[&str] = &["udp_port_and_range", "udp_port_form"];

async fn check(ctx: &Ctx) -> Verdict {
    ctx.lint(RULES).await?.verdict(ctx)
}
