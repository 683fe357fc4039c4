//! The signal connection: joining a room.

mod deleted_room_told;
mod duplicate_identity;
mod fifty_joins_in_parallel;
mod idle_through_balancer;
mod join_on_each_node;
mod join_opens_room;
mod join_through_balancer;
mod join_without_media_ends;
mod joins_one_by_one;
mod max_participants_enforced;
mod media_addresses;
mod plain_get_not_found;
mod removed_participant_told;
mod resume;
mod resume_after_cut;
mod resume_through_other_node;
mod v1_join;
mod v1_validate;

use greenlight_harness::Check;

pub(crate) const CHECKS: &[&Check] = &[
    &join_through_balancer::CHECK,
    &idle_through_balancer::CHECK,
    &join_on_each_node::CHECK,
    &fifty_joins_in_parallel::CHECK,
    &v1_validate::CHECK,
    &v1_join::CHECK,
    &media_addresses::CHECK,
    &plain_get_not_found::CHECK,
    &resume::CHECK,
    &resume_after_cut::CHECK,
    &resume_through_other_node::CHECK,
    &duplicate_identity::CHECK,
    &removed_participant_told::CHECK,
    &deleted_room_told::CHECK,
    &max_participants_enforced::CHECK,
    &join_opens_room::CHECK,
    &joins_one_by_one::CHECK,
    &join_without_media_ends::CHECK,
];
