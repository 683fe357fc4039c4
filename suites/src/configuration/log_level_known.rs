//! The log level of every node is one that exists, and is written once.
//! An unknown level is taken for another one in silence: what should be in the log in the night of the outage is not.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "configuration.log_level_known",
    title: "the log level exists",
    tags: &[],
    blame: Component::Configuration,
    needs: &[Capability::ConfigFiles, Capability::Engine],
    timeout: secs(40),
    lane: Lane::Shared,
    proven_by: &[Fault::LogLevelMisspelt, Fault::LogLevelTwice],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "write debug, info, warn or error, in one place";

const RULES: &[&str] = &["log_level_unknown", "log_level_twice"];

async fn check(ctx: &Ctx) -> Verdict {
    ctx.lint(RULES).await?.verdict(ctx)
}
