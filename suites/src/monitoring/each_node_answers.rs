//! Each node answers Prometheus in its text format, and signs its numbers with its own id.
//! Without numbers an outage is noticed by users first; with another node's id two nodes look like one that is twice as busy.

use greenlight_harness::clients::Metrics;
use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "monitoring.each_node_answers",
    title: "each node answers Prometheus",
    tags: &[],
    blame: Component::Configuration,
    needs: &[Capability::Prometheus],
    timeout: secs(30),
    lane: Lane::Shared,
    proven_by: &[Fault::PrometheusMoved, Fault::PrometheusLocked, Fault::ScrapeOfOtherNode],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "compare `prometheus.port`, username and password in livekit.yaml with the scrape configuration: `curl -i NODE:PORT/metrics`";

async fn check(ctx: &Ctx) -> Verdict {
    let mut series = 0;
    for node in ctx.nodes() {
        let Some(endpoint) = &node.metrics else { skip!("no Prometheus port of {} is known", node.name) };
        let answer = match endpoint.get("/metrics", None).await {
            Ok(answer) => answer,
            Err(error) => return Err(failed(format!("{} gives no numbers", node.name), error, "200", FIX, None)),
        };
        ensure!(answer.status, == 200, format!("{} refuses to give its numbers", node.name), fix = FIX);
        ensure!(answer.content_type.starts_with("text/plain"), == true, "not Prometheus' text format", fix = FIX);
        let id = node.identity(ctx.key()).await?.node_id;
        let metrics = Metrics::parse(&answer.body)?;
        let mut own = 0;
        for sample in metrics.samples.iter().filter(|sample| sample.name.starts_with("livekit_")) {
            if let Some(named) = sample.label("node_id") {
                ensure!(named, == id, format!("{} of {} is another node's", sample.name, node.name), fix = FIX);
                own += 1;
            }
        }
        ensure!(own, > 0, format!("{} signs none of its numbers", node.name), fix = FIX);
        series += own;
    }
    ctx.pass().counted("signed_series", series, AtLeast(2.0))
}
