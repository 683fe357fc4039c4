//! Says a recording again, and compares what comes back.

use super::line::{Ask, Body, Heard, Line, Said, Step};
use super::listen::{form_of, heard, said};
use super::names::Names;
use super::token::signed;
use anyhow::{Context as _, Result, bail};
use futures_util::{SinkExt as _, StreamExt as _};
use greenlight_emulator::messages::{Form, socket};
use greenlight_harness::clients::{Answer, Http, Key, Recorder, WireEvent};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{self, Message, http};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// The run's id of what is said again.
const RUN: &str = "again";
/// A fake on this machine that has not answered by then will not.
const ANSWER_MAX: Duration = Duration::from_secs(5);
/// Where media is missing nothing more may come, and nobody waits long for it.
const WITH_MEDIA_MAX: Duration = Duration::from_millis(100);
const NO_MEDIA: &str = "the emulator has no media";
/// The status by which the emulator says that it does not know something.
const UNKNOWN: u16 = 501;

/// What became of the recording of one check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Replayed {
    /// Everything was answered as it was recorded.
    Same,
    /// Something of it can't be said to the emulator, or is not known there: the reason.
    Beyond(String),
    /// The emulator gives another answer than LiveKit: what, recorded, and found.
    Other(String),
}

/// Says one check's lines again, to somebody who was started for that, and counts what was sent and compared.
///
/// # Errors
/// When nobody answers.
pub(super) async fn replay(lines: &[&Line], http: &Http, url: &str, key: &Key) -> Result<(Replayed, usize)> {
    let hears_media =
        |line: &&&Line| matches!(&line.step, Step::Heard(_, heard) if MEDIA.contains(&heard.kind.as_str()));
    let has_media = lines.iter().any(|line| hears_media(&line));
    let mut player =
        Player { names: Names::new(key, RUN), http, url, sockets: BTreeMap::new(), compared: 0, has_media };
    for line in lines {
        match player.step(&line.step).await.with_context(|| format!("saying {} again", line.check))? {
            Replayed::Same => {}
            other => return Ok((other, player.compared)),
        }
    }
    Ok((Replayed::Same, player.compared))
}

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

struct Player<'a> {
    names: Names<'a>,
    http: &'a Http,
    url: &'a str,
    sockets: BTreeMap<u64, (Socket, (Form, Form))>,
    /// Requests and messages whose answer was as recorded.
    compared: usize,
    /// Somebody in it has media: messages come because of that which are not about it.
    has_media: bool,
}

