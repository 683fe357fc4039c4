//! The rules of livekit.yaml, one file per topic.

mod addresses;
mod certificates;
mod codecs;
mod exposure;
mod keys;
mod logging;
mod ports;
mod redis;
mod selector;
mod turn;
mod turn_relay;
mod turn_servers;
mod udp;
mod webhook;

use super::run::Check;

/// Every rule about values; the shape of the file is judged before.
pub(crate) const CHECKS: &[Check] = &[
    ports::check,
    udp::check,
    addresses::check,
    keys::check,
    webhook::check,
    codecs::check,
    logging::check,
    selector::check,
    selector::region,
    turn::check,
    turn_relay::check,
    turn_servers::check,
    certificates::check,
    exposure::check,
    redis::check,
];

pub use keys::SECRET_CHARACTERS_MIN;
pub(crate) use logging::check as check_levels;
pub(crate) use ports::collisions;
pub(crate) use selector::check as check_selector;
