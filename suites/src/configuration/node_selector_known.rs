//! The node selector and its order exist.
//! With an unknown order every join and every new room is answered with 500, while `/` goes on saying 200.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "configuration.node_selector_known",
    title: "the node selector exists",
    tags: &[],
    blame: Component::Configuration,
    needs: &[Capability::ConfigFiles, Capability::Engine],
    timeout: secs(40),
    lane: Lane::Shared,
    proven_by: &[Fault::SelectorOrderUnknown],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "write random, sysload, cpuload, rooms, clients, tracks or bytespersec as node_selector.sort_by";

const RULES: &[&str] = &["selector_kind", "selector_sort_by", "selector_algorithm", "selector_region"];

async fn check(ctx: &Ctx) -> Verdict {
    ctx.lint(RULES).await?.verdict(ctx)
}
