//! Configuration: what nodes and bridge are told, and whether the nodes do it. No bridge runs in a staging: its sip.yaml
//! is read as the operator's file.

mod advertised_candidates;
mod announced_turn_urls;
mod bind_addresses_understood;
mod bridge_credentials_complete;
mod bridge_key_known;
mod bridge_keys_known;
mod bridge_load_limit_taken;
mod bridge_log_level_known;
mod bridge_media_ports_a_range;
mod bridge_one_document_read;
mod bridge_one_external_address;
mod bridge_ports_do_not_collide;
mod bridge_redis_as_servers;
mod bridge_url_is_entry;
mod bridge_variables_expanded;
mod codecs_known;
mod config_body_does_not_hide_file;
mod debug_handler_closed;
mod environment_names_known;
mod environment_values_valid;
mod external_ip_or_node_ip;
mod ice_server_addresses_valid;
mod key_file_private;
mod limits_are_set;
mod log_level_known;
mod no_foreign_ice_servers;
mod no_lists_in_environment;
mod no_public_stun_fallback;
mod no_unknown_keys;
mod node_ids_known;
mod node_selector_known;
mod not_in_development_mode;
mod one_document_read;
mod port_range_complete;
mod ports_do_not_collide;
mod prometheus_password_complete;
mod publish_codecs_as_configured;
mod redis_configured;
mod same_configuration_on_all_nodes;
mod secret_is_long_enough;
mod strict_parsing_on;
mod turn_certificate_matches;
mod turn_complete;
mod turn_credentials_expire;
mod turn_credentials_live;
mod turn_peer_networks_valid;
mod turn_port_reachable_as_announced;
mod turn_relay_range_ordered;
mod turn_server_protocols_known;
mod udp_port_or_range_not_both;
mod udp_ports_within_cpus;
mod variables_expanded;
mod version_as_intended;
mod webhook_filters_known;
mod webhook_key_known;
mod webhook_urls_valid;

use greenlight_harness::Check;

pub(crate) const CHECKS: &[&Check] = &[
    &secret_is_long_enough::CHECK,
    &environment_names_known::CHECK,
    &environment_values_valid::CHECK,
    &no_lists_in_environment::CHECK,
    &config_body_does_not_hide_file::CHECK,
    &udp_port_or_range_not_both::CHECK,
    &port_range_complete::CHECK,
    &udp_ports_within_cpus::CHECK,
    &ports_do_not_collide::CHECK,
    &webhook_urls_valid::CHECK,
    &webhook_key_known::CHECK,
    &webhook_filters_known::CHECK,
    &codecs_known::CHECK,
    &log_level_known::CHECK,
    &node_selector_known::CHECK,
    &turn_peer_networks_valid::CHECK,
    &turn_credentials_live::CHECK,
    &turn_relay_range_ordered::CHECK,
    &turn_server_protocols_known::CHECK,
    &ice_server_addresses_valid::CHECK,
    &turn_certificate_matches::CHECK,
    &turn_complete::CHECK,
    &no_public_stun_fallback::CHECK,
    &prometheus_password_complete::CHECK,
    &not_in_development_mode::CHECK,
    &key_file_private::CHECK,
    &external_ip_or_node_ip::CHECK,
    &no_unknown_keys::CHECK,
    &one_document_read::CHECK,
    &variables_expanded::CHECK,
    &redis_configured::CHECK,
    &limits_are_set::CHECK,
    &bind_addresses_understood::CHECK,
    &advertised_candidates::CHECK,
    &announced_turn_urls::CHECK,
    &debug_handler_closed::CHECK,
    &no_foreign_ice_servers::CHECK,
    &node_ids_known::CHECK,
    &publish_codecs_as_configured::CHECK,
    &same_configuration_on_all_nodes::CHECK,
    &strict_parsing_on::CHECK,
    &turn_credentials_expire::CHECK,
    &turn_port_reachable_as_announced::CHECK,
    &version_as_intended::CHECK,
    &bridge_keys_known::CHECK,
    &bridge_one_document_read::CHECK,
    &bridge_variables_expanded::CHECK,
    &bridge_credentials_complete::CHECK,
    &bridge_media_ports_a_range::CHECK,
    &bridge_ports_do_not_collide::CHECK,
    &bridge_one_external_address::CHECK,
    &bridge_load_limit_taken::CHECK,
    &bridge_log_level_known::CHECK,
    &bridge_redis_as_servers::CHECK,
    &bridge_key_known::CHECK,
    &bridge_url_is_entry::CHECK,
];
