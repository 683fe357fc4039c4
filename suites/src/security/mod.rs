//! What is open to everybody, and what is told to somebody who should not know it.

mod accepted_token_not_echoed;
mod bad_token_refused_everywhere;
mod debug_endpoints_closed;
mod metrics_closed;
mod no_version_banner;
mod path_tricks;
mod plain_http_refused;
mod request_smuggling;
mod tls_floor;
mod token_not_echoed;
mod whip_needs_token;

use greenlight_harness::Check;

pub(crate) const CHECKS: &[&Check] = &[
    &token_not_echoed::CHECK,
    &accepted_token_not_echoed::CHECK,
    &bad_token_refused_everywhere::CHECK,
    &whip_needs_token::CHECK,
    &debug_endpoints_closed::CHECK,
    &metrics_closed::CHECK,
    &tls_floor::CHECK,
    &plain_http_refused::CHECK,
    &request_smuggling::CHECK,
    &path_tricks::CHECK,
    &no_version_banner::CHECK,
];
