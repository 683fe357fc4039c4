//! Access tokens: who is let in, and who is not.

mod early_token_refused;
mod expired_token_refused;
mod missing_grant_refused;
mod other_algorithms_refused;
mod tampered_token_refused;
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
];
