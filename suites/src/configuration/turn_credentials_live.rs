//! TURN credentials are good for some time.
//! With ttl_seconds 0 TURN is not offered at all: callers behind strict firewalls can't connect, and nothing says why.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "configuration.turn_credentials_live",
    title: "TURN credentials are not good for no time",
    tags: &[],
    blame: Component::Configuration,
    needs: &[Capability::ConfigFiles, Capability::Engine],
    timeout: secs(40),
    lane: Lane::Shared,
    proven_by: &[Fault::TurnTtlZero],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "write turn.ttl_seconds: 300, or remove the line";

const RULES: &[&str] = &["turn_ttl_zero"];

async fn check(ctx: &Ctx) -> Verdict {
    ctx.lint(RULES).await?.verdict(ctx)
}
