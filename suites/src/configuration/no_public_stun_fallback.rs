//! Clients are not sent to public STUN servers.
//! Where no server is configured, they are told those of Google and Twilio, which learn their addresses; closed networks can't reach them.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "configuration.no_public_stun_fallback",
    title: "clients are told servers of our own",
    tags: &[],
    blame: Component::Configuration,
    needs: &[Capability::ConfigFiles, Capability::Engine],
    timeout: secs(40),
    lane: Lane::Shared,
    proven_by: &[Fault::TurnWithoutUdpPort],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "write rtc.stun_servers, or turn on the embedded TURN with a udp_port";

const RULES: &[&str] = &["public_stun"];

async fn check(ctx: &Ctx) -> Verdict {
    ctx.lint(RULES).await?.verdict(ctx)
}
