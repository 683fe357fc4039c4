//! A range of media ports has a start and an end, in this order.
//! Half a range means random ports of the whole machine, which no firewall is open for.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "configuration.port_range_complete",
    title: "the media port range is complete",
    tags: &[],
    blame: Component::Configuration,
    needs: &[Capability::ConfigFiles, Capability::Engine],
    timeout: secs(40),
    lane: Lane::Shared,
    proven_by: &[Fault::PortRangeHalf],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "write both port_range_start and port_range_end";

const RULES: &[&str] = &["port_range_half", "port_range_inverted"];

async fn check(ctx: &Ctx) -> Verdict {
    ctx.lint(RULES).await?.verdict(ctx)
}
