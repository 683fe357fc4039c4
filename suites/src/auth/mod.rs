//! Access tokens: who is let in, and who is not.

mod expired_token_refused;
mod valid_token_accepted;
mod wrong_secret_refused;

use greenlight_harness::Check;

pub(crate) const CHECKS: &[&Check] =
    &[&valid_token_accepted::CHECK, &expired_token_refused::CHECK, &wrong_secret_refused::CHECK];
