//! All nodes have one configuration, but for ports and addresses of their own.
//! What differs makes calls fail or behave otherwise by the node that a room happens to be on.

use greenlight_harness::prelude::*;
use std::collections::BTreeSet;

pub(super) const CHECK: Check = Check {
    id: "configuration.same_configuration_on_all_nodes",
    title: "all nodes have one configuration",
    tags: &[],
    blame: Component::Configuration,
    needs: &[Capability::ConfigFiles, Capability::Engine, Capability::TwoNodes],
    timeout: secs(40),
    lane: Lane::Shared,
    proven_by: &[Fault::NodesDiffer],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "compare livekit.yaml of the two nodes at this key, and deploy one text with variables for ports and \
                   addresses";

/// What may differ: ports, addresses and place of a node.
const OF_A_NODE: &[&str] = &[
    "port",
    "region",
    "bind_addresses",
    "rtc.tcp_port",
    "rtc.udp_port",
    "rtc.port_range_start",
    "rtc.port_range_end",
    "rtc.node_ip",
    "prometheus.port",
    "turn.relay_range_start",
    "turn.relay_range_end",
];

async fn check(ctx: &Ctx) -> Verdict {
    let nodes = ctx.configured().await?;
    let Some((first, others)) = nodes.split_first().filter(|(_, others)| !others.is_empty()) else {
        skip!("the configuration of one node only can be read");
    };
    let mut compared = 0;
    for other in others {
        let paths: BTreeSet<&String> = first.settings().keys().chain(other.settings().keys()).collect();
        for path in paths.into_iter().filter(|path| !is_of_a_node(path)) {
            if first.setting(path) != other.setting(path) {
                // Values may be secret: only their place is told.
                let what = format!("{} and {} differ", first.file.part, other.file.part);
                return Err(failed(what, path, "the same value of this key", FIX, None));
            }
            compared += 1;
        }
    }
    ctx.pass().counted("values_compared", compared, AtLeast(1.0))
}

fn is_of_a_node(path: &str) -> bool {
    OF_A_NODE.iter().any(|own| path == *own || path.strip_prefix(own).is_some_and(|rest| rest.starts_with('.')))
}
