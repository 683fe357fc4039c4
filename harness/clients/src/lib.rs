//! Clients for what a LiveKit deployment offers: tokens, the room API, the signal connection, Redis.
//!
//! An answer that the target gave is always a value here, whatever its status; an `Err` means that there was none.
//! No test code and no load code lives in this crate.

mod answer;
mod database;
mod http;
mod redis;
mod rooms;
mod signal;
mod tls;
mod tokens;
mod unreachable;
mod webhooks;

pub use answer::{Answer, Refusal};
pub use database::{Connections, Database, DatabaseConnection};
pub use http::{Endpoint, Http};
pub use redis::{RedisClient, RedisConnection};
pub use rooms::{Rooms, Rpc};
pub use signal::{JoinError, Session, Signal};
pub use tls::install_crypto_provider;
pub use tokens::{Algorithm, Key, Secret, Token, TokenBuilder, VideoGrant};
pub use unreachable::{Unreachable, Why};
pub use webhooks::{Delivery, Mode, WebhookSink};

/// LiveKit's own messages.
pub use livekit_protocol as proto;
