//! Access tokens: who is let in, and who is not.

mod early_token_refused;
mod expired_token_refused;
mod missing_grant_refused;
mod other_algorithms_refused;
mod tampered_token_refused;
mod valid_token_accepted;
mod wrong_secret_refused;

use greenlight_harness::Check;

/// What to do when the positive control of a refusal is refused itself.
const COMPARE_KEYS: &str = "compare the API key and secret given to this run with `keys:` in livekit.yaml";

pub(crate) const CHECKS: &[&Check] = &[
    &valid_token_accepted::CHECK,
    &expired_token_refused::CHECK,
    &wrong_secret_refused::CHECK,
    &tampered_token_refused::CHECK,
    &other_algorithms_refused::CHECK,
    &early_token_refused::CHECK,
    &missing_grant_refused::CHECK,
];
