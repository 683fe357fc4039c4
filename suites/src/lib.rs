//! The checks. One claim is one file, `<suite>/<check>.rs`; the tables below are the only registration.

mod api;
mod auth;
mod infrastructure;
mod signal;

use greenlight_harness::Check;

/// Every suite with its checks, in the order in which they are shown.
pub const SUITES: &[(&str, &[&Check])] = &[
    ("infrastructure", infrastructure::CHECKS),
    ("api", api::CHECKS),
    ("auth", auth::CHECKS),
    ("signal", signal::CHECKS),
];

/// Every check, in the tables' order.
pub fn checks() -> Vec<&'static Check> {
    SUITES.iter().flat_map(|(_, checks)| checks.iter().copied()).collect()
}
