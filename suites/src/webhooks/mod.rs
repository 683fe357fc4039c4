//! Webhooks: what the server tells the application about rooms and participants.

mod aborted_join_is_told;
mod both_nodes_deliver;
mod dispatch_counter_moves;
mod events_are_signed;
mod every_event_arrives;
mod hanging_receiver_blocks_only_its_room;
mod ids_are_stable_over_retries;
mod rejection_loses_only_its_event;

use greenlight_harness::Check;

pub(crate) const CHECKS: &[&Check] = &[
    &events_are_signed::CHECK,
    &every_event_arrives::CHECK,
    &both_nodes_deliver::CHECK,
    &aborted_join_is_told::CHECK,
    &ids_are_stable_over_retries::CHECK,
    &rejection_loses_only_its_event::CHECK,
    &hanging_receiver_blocks_only_its_room::CHECK,
    &dispatch_counter_moves::CHECK,
];