impl Player<'_> {
    async fn step(&mut self, step: &Step) -> Result<Replayed> {
        match step {
            Step::Http(ask, _) | Step::Open(_, ask, _) if ask.to != "entry" => {
                Ok(Replayed::Beyond(format!("it asks {}, and the emulator is one address", ask.to)))
            }
            Step::Http(ask, recorded) => self.http(ask, recorded).await,
            Step::Open(number, ask, refusal) => self.open(*number, ask, refusal.as_ref()).await,
            Step::Sent(number, message) => self.send(*number, message).await,
            Step::Heard(number, recorded) => self.hear(*number, recorded).await,
            Step::Ended(number) => self.end(*number).await,
            Step::Closed(number) => {
                if let Some((mut socket, _)) = self.sockets.remove(number) {
                    let _ = timeout(ANSWER_MAX, socket.close(None)).await;
                    // Until the other side has closed too: what is said next may depend on that.
                    let _ = timeout(ANSWER_MAX, async { while let Some(Ok(_)) = socket.next().await {} }).await;
                }
                Ok(Replayed::Same)
            }
            Step::Unrepeatable(what) => Ok(Replayed::Beyond(format!("it sends {what}"))),
        }
    }

    /// A text with its tokens signed now.
    fn text(&self, ask: &Ask, text: &str) -> String {
        let mut text = self.names.shown_text(text);
        for (place, spec) in ask.tokens.iter().enumerate() {
            text = text.replace(&format!("<token {place}>"), &signed(spec, &self.names));
        }
        text
    }

    async fn http(&mut self, ask: &Ask, recorded: &Said) -> Result<Replayed> {
        let path = self.text(ask, &ask.path);
        let body = match &ask.body {
            None => vec![],
            Some(Body::Json(value)) => self.names.shown(value).to_string().into_bytes(),
            Some(Body::Text(text)) => self.text(ask, text).into_bytes(),
            Some(Body::Protobuf(value)) => {
                let (form, _) = form_of(&ask.path).context("a call that nobody knows")?;
                (form.bytes)(&self.names.shown(value)).context("a message that can't be written")?
            }
        };
        let headers: Vec<(&str, String)> =
            ask.headers.iter().map(|(name, value)| (name.as_str(), self.text(ask, value))).collect();
        let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let told = Arc::new(Mutex::new(None));
        let recorder = {
            let told = told.clone();
            Recorder::new(move |event| *told.lock().unwrap_or_else(PoisonError::into_inner) = Some(event))
        };
        let endpoint = self.http.clone().recorded_by(recorder).endpoint(self.url);
        endpoint.request(&ask.method, &path, None, &headers, body).await?;
        let event = told.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(WireEvent::Http(_, answer, bytes)) = event else { bail!("no answer was told") };
        Ok(self.compared(ask, recorded, &answer, &bytes))
    }

    fn compared(&mut self, ask: &Ask, recorded: &Said, answer: &Answer, bytes: &[u8]) -> Replayed {
        let what = format!("{} {}", ask.method, ask.path);
        if answer.status == UNKNOWN && recorded.status != UNKNOWN {
            return Replayed::Beyond(format!("the emulator does not know {what} as it is asked here"));
        }
        let (found, json) = said(&self.names, &ask.path, answer, bytes);
        let wanted = Said { ids: BTreeMap::new(), ..recorded.clone() };
        if found != wanted {
            return Replayed::Other(format!("{what}: recorded {wanted:?}, and found {found:?}"));
        }
        self.names.hear_as(&json, &recorded.ids);
        self.compared += 1;
        Replayed::Same
    }

    async fn open(&mut self, number: u64, ask: &Ask, refusal: Option<&Said>) -> Result<Replayed> {
        let path = self.text(ask, &ask.path);
        let mut request = format!("{}{path}", self.url.replacen("http", "ws", 1)).into_client_request()?;
        for (name, value) in &ask.headers {
            let value = self.text(ask, value).parse().context("a header")?;
            request.headers_mut().insert(http::HeaderName::try_from(name)?, value);
        }
        let opened = timeout(ANSWER_MAX, Box::pin(connect_async(request))).await.context("no answer to an upgrade")?;
        match (opened, refusal) {
            (Ok((stream, _)), None) => {
                self.sockets.insert(number, (stream, socket(&ask.path)));
                self.compared += 1;
                Ok(Replayed::Same)
            }
            (Err(tungstenite::Error::Http(response)), Some(recorded)) => {
                let headers = response.headers().iter();
                let headers = headers.map(|(name, value)| {
                    (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
                });
                let body = response.body().clone().unwrap_or_default();
                let mut answer = Answer {
                    status: response.status().as_u16(),
                    headers: headers.collect(),
                    body: String::from_utf8_lossy(&body).into_owned(),
                    ..Answer::default()
                };
                answer.content_type = answer.header("content-type").unwrap_or_default().to_owned();
                Ok(self.compared(ask, recorded, &answer, &body))
            }
            (opened, _) => {
                let found = opened.err().map_or("it was opened".to_owned(), |error| error.to_string());
                Ok(Replayed::Other(format!("opening {}: recorded {refusal:?}, and {found}", ask.path)))
            }
        }
    }

    async fn send(&mut self, number: u64, message: &Value) -> Result<Replayed> {
        let shown = self.names.shown(message);
        let Some((socket, (form, _))) = self.sockets.get_mut(&number) else { bail!("a message before its connection") };
        let Some(bytes) = (form.bytes)(&shown) else { bail!("a message that can't be written") };
        let sent = timeout(ANSWER_MAX, socket.send(Message::Binary(bytes.into()))).await;
        if !matches!(sent, Ok(Ok(()))) {
            return Ok(Replayed::Other(format!("the connection was closed before {message}")));
        }
        self.compared += 1;
        Ok(Replayed::Same)
    }

    async fn hear(&mut self, number: u64, recorded: &Heard) -> Result<Replayed> {
        if MEDIA.contains(&recorded.kind.as_str()) {
            return Ok(Replayed::Beyond(NO_MEDIA.to_owned()));
        }
        let Some((socket, (_, form))) = self.sockets.get_mut(&number) else { bail!("an answer before its connection") };
        loop {
            let patience = if self.has_media { WITH_MEDIA_MAX } else { ANSWER_MAX };
            let bytes = match timeout(patience, socket.next()).await {
                Ok(Some(Ok(Message::Binary(bytes)))) => bytes,
                Ok(Some(Ok(_))) => continue,
                _ if self.has_media => return Ok(Replayed::Beyond(NO_MEDIA.to_owned())),
                _ => return Ok(Replayed::Other(format!("recorded a message `{}`, and none came", recorded.kind))),
            };
            let message = (form.json)(&bytes).context("a message that can't be read")?;
            let found = heard(&message);
            let wanted = Heard { ids: BTreeMap::new(), ..recorded.clone() };
            if found != wanted {
                return Ok(Replayed::Other(format!("recorded the message {wanted:?}, and found {found:?}")));
            }
            self.names.hear_as(&message, &recorded.ids);
            return Ok(Replayed::Same);
        }
    }

    async fn end(&mut self, number: u64) -> Result<Replayed> {
        let Some((socket, _)) = self.sockets.get_mut(&number) else { bail!("an end before its connection") };
        loop {
            match timeout(ANSWER_MAX, socket.next()).await {
                Ok(Some(Ok(Message::Close(_)) | Err(_)) | None) => return Ok(Replayed::Same),
                Ok(Some(Ok(Message::Binary(_)))) => {
                    return Ok(Replayed::Other("recorded the end of a connection, and a message came".into()));
                }
                Ok(Some(Ok(_))) => {}
                Err(_) => return Ok(Replayed::Other("recorded the end of a connection, and it went on".into())),
            }
        }
    }
}

/// Messages that the server sends because somebody has media, or is to have.
const MEDIA: [&str; 12] = [
    "offer",
    "answer",
    "trickle",
    "trackPublished",
    "trackUnpublished",
    "trackSubscribed",
    "connectionQuality",
    "mute",
    "subscriptionPermissionUpdate",
    "speakersChanged",
    "mediaSectionsRequirement",
    "subscribedQualityUpdate",
];
