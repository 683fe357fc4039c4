//! The component `redis`: what lasts of what livekit-server keeps in Redis.

mod exchange;
mod keys;
mod part;
mod server;
#[cfg(test)]
mod tests;

pub(super) use exchange::Keys;
pub(super) use part::{Durable, held};
