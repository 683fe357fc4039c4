//! What everything else stands on: the processes, Redis, and the nodes as one cluster.
//! Drills stand last: they end, freeze and empty parts, and what they leave is healed.

mod balancer_reaches_every_node;
mod clock_skew;
mod cross_node_room;
mod database_connection_headroom;
mod database_size;
mod database_transaction;
mod database_writable;
mod disk_space;
mod drill_drain;
mod drill_node_killed;
mod drill_redis_flushed;
mod drill_redis_frozen;
mod no_dead_nodes;
mod no_foreign_nodes;
mod no_ghost_participants;
mod open_files;
mod receive_buffer;
mod redis;
mod redis_client_headroom;
mod redis_eviction_policy;
mod redis_memory_headroom;
mod redis_no_slow_commands;
mod redis_role;
mod redis_same_for_nodes;
mod redis_writable;
mod resource_limits;
mod service_health;
mod tls_chain;
mod tls_days_left;
mod tls_name;
mod turn_tls;

use greenlight_harness::Check;

pub(crate) const CHECKS: &[&Check] = &[
    &service_health::CHECK,
    &redis::CHECK,
    &cross_node_room::CHECK,
    &redis_role::CHECK,
    &redis_writable::CHECK,
    &redis_eviction_policy::CHECK,
    &redis_memory_headroom::CHECK,
    &redis_client_headroom::CHECK,
    &redis_same_for_nodes::CHECK,
    &redis_no_slow_commands::CHECK,
    &no_foreign_nodes::CHECK,
    &no_dead_nodes::CHECK,
    &no_ghost_participants::CHECK,
    &database_transaction::CHECK,
    &database_writable::CHECK,
    &database_connection_headroom::CHECK,
    &database_size::CHECK,
    &clock_skew::CHECK,
    &tls_chain::CHECK,
    &tls_name::CHECK,
    &tls_days_left::CHECK,
    &turn_tls::CHECK,
    &resource_limits::CHECK,
    &open_files::CHECK,
    &receive_buffer::CHECK,
    &disk_space::CHECK,
    &balancer_reaches_every_node::CHECK,
    &drill_redis_frozen::CHECK,
    &drill_redis_flushed::CHECK,
    &drill_node_killed::CHECK,
    &drill_drain::CHECK,
];
