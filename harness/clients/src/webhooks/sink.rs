//! A receiver of webhooks: what the server sends is kept with a judgement of its signature, and answered as told.

use super::delivery::{Delivery, Mode, room_of};
use super::signature::Signature;
use crate::proto::WebhookEvent;
use crate::tokens::Key;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::serve::Listener;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant, UNIX_EPOCH};
use tokio::sync::watch;
use tokio::time::timeout;

/// A run makes some hundred; what comes after these is answered with 503.
const DELIVERIES_MAX: usize = 10_000;

/// The receiver. Clones are the same one; when the last is dropped, it stops to listen.
#[derive(Clone)]
pub struct WebhookSink(Arc<Guard>);

struct Guard(Arc<Shared>);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.closed.send_replace(true);
    }
}

struct Shared {
    keys: Vec<Key>,
    /// By name of room.
    modes: watch::Sender<HashMap<String, Mode>>,
    received: watch::Sender<Received>,
    closed: watch::Sender<bool>,
}

#[derive(Default)]
struct Received {
    /// By name of room, in order of arrival; events without a room are under the empty name.
    deliveries: HashMap<String, Vec<Delivery>>,
    unreadable: Vec<String>,
    total: usize,
}

impl WebhookSink {
    /// Receives on this listener, at any path; tokens must be of one of the keys. Needs a Tokio runtime around it.
    pub fn serve<L>(listener: L, keys: Vec<Key>) -> Self
    where
        L: Listener,
        L::Addr: fmt::Debug,
    {
        let shared = Arc::new(Shared {
            keys,
            modes: watch::Sender::default(),
            received: watch::Sender::default(),
            closed: watch::Sender::default(),
        });
        let routes = Router::new().fallback(receive).with_state(Arc::clone(&shared));
        let mut closed = shared.closed.subscribe();
        tokio::spawn(async move {
            // An error means that the sender is gone, which is the end just as well.
            let end = async move { drop(closed.wait_for(|closed| *closed).await) };
            axum::serve(listener, routes).with_graceful_shutdown(end).await
        });
        Self(Arc::new(Guard(shared)))
    }

    /// From now on deliveries for this room are answered like this; those that hang already, too. Absent: 200.
    pub fn answer(&self, room: &str, mode: Mode) {
        self.shared().modes.send_modify(|modes| {
            modes.insert(room.to_owned(), mode);
        });
    }

    /// What came for this room so far, in order of arrival. Events without a room are those of the empty name.
    pub fn of(&self, room: &str) -> Vec<Delivery> {
        self.shared().received.borrow().deliveries.get(room).cloned().unwrap_or_default()
    }

    /// Why bodies could not be read as an event, one line for each; they were answered with 400.
    pub fn unreadable(&self) -> Vec<String> {
        self.shared().received.borrow().unreadable.clone()
    }

    /// Waits until the deliveries of this room are as wanted; `None` when they were not within that time.
    pub async fn until<T>(
        &self,
        room: &str,
        within: Duration,
        mut wanted: impl FnMut(&[Delivery]) -> Option<T>,
    ) -> Option<T> {
        let mut changes = self.shared().received.subscribe();
        let found = async {
            loop {
                let now = wanted(changes.borrow_and_update().deliveries.get(room).map_or(&[], Vec::as_slice));
                if now.is_some() || changes.changed().await.is_err() {
                    return now;
                }
            }
        };
        timeout(within, found).await.ok().flatten()
    }

    fn shared(&self) -> &Shared {
        &self.0.0
    }
}

