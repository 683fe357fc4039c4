//! No metrics are served where callers are.
//! Metrics tell everybody how many calls there are, on which nodes, and which versions run.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "security.metrics_closed",
    title: "metrics are closed on the public port",
    tags: &["security"],
    blame: Component::Balancer,
    needs: &[Capability::Api],
    timeout: secs(40),
    lane: Lane::Shared,
    proven_by: &[Fault::MetricsPublic],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "serve metrics on a port or address that only the monitoring reaches";

const PATHS: &[&str] = &["/metrics", "/prometheus", "/stats", "/haproxy?stats", "/nginx_status"];

async fn check(ctx: &Ctx) -> Verdict {
    let root = ctx.entry().get("/", None).await?;
    ensure!(root.status, == 200, "the balancer does not answer `/`", fix = "run `cargo verify --test infrastructure.service_health`");
    let mut closed = 0;
    for path in PATHS {
        let answer = ctx.entry().get(path, None).await?;
        let told = answer.body.contains("# HELP") || answer.body.contains("# TYPE");
        ensure!((answer.status, told), == (404, false), format!("{path} is answered to everybody"), fix = FIX);
        closed += 1;
    }
    ctx.pass().counted("paths", closed, Exactly(PATHS.len() as f64))
}
