//! A node is told its address in one way.
//! use_external_ip wins over node_ip in silence, and keys that belong to it do nothing without it: clients are told the wrong address.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "configuration.external_ip_or_node_ip",
    title: "the address of a node is given in one way",
    tags: &[],
    blame: Component::Configuration,
    needs: &[Capability::ConfigFiles, Capability::Engine],
    timeout: secs(40),
    lane: Lane::Shared,
    proven_by: &[Fault::InternalIpWithoutExternal, Fault::ExternalIpBesideNodeIp],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "keep node_ip, or use_external_ip with what belongs to it";

const RULES: &[&str] = &["external_ip_overrides_node_ip", "needs_external_ip", "node_ip_form", "ip_filter_cidr"];

async fn check(ctx: &Ctx) -> Verdict {
    ctx.lint(RULES).await?.verdict(ctx)
}
