//! One webhook as it came, and how it is answered.

use crate::proto::WebhookEvent;
use std::fmt;
use std::time::Instant;

/// How a delivery is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// 200.
    #[default]
    Ok,
    /// This HTTP status. livekit-server tries again after 429 and 5xx only.
    Status(u16),
    /// Not at all, until the mode changes or the sink is dropped.
    Hang,
}

/// One POST of the server. Tries of one event have its id in common.
#[derive(Clone)]
pub struct Delivery {
    /// When the body was complete.
    pub at: Instant,
    /// The same in milliseconds since 1970.
    pub received_unix_ms: u64,
    /// Whether the `Authorization` header is a token of a known key that holds now, or why not.
    pub authorization_ok: Result<(), String>,
    /// Whether the token names the hash of exactly this body.
    pub hash_ok: bool,
    /// `content-type`, or empty.
    pub content_type: String,
    /// The body, decoded, without the room's TURN password.
    pub event: WebhookEvent,
    /// The body as it came. It holds the room's TURN password: never write it anywhere.
    pub raw: Vec<u8>,
    /// The mode that applied when it came; one that hung may have been answered later.
    pub answered: Mode,
}

impl Delivery {
    /// The event's name, for example `room_started`.
    pub fn name(&self) -> &str {
        &self.event.event
    }

    /// The identity of the participant that it is about, or empty.
    pub fn identity(&self) -> &str {
        self.event.participant.as_ref().map(|participant| participant.identity.as_str()).unwrap_or_default()
    }
}

impl fmt::Debug for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Delivery")
            .field("event", &self.event.event)
            .field("id", &self.event.id)
            .field("room", &room_of(&self.event))
            .field("participant", &self.event.participant.as_ref().map(|participant| &participant.identity))
            .field("authorization_ok", &self.authorization_ok)
            .field("hash_ok", &self.hash_ok)
            .field("answered", &self.answered)
            .finish_non_exhaustive()
    }
}

/// The room that an event is about, or nothing.
pub(super) fn room_of(event: &WebhookEvent) -> &str {
    let named = [
        event.room.as_ref().map(|room| room.name.as_str()),
        event.egress_info.as_ref().map(|egress| egress.room_name.as_str()),
        event.ingress_info.as_ref().map(|ingress| ingress.room_name.as_str()),
    ];
    named.into_iter().flatten().next().unwrap_or_default()
}
