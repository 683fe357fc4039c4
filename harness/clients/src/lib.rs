//! Clients for what a LiveKit deployment offers: tokens, its APIs, the signal connection, agents, metrics, TLS, SIP,
//! Redis.
//!
//! An answer that the target gave is always a value here, whatever its status; an `Err` means that there was none.
//! No test code and no load code lives in this crate.

mod agents;
mod answer;
mod candidates;
mod client_hello;
mod database;
mod dispatches;
mod egress_api;
mod grants;
mod http;
mod ingress_api;
mod join_options;
mod metrics;
mod proxy;
mod raw_http;
mod redis;
mod redis_state;
mod rooms;
mod session;
mod signal;
mod sip;
mod sip_api;
mod sip_message;
mod sip_transaction;
mod tls;
mod tls_inspection;
mod token_builder;
mod token_grants;
mod token_lint;
mod tokens;
mod turn_username;
mod twirp;
mod unreachable;
mod webhooks;
mod websocket;
mod wire;

pub use agents::{Job, Worker};
pub use answer::{Answer, Refusal};
pub use candidates::Candidate;
pub use client_hello::{HelloAnswer, LegacyVersion, raw_client_hello};
pub use database::{Connections, Database, DatabaseConnection};
pub use dispatches::Dispatches;
pub use egress_api::EgressApi;
pub use grants::{Grants, SipGrant, VideoGrant};
pub use http::{Endpoint, Http};
pub use ingress_api::IngressApi;
pub use join_options::{JoinOptions, SignalPath};
pub use metrics::{Metrics, Sample};
pub use proxy::Proxy;
pub use raw_http::{RawAnswer, Stream};
pub use redis::{RedisClient, RedisConnection};
pub use redis_state::SlowCommand;
pub use rooms::Rooms;
pub use session::Session;
pub use signal::Signal;
pub use sip::{InviteOutcome, SipClient, audio_offer};
pub use sip_api::SipApi;
pub use sip_message::SipResponse;
pub use tls::{install_crypto_provider, system_roots};
pub use tls_inspection::{ServedTls, inspect, read_certificate};
pub use token_builder::{Algorithm, TokenBuilder};
pub use token_lint::{TokenFinding, tokens_of};
pub use tokens::{Key, Secret, Token, claims_of};
pub use turn_username::turn_expiry;
pub use twirp::{Rpc, Twirp};
pub use unreachable::{Unreachable, Why};
pub use webhooks::{Delivery, Mode, WebhookSink};
pub use websocket::JoinError;
pub use wire::{Recorder, WireEvent, WireRequest};

/// JSON, for requests and answers in that form.
pub use serde_json::{Value as Json, json};

/// LiveKit's own messages.
pub use livekit_protocol as proto;
