//! No node has both a configuration file and LIVEKIT_CONFIG.
//! With the variable the file is ignored in silence: whoever edits the file changes nothing.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "configuration.config_body_does_not_hide_file",
    title: "LIVEKIT_CONFIG does not hide a file",
    tags: &[],
    blame: Component::Configuration,
    needs: &[Capability::ConfigFiles, Capability::Engine],
    timeout: secs(40),
    lane: Lane::Shared,
    proven_by: &[Fault::ConfigBodyHidesFile],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "remove LIVEKIT_CONFIG from the environment, or --config from the command line";

const RULES: &[&str] = &["env_config_wins"];

async fn check(ctx: &Ctx) -> Verdict {
    ctx.lint(RULES).await?.verdict(ctx)
}
