//! STUN and TURN servers for clients are written as host and port, without scheme.
//! A scheme in a STUN server makes every join 500; in a TURN server clients are told a URL that is none.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "configuration.ice_server_addresses_valid",
    title: "addresses of STUN and TURN servers are plain",
    tags: &[],
    blame: Component::Configuration,
    needs: &[Capability::ConfigFiles, Capability::Engine],
    timeout: secs(40),
    lane: Lane::Shared,
    proven_by: &[Fault::TurnServerWithScheme, Fault::StunServerWithScheme],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "write the host name alone for a TURN server, and <host>:<port> for a STUN server";

const RULES: &[&str] = &["turn_server_address", "stun_server_scheme"];

async fn check(ctx: &Ctx) -> Verdict {
    ctx.lint(RULES).await?.verdict(ctx)
}
