//! TURN that is on has a domain and a port to listen on.
//! Without them the next start ends with exit status 0: the deploy looks fine and nothing serves.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "configuration.turn_complete",
    title: "TURN has domain and ports",
    tags: &[],
    blame: Component::Configuration,
    needs: &[Capability::ConfigFiles, Capability::Engine],
    timeout: secs(40),
    lane: Lane::Shared,
    proven_by: &[Fault::TurnWithoutDomain],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "write turn.domain, turn.udp_port and turn.tls_port";

const RULES: &[&str] = &["turn_ports_missing", "turn_domain_missing", "turn_domain_form"];

async fn check(ctx: &Ctx) -> Verdict {
    ctx.lint(RULES).await?.verdict(ctx)
}
