//! RoomService over HTTP, as applications use it.

mod malformed_input;
mod room_life_cycle;
mod unknown_room;

use greenlight_harness::Check;

pub(crate) const CHECKS: &[&Check] = &[&room_life_cycle::CHECK, &malformed_input::CHECK, &unknown_room::CHECK];
