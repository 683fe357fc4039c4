//! A participant whose peer connection the server counts as active.
//!
//! ICE, DTLS and SCTP are str0m's, without threads of its own: one task per participant owns the signal connection and
//! the sockets of both peer connections, and whatever it owns is gone when the [`Participant`] is dropped.

mod audio;
mod candidates;
mod data;
mod driver;
mod participant;
mod peer;
mod publisher;
#[cfg(test)]
mod server;
mod signalling;
#[cfg(test)]
mod tests;

pub use participant::Participant;
