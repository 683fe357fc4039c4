//! Metrics with a password have user name and password.
//! With only one of them the metrics are open to anybody in silence.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "configuration.prometheus_password_complete",
    title: "metrics have user name and password, or neither",
    tags: &["security"],
    blame: Component::Configuration,
    needs: &[Capability::ConfigFiles, Capability::Engine],
    timeout: secs(40),
    lane: Lane::Shared,
    proven_by: &[Fault::PrometheusHalfPassword],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "write both prometheus.username and prometheus.password";

const RULES: &[&str] = &["prometheus_half_auth"];

async fn check(ctx: &Ctx) -> Verdict {
    ctx.lint(RULES).await?.verdict(ctx)
}
