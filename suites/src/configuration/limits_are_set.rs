//! Limits that a node relies on are written out.
//! The sample configuration claims a default for bytes_per_sec that does not exist: a node with other limits is never full by traffic.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "configuration.limits_are_set",
    title: "limits are written out",
    tags: &[],
    blame: Component::Configuration,
    needs: &[Capability::ConfigFiles, Capability::Engine],
    timeout: secs(40),
    lane: Lane::Shared,
    proven_by: &[Fault::TrafficLimitLeftOut],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "write limit.bytes_per_sec beside the other limits";

const RULES: &[&str] = &["limit_bytes_per_sec"];

async fn check(ctx: &Ctx) -> Verdict {
    ctx.lint(RULES).await?.verdict(ctx)
}
