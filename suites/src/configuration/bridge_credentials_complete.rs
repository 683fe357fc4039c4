//! The bridge has an API key, a secret and the address of livekit-server.
//! It starts without them, says that it is healthy, and rejects every call with 486.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "configuration.bridge_credentials_complete",
    title: "the bridge may talk to the server",
    tags: &[],
    blame: Component::Configuration,
    needs: &[Capability::ConfigFiles],
    timeout: secs(40),
    lane: Lane::Shared,
    proven_by: &[Fault::BridgeSecretMissing, Fault::BridgeUrlMissing],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "write api_key, api_secret and ws_url, unless the bridge's environment has them";

const RULES: &[&str] = &["sip_credentials_missing"];

async fn check(ctx: &Ctx) -> Verdict {
    ctx.lint_bridge(RULES).await?.verdict(ctx)
}
