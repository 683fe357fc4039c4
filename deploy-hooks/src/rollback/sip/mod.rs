//! The component `sip`: trunks and dispatch rules, through the API.

mod api;
mod difference;
mod exchange;
mod held;
mod part;
mod reconcile;
#[cfg(test)]
mod tests;

pub(super) use exchange::Trunks;
pub(super) use part::{Sip, held};
