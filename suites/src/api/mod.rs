//! RoomService, egress, ingress and WHIP over HTTP, as applications use them.

mod cors_answers;
mod cors_preflight;
mod defaults_alike;
mod delete_ends_room;
mod egress_start_unserved;
mod egress_without_service;
mod empty_room_name;
mod fifty_calls;
mod forward_not_implemented;
mod full_room;
mod gone_room;
mod headers_as_direct;
mod ingress_without_service;
mod json_agrees;
mod json_shape;
mod list_filtered;
mod malformed_input;
mod metadata_limit;
mod mute_track;
mod name_limit;
mod participant_found;
mod remote_unmute_refused;
mod remove_participant;
mod room_life_cycle;
mod rpc_without_peer;
mod send_data_delivered;
mod settings_kept;
mod sip_participant_without_bridge;
mod unknown_room;
mod update_participant;
mod update_subscriptions;
mod whip_entry;

use greenlight_harness::Check;

pub(crate) const CHECKS: &[&Check] = &[
    &room_life_cycle::CHECK,
    &malformed_input::CHECK,
    &unknown_room::CHECK,
    &settings_kept::CHECK,
    &defaults_alike::CHECK,
    &list_filtered::CHECK,
    &delete_ends_room::CHECK,
    &participant_found::CHECK,
    &remove_participant::CHECK,
    &mute_track::CHECK,
    &remote_unmute_refused::CHECK,
    &update_participant::CHECK,
    &update_subscriptions::CHECK,
    &send_data_delivered::CHECK,
    &rpc_without_peer::CHECK,
    &forward_not_implemented::CHECK,
    &empty_room_name::CHECK,
    &name_limit::CHECK,
    &metadata_limit::CHECK,
    &full_room::CHECK,
    &gone_room::CHECK,
    &json_shape::CHECK,
    &json_agrees::CHECK,
    &whip_entry::CHECK,
    &egress_without_service::CHECK,
    &egress_start_unserved::CHECK,
    &ingress_without_service::CHECK,
    &sip_participant_without_bridge::CHECK,
    &cors_answers::CHECK,
    &cors_preflight::CHECK,
    &headers_as_direct::CHECK,
    &fifty_calls::CHECK,
];
