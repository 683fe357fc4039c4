//! The balancer sends new connections to every node.
//! One node carries everything and the others idle, until it falls over; its drain then never ends.

use greenlight_harness::prelude::*;
use std::collections::BTreeSet;

pub(super) const CHECK: Check = Check {
    id: "infrastructure.balancer_reaches_every_node",
    title: "the balancer reaches every node",
    tags: &[],
    blame: Component::Balancer,
    needs: &[Capability::Api, Capability::TwoNodes],
    timeout: secs(60),
    lane: Lane::Shared,
    proven_by: &[Fault::BalancerPrefersOneNode],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str =
    "look at the balance algorithm, weights and `disabled` servers; HAProxy: `echo show servers state | socat …`";

/// With a fair choice between two nodes, all of these go to one of them once in two thousand runs; with a round robin never.
const CONNECTIONS: usize = 12;

async fn check(ctx: &Ctx) -> Verdict {
    let mut expected = Vec::new();
    for node in ctx.nodes() {
        expected.push(node.identity(ctx.key()).await?.node_id);
    }
    let mut reached = BTreeSet::new();
    for _ in 0..CONNECTIONS {
        // A worker's registration is answered by the node that took the connection.
        reached.insert(ctx.signal().server_info(ctx.key()).await?.node_id);
    }
    let missing: Vec<_> = expected.iter().filter(|id| !reached.contains(*id)).collect();
    ensure!(format!("{missing:?}"), == "[]", format!("{CONNECTIONS} connections never reached these nodes"), fix = FIX);
    ctx.pass().counted("nodes_reached", reached.len(), Exactly(expected.len() as f64))
}
