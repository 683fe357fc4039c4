//! Every listener of a node has a port of its own that exists.
//! Two listeners on one port end the next start, with exit status 0: the deploy looks fine and nothing serves.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "configuration.ports_do_not_collide",
    title: "no two listeners share a port",
    tags: &[],
    blame: Component::Configuration,
    needs: &[Capability::ConfigFiles, Capability::Engine],
    timeout: secs(40),
    lane: Lane::Shared,
    proven_by: &[Fault::PortCollision],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "give each listener its own port";

const RULES: &[&str] = &["port_collision", "port_out_of_range"];

async fn check(ctx: &Ctx) -> Verdict {
    ctx.lint(RULES).await?.verdict(ctx)
}
