//! A receiver of webhooks, and the judgement of what it received.

mod delivery;
#[cfg(test)]
mod recording;
mod signature;
mod sink;

pub use delivery::{Delivery, Mode};
pub use sink::WebhookSink;
