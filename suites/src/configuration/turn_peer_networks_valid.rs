//! Every TURN peer network is a network.
//! A rule that is none vanishes in silence: relayed calls are refused, or reach networks that they must not.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "configuration.turn_peer_networks_valid",
    title: "TURN peer networks can be read",
    tags: &[],
    blame: Component::Configuration,
    needs: &[Capability::ConfigFiles, Capability::Engine],
    timeout: secs(40),
    lane: Lane::Shared,
    proven_by: &[Fault::TurnPeerNetworkMalformed],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "write <address>/<bits>, such as 10.0.0.0/8";

const RULES: &[&str] = &["turn_cidr"];

async fn check(ctx: &Ctx) -> Verdict {
    ctx.lint(RULES).await?.verdict(ctx)
}
