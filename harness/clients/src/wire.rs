//! What goes over the wire, told to whoever records it. Without a recorder nothing is told, and nothing is different.

use crate::answer::Answer;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

/// A request as it was sent: HTTP, or the opening of a WebSocket.
#[derive(Debug, Clone)]
pub struct WireRequest {
    /// `http://…` or `https://…` of who was asked, without the path.
    pub base: String,
    /// `GET`, `POST`, …
    pub method: String,
    /// Path and query. A token may stand in it.
    pub path: String,
    /// What was added to the headers that every request has; a token stands here as `authorization: Bearer …`.
    pub headers: Vec<(String, String)>,
    /// The body as it was sent.
    pub body: Vec<u8>,
    /// When it was sent: what a token says of time is held against this.
    pub at: SystemTime,
}

/// One thing that was sent or came.
#[derive(Debug, Clone)]
pub enum WireEvent {
    /// A request and its whole answer: its head, and the body as bytes.
    Http(WireRequest, Answer, Vec<u8>),
    /// A request to open a WebSocket: the number of the connection, and the answer of who refused it.
    Opened(u64, WireRequest, Option<Answer>),
    /// A binary message to the server.
    Sent(u64, Vec<u8>),
    /// A binary message from the server.
    Received(u64, Vec<u8>),
    /// The server closed the connection.
    Ended(u64),
    /// This side closed or dropped it.
    Closed(u64),
    /// Something that no recording can say again: bytes that are no HTTP, or a request without an answer.
    Unrepeatable(&'static str),
}

/// Is told of everything that is sent through the clients that carry it, and of what comes back.
#[derive(Clone)]
pub struct Recorder {
    tell: Arc<dyn Fn(WireEvent) + Send + Sync>,
    connections: Arc<AtomicU64>,
}

impl Recorder {
    /// Tells this function. It is called where requests are made, so it must not wait.
    pub fn new(tell: impl Fn(WireEvent) + Send + Sync + 'static) -> Self {
        Self { tell: Arc::new(tell), connections: Arc::default() }
    }

    pub(crate) fn tell(&self, event: WireEvent) {
        (self.tell)(event);
    }

    /// The opening of a WebSocket; what is said over it is told to what comes back.
    pub(crate) fn opened(&self, request: WireRequest, refusal: Option<Answer>) -> Tap {
        let connection = self.connections.fetch_add(1, Ordering::Relaxed);
        let is_open = refusal.is_none();
        self.tell(WireEvent::Opened(connection, request, refusal));
        Tap { recorder: self.clone(), connection, is_open }
    }
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Recorder")
    }
}

/// One recorded WebSocket. Dropping it tells that this side has closed, unless the server did before.
pub(crate) struct Tap {
    recorder: Recorder,
    connection: u64,
    is_open: bool,
}

impl Tap {
    pub(crate) fn sent(&self, message: Vec<u8>) {
        self.recorder.tell(WireEvent::Sent(self.connection, message));
    }

    pub(crate) fn received(&self, message: Vec<u8>) {
        self.recorder.tell(WireEvent::Received(self.connection, message));
    }

    pub(crate) fn ended(&mut self) {
        if std::mem::take(&mut self.is_open) {
            self.recorder.tell(WireEvent::Ended(self.connection));
        }
    }
}

impl Drop for Tap {
    fn drop(&mut self) {
        if self.is_open {
            self.recorder.tell(WireEvent::Closed(self.connection));
        }
    }
}
