//! Every node has a Redis, written as host and port.
//! Without Redis a node knows of no other, and egress, ingress and SIP are answered with 500.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "configuration.redis_configured",
    title: "every node has a Redis",
    tags: &[],
    blame: Component::Configuration,
    needs: &[Capability::ConfigFiles, Capability::Engine],
    timeout: secs(40),
    lane: Lane::Shared,
    proven_by: &[Fault::RedisNotConfigured, Fault::RedisAddressUrl],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "write redis.address as <host>:<port>";

const RULES: &[&str] = &["redis_missing", "redis_address_form"];

async fn check(ctx: &Ctx) -> Verdict {
    ctx.lint(RULES).await?.verdict(ctx)
}
