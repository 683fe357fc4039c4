//! The signal connection: joining a room.

mod fifty_joins_in_parallel;
mod idle_through_balancer;
mod join_on_each_node;
mod join_through_balancer;

use greenlight_harness::Check;

pub(crate) const CHECKS: &[&Check] = &[
    &join_through_balancer::CHECK,
    &idle_through_balancer::CHECK,
    &join_on_each_node::CHECK,
    &fifty_joins_in_parallel::CHECK,
];