async fn receive(State(shared): State<Arc<Shared>>, method: Method, headers: HeaderMap, body: Bytes) -> StatusCode {
    if method != Method::POST {
        return StatusCode::METHOD_NOT_ALLOWED;
    }
    let (at, since_1970) = (Instant::now(), UNIX_EPOCH.elapsed().unwrap_or_default());
    let mut event: WebhookEvent = match serde_json::from_slice(&body) {
        Ok(event) => event,
        Err(error) => {
            // Place and kind of the mistake, but not serde's words, which may quote the body.
            let problem = format!("{:?} error at byte {} of {}", error.classify(), error.column(), body.len());
            let kept = shared.keep(|received| received.unreadable.push(problem));
            return if kept { StatusCode::BAD_REQUEST } else { StatusCode::SERVICE_UNAVAILABLE };
        }
    };
    if let Some(room) = &mut event.room {
        room.turn_password.clear();
    }
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let Signature { authorization_ok, hash_ok } =
        Signature::judge(&shared.keys, text(header::AUTHORIZATION), &body, since_1970.as_secs());
    let room = room_of(&event).to_owned();
    // Chosen before anybody can see the delivery: who changes the mode then means the next one.
    let answered = shared.modes.borrow().get(&room).copied().unwrap_or_default();
    let delivery = Delivery {
        at,
        received_unix_ms: u64::try_from(since_1970.as_millis()).unwrap_or(u64::MAX),
        authorization_ok,
        hash_ok,
        content_type: text(header::CONTENT_TYPE).to_owned(),
        event,
        raw: body.to_vec(),
        answered,
    };
    tracing::info!("webhook {delivery:?}");
    match shared.keep(|received| received.deliveries.entry(room.clone()).or_default().push(delivery)) {
        true => shared.status(&room, answered).await,
        false => StatusCode::SERVICE_UNAVAILABLE,
    }
}

impl Shared {
    /// Whether there was room.
    fn keep(&self, add: impl FnOnce(&mut Received)) -> bool {
        self.received.send_if_modified(|received| {
            let room_left = received.total < DELIVERIES_MAX;
            if room_left {
                received.total += 1;
                add(received);
            }
            room_left
        })
    }

