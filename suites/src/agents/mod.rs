//! Agents: how workers register, and how rooms call them.

mod agents_of_new_room;
mod dispatch_life_cycle;
mod job_across_nodes;
mod registration_names_node;
mod worker_grant_needed;

use greenlight_harness::Check;

pub(crate) const CHECKS: &[&Check] = &[
    &registration_names_node::CHECK,
    &job_across_nodes::CHECK,
    &dispatch_life_cycle::CHECK,
    &agents_of_new_room::CHECK,
    &worker_grant_needed::CHECK,
];
