//! What a deployment says about itself: the numbers that an operator would look at when calls fail.

mod calls_counted;
mod each_node_answers;
mod joins_counted;
mod names_for_alerts;
mod process_health;
mod rooms_counted;

use greenlight_harness::Check;

pub(crate) const CHECKS: &[&Check] = &[
    &each_node_answers::CHECK,
    &joins_counted::CHECK,
    &rooms_counted::CHECK,
    &calls_counted::CHECK,
    &names_for_alerts::CHECK,
    &process_health::CHECK,
];
