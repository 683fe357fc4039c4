//! Every listener of the bridge has a port of its own.
//! Two on one port end its start, with exit status 0: the deploy looks fine and nobody answers the phone.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "configuration.bridge_ports_do_not_collide",
    title: "no two listeners of the bridge share a port",
    tags: &[],
    blame: Component::Configuration,
    needs: &[Capability::ConfigFiles],
    timeout: secs(40),
    lane: Lane::Shared,
    proven_by: &[Fault::BridgePortCollision],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "give each listener its own port";

const RULES: &[&str] = &["sip_port_collision"];

async fn check(ctx: &Ctx) -> Verdict {
    ctx.lint_bridge(RULES).await?.verdict(ctx)
}
