//! A node has no more UDP mux ports than CPUs.
//! Only as many ports as CPUs are bound; a balancer or firewall that is set up for all sends media to closed ones.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "configuration.udp_ports_within_cpus",
    title: "not more UDP ports than CPUs",
    tags: &[],
    blame: Component::Configuration,
    needs: &[Capability::ConfigFiles, Capability::Engine],
    timeout: secs(40),
    lane: Lane::Shared,
    proven_by: &[Fault::UdpPortsBeyondCpus],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "write as many ports as the machine has CPUs";

const RULES: &[&str] = &["udp_port_wider_than_cpus"];

async fn check(ctx: &Ctx) -> Verdict {
    ctx.lint(RULES).await?.verdict(ctx)
}
