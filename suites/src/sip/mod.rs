//! SIP: trunks, rules and calls by the API, and the edge that callers reach.

mod call_answers;
mod edge_answers;
mod edge_answers_calls;
mod edge_refuses_methods;
mod inbound_trunk_life_cycle;
mod no_open_door;
mod outbound_trunk_validated;
mod rule_life_cycle;
mod second_rule_refused;
mod transfer_nobody;
mod trunk_conflicts_refused;
mod unknown_ids;

use greenlight_harness::Check;

pub(crate) const CHECKS: &[&Check] = &[
    &inbound_trunk_life_cycle::CHECK,
    &rule_life_cycle::CHECK,
    &unknown_ids::CHECK,
    &trunk_conflicts_refused::CHECK,
    &outbound_trunk_validated::CHECK,
    &second_rule_refused::CHECK,
    &call_answers::CHECK,
    &transfer_nobody::CHECK,
    &no_open_door::CHECK,
    &edge_answers::CHECK,
    &edge_answers_calls::CHECK,
    &edge_refuses_methods::CHECK,
];
