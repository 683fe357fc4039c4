//! What callers notice of a target under a load that is far below what it can bear. The load comes from a child process
//! of this program, only goes to the target, and is bounded in time and number; whether the generator itself kept up is
//! judged first.

mod api_response_time;
mod concurrent_connections;
mod drill_short_stall;
mod join_storm;
mod resource_use;
mod signal_response_time;

use greenlight_harness::Check;

/// Table of this suite.
pub(crate) const CHECKS: &[&Check] = &[
    &api_response_time::CHECK,
    &signal_response_time::CHECK,
    &concurrent_connections::CHECK,
    &join_storm::CHECK,
    &resource_use::CHECK,
    &drill_short_stall::CHECK,
];
