//! A worker that registers is told which node took it, and through the balancer it is one of them.
//! An agent that can't register waits for jobs that never come, and calls stay silent.

use greenlight_harness::clients::Worker;
use greenlight_harness::prelude::*;
use std::collections::BTreeSet;

pub(super) const CHECK: Check = Check {
    id: "agents.registration_names_node",
    title: "a worker registers at every node and through the balancer",
    tags: &[],
    blame: Component::Balancer,
    needs: &[Capability::Api, Capability::TwoNodes, Capability::Agents],
    timeout: secs(60),
    lane: Lane::Shared,
    proven_by: &[Fault::AgentNotRouted],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "route /agent to the nodes, with WebSocket upgrades";

async fn check(ctx: &Ctx) -> Verdict {
    let name = ctx.name("worker");
    let mut known = BTreeSet::new();
    for node in ctx.nodes() {
        let worker = ensure_joined!(
            Worker::register(&node.endpoint, ctx.key(), &name, proto::JobType::JtRoom).await,
            format!("{} takes no worker", node.name),
            blame = Component::LivekitServer,
            fix = "read the node's log"
        );
        ensure!(worker.id().starts_with("AW_"), == true, "a worker is given no id", fix = FIX);
        ensure!(worker.info().node_id.starts_with("ND_"), == true, "a worker is not told the node", fix = FIX);
        ensure!(known.insert(worker.info().node_id.clone()), == true,
            format!("{} has the id of another node", node.name), fix = "two names lead to one process");
        worker.close().await;
    }
    let worker = ensure_joined!(
        Worker::register(ctx.entry(), ctx.key(), &name, proto::JobType::JtRoom).await,
        "no worker can register through the balancer",
        fix = FIX
    );
    ensure!(known.contains(&worker.info().node_id), == true, "the balancer leads to an unknown node", fix = FIX);
    worker.close().await;
    ctx.pass().counted("nodes", known.len(), AtLeast(2.0))
}
