//! What everything else stands on: the processes, Redis, and the nodes as one cluster.

mod cross_node_room;
mod redis;
mod service_health;

use greenlight_harness::Check;

pub(crate) const CHECKS: &[&Check] = &[&service_health::CHECK, &redis::CHECK, &cross_node_room::CHECK];
