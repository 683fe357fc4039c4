//! Every API call that was answered is counted by the node that answered it.
//! Numbers of errors and latencies say nothing about calls that the nodes never saw: a proxy may answer in their place.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "monitoring.calls_counted",
    title: "API calls are counted",
    tags: &[],
    blame: Component::LivekitServer,
    needs: &[Capability::Api, Capability::Prometheus],
    timeout: secs(30),
    lane: Lane::Shared,
    proven_by: &[Fault::PrometheusMoved, Fault::BalancerAnswersCalls, Fault::ScrapeCached],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "look for a cache or a rule between clients and nodes that answers by itself; compare the answer's headers with a node's";

const CALLS: usize = 6;
const NAME: &str = "livekit_node_twirp_request_status";

async fn check(ctx: &Ctx) -> Verdict {
    let labels = [("service", "Egress"), ("method", "ListEgress")];
    let before = ctx.cluster_metrics().await?.sum(NAME, &labels).unwrap_or_default();
    for _ in 0..CALLS {
        let listed = ctx.egress().list(&proto::ListEgressRequest::default()).await?;
        ensure_ok!(listed, "ListEgress is refused", fix = FIX);
    }
    let after = ctx.cluster_metrics().await?.sum(NAME, &labels).unwrap_or_default();
    if after - before < CALLS as f64 {
        let what = "calls were answered by somebody who is no node";
        return Err(failed(what, after - before, format!("at least {CALLS}"), FIX, Some(Component::Balancer)));
    }
    ctx.pass().measured("calls_counted", after - before, AtLeast(CALLS as f64), CALLS)
}