    /// The status of this mode; one that hangs waits for another.
    async fn status(&self, room: &str, mut mode: Mode) -> StatusCode {
        if mode == Mode::Hang {
            let of = |modes: &HashMap<String, Mode>| modes.get(room).copied().unwrap_or_default();
            let (mut modes, mut closed) = (self.modes.subscribe(), self.closed.subscribe());
            mode = tokio::select! {
                changed = modes.wait_for(|modes| of(modes) != Mode::Hang) => changed.map_or(mode, |modes| of(&modes)),
                _ = closed.wait_for(|closed| *closed) => mode,
            };
        }
        match mode {
            Mode::Ok => StatusCode::OK,
            Mode::Status(status) => StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            // The sink is gone, and nobody reads any more what becomes of the event.
            Mode::Hang => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::delivery::{Delivery, Mode};
    use super::super::recording::{AUTHORIZATION, BODY, CONTENT_TYPE, KEY_ID, KEY_SECRET, ROOM};
    use super::WebhookSink;
    use crate::tokens::{Key, Secret};
    use std::time::Duration;
    use tokio::net::TcpListener;
    use tokio::time::timeout;

    const SOON: Duration = Duration::from_secs(5);
    /// Long enough for an answer to come if there were one.
    const MOMENT: Duration = Duration::from_millis(200);

    async fn sink() -> (WebhookSink, String) {
        crate::install_crypto_provider();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/any/path", listener.local_addr().expect("an address"));
        let key = Key { id: KEY_ID.into(), secret: Secret::new(KEY_SECRET) };
        (WebhookSink::serve(listener, vec![key]), url)
    }

    /// Sends the recorded delivery, with another body if one is given.
    async fn post(url: &str, body: &str) -> Result<u16, reqwest::Error> {
        let request = reqwest::Client::new().post(url).header("authorization", AUTHORIZATION);
        Ok(request.header("content-type", CONTENT_TYPE).body(body.to_owned()).send().await?.status().as_u16())
    }

    fn two(deliveries: &[Delivery]) -> Option<usize> {
        (deliveries.len() == 2).then_some(2)
    }

    #[tokio::test]
    async fn a_real_delivery_is_kept_whole_and_its_password_shown_nowhere() {
        let (sink, url) = sink().await;
        assert_eq!(post(&url, BODY).await.expect("an answer"), 200);
        let [delivery] = <[Delivery; 1]>::try_from(sink.of(ROOM)).expect("one delivery");
        assert_eq!(delivery.raw, BODY.as_bytes());
        assert!(BODY.contains("turnPassword\":\"09wcuJrx"));
        let shown = format!("{delivery:?} {:?}", delivery.event);
        assert!(!shown.contains("09wcuJrx"), "{shown}");
        let event = &delivery.event;
        assert_eq!((event.event.as_str(), event.id.as_str()), ("room_started", "EV_oDFbkGLCgd5E"));
        assert_eq!(event.created_at, 1_795_404_466);
        assert_eq!(event.room.as_ref().map(|room| room.sid.as_str()), Some("RM_dWvjQKfd6xsE"));
        assert_eq!(delivery.content_type, "application/webhook+json");
        assert!(delivery.hash_ok);
        assert!(sink.of("another room").is_empty());
    }

    #[tokio::test]
    async fn a_room_is_answered_as_told_and_others_with_200() {
        let (sink, url) = sink().await;
        let other = BODY.replace(ROOM, "other");
        for (mode, status) in [(Mode::Status(500), 500), (Mode::Status(401), 401), (Mode::Ok, 200)] {
            sink.answer(ROOM, mode);
            assert_eq!(post(&url, BODY).await.expect("an answer"), status);
            assert_eq!(post(&url, &other).await.expect("an answer"), 200);
            assert_eq!(sink.of(ROOM).last().map(|delivery| delivery.answered), Some(mode));
        }
        assert!(sink.of("other").iter().all(|delivery| !delivery.hash_ok && delivery.answered == Mode::Ok));
    }

    #[tokio::test]
    async fn a_hanging_delivery_is_seen_and_answered_when_the_mode_changes() {
        let (sink, url) = sink().await;
        sink.answer(ROOM, Mode::Hang);
        let mut answer = tokio::spawn(async move { post(&url, BODY).await.expect("an answer") });
        let first = sink.until(ROOM, SOON, |deliveries| deliveries.first().map(|delivery| delivery.answered)).await;
        assert_eq!(first, Some(Mode::Hang));
        assert!(timeout(MOMENT, &mut answer).await.is_err(), "answered although it hangs");
        sink.answer(ROOM, Mode::Status(429));
        assert_eq!(timeout(SOON, answer).await.expect("in time").expect("no panic"), 429);
    }

    #[tokio::test]
    async fn waiting_ends_with_the_delivery_or_with_the_time() {
        let (sink, url) = sink().await;
        assert_eq!(sink.until(ROOM, Duration::from_millis(20), two).await, None);
        post(&url, BODY).await.expect("an answer");
        let waiting = sink.clone();
        let waited = tokio::spawn(async move { waiting.until(ROOM, SOON, two).await });
        post(&url, BODY).await.expect("an answer");
        assert_eq!(waited.await.expect("no panic"), Some(2));
    }

    #[tokio::test]
    async fn what_is_no_event_is_refused_and_not_quoted() {
        let (sink, url) = sink().await;
        assert_eq!(post(&url, r#"{"room": {"turnPassword": "hidden", "sid": 7}}"#).await.expect("an answer"), 400);
        let [problem] = <[String; 1]>::try_from(sink.unreadable()).expect("one");
        assert!(problem.starts_with("Data error at byte ") && !problem.contains("hidden"), "{problem}");
        let got = reqwest::get(&url).await.expect("an answer").status().as_u16();
        assert_eq!((got, sink.unreadable().len()), (405, 1));
    }

    #[tokio::test]
    async fn the_last_handle_ends_the_server_and_lets_go_what_hangs() {
        let (sink, url) = sink().await;
        sink.answer(ROOM, Mode::Hang);
        let hanging = tokio::spawn({
            let url = url.clone();
            async move { post(&url, BODY).await }
        });
        assert!(sink.until(ROOM, SOON, |deliveries| deliveries.first().cloned()).await.is_some());
        let copy = sink.clone();
        drop(sink);
        assert_eq!(post(&url, &BODY.replace(ROOM, "other")).await.expect("still there"), 200);
        drop(copy);
        assert_eq!(timeout(SOON, hanging).await.expect("in time").expect("no panic").expect("an answer"), 503);
        assert!(post(&url, BODY).await.expect_err("nobody there").is_connect());
    }
}
