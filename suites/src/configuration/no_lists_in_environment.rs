//! No list, map or section is given by a variable.
//! livekit-server takes only single values from variables: webhooks or TURN servers given so are not there, and nothing says so.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "configuration.no_lists_in_environment",
    title: "no list is given by a variable",
    tags: &[],
    blame: Component::Configuration,
    needs: &[Capability::ConfigFiles, Capability::Engine],
    timeout: secs(40),
    lane: Lane::Shared,
    proven_by: &[Fault::ListInEnvironment],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "write the list in livekit.yaml, or give the whole file as LIVEKIT_CONFIG";

const RULES: &[&str] = &["env_not_settable"];

async fn check(ctx: &Ctx) -> Verdict {
    ctx.lint(RULES).await?.verdict(ctx)
}
