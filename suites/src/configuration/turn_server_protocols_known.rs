//! Every TURN server that clients are told has the protocol udp, tcp or tls.
//! Anything else is offered to clients as plain TCP in silence.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "configuration.turn_server_protocols_known",
    title: "protocols of TURN servers exist",
    tags: &[],
    blame: Component::Configuration,
    needs: &[Capability::ConfigFiles, Capability::Engine],
    timeout: secs(40),
    lane: Lane::Shared,
    proven_by: &[Fault::TurnServerProtocolUnknown],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "write udp, tcp or tls, in small letters";

const RULES: &[&str] = &["turn_server_protocol"];

async fn check(ctx: &Ctx) -> Verdict {
    ctx.lint(RULES).await?.verdict(ctx)
}
