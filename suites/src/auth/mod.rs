//! Access tokens: who is let in, and who is not.

mod agent_dispatch_grants;
mod application_tokens;
mod drill_key_rotation;
mod early_token_refused;
mod egress_grants;
mod endless_tokens;
mod every_node_takes_the_key;
mod expired_token_refused;
mod identity_required;
mod ingress_grants;
mod issued_in_future;
mod join_grant_required;
mod leeway_of_a_minute;
mod long_names_refused;
mod missing_grant_refused;
mod no_token_refused;
mod other_algorithms_refused;
mod other_schemes_refused;
mod refresh_token_keeps_key;
mod room_administration_grants;
mod room_comes_from_the_token;
mod room_creation_grant;
mod sip_admin_grant;
mod sip_call_grant;
mod tampered_token_refused;
mod text_that_is_no_token_refused;
mod token_without_issuer_refused;
mod valid_token_accepted;
mod wrong_secret_refused;

use greenlight_harness::Check;

pub(crate) const CHECKS: &[&Check] = &[
    &valid_token_accepted::CHECK,
    &expired_token_refused::CHECK,
    &wrong_secret_refused::CHECK,
    &tampered_token_refused::CHECK,
    &other_algorithms_refused::CHECK,
    &early_token_refused::CHECK,
    &missing_grant_refused::CHECK,
    &no_token_refused::CHECK,
    &other_schemes_refused::CHECK,
    &text_that_is_no_token_refused::CHECK,
    &token_without_issuer_refused::CHECK,
    &join_grant_required::CHECK,
    &identity_required::CHECK,
    &room_comes_from_the_token::CHECK,
    &long_names_refused::CHECK,
    &leeway_of_a_minute::CHECK,
    &endless_tokens::CHECK,
    &issued_in_future::CHECK,
    &room_administration_grants::CHECK,
    &agent_dispatch_grants::CHECK,
    &room_creation_grant::CHECK,
    &egress_grants::CHECK,
    &ingress_grants::CHECK,
    &sip_admin_grant::CHECK,
    &sip_call_grant::CHECK,
    &refresh_token_keeps_key::CHECK,
    &every_node_takes_the_key::CHECK,
    &application_tokens::CHECK,
    &drill_key_rotation::CHECK,
];
