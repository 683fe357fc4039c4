//! No value of livekit.yaml is a variable that was to be replaced.
//! livekit-server replaces nothing: the text with its dollar sign is the value.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "configuration.variables_expanded",
    title: "no placeholder is left",
    tags: &[],
    blame: Component::Configuration,
    needs: &[Capability::ConfigFiles, Capability::Engine],
    timeout: secs(40),
    lane: Lane::Shared,
    proven_by: &[Fault::VariableLeft],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "replace it before the file is given to livekit-server, with envsubst or the like";

const RULES: &[&str] = &["variable_not_expanded"];

async fn check(ctx: &Ctx) -> Verdict {
    ctx.lint(RULES).await?.verdict(ctx)
}
