//! No value of sip.yaml is a variable that was to be replaced.
//! The bridge replaces nothing: it announces the text with its dollar sign, and no call has a voice.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "configuration.bridge_variables_expanded",
    title: "no placeholder is left in sip.yaml",
    tags: &[],
    blame: Component::Configuration,
    needs: &[Capability::ConfigFiles],
    timeout: secs(40),
    lane: Lane::Shared,
    proven_by: &[Fault::BridgeVariableLeft],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "replace it before the file is given to livekit-sip, with envsubst or the like";

const RULES: &[&str] = &["variable_not_expanded"];

async fn check(ctx: &Ctx) -> Verdict {
    ctx.lint_bridge(RULES).await?.verdict(ctx)
}
