//! The signal connection: `/rtc/validate`, joining over `/rtc`, and the identity that `/agent` reveals.

use crate::answer::{Answer, headers_of};
use crate::grants::VideoGrant;
use crate::http::Endpoint;
use crate::proto::{self, signal_request, signal_response};
use crate::token_builder::TokenBuilder;
use crate::tokens::{Key, Token};
use crate::unreachable::{Unreachable, Why};
use anyhow::{Context, Result, anyhow, bail};
use futures_util::{SinkExt, StreamExt};
use prost::Message as _;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::net::TcpStream;
use tokio::time::{Instant as Deadline, timeout_at};
use tokio_tungstenite::tungstenite::{self, Message, client::IntoClientRequest, http::HeaderValue};
use tokio_tungstenite::{Connector, MaybeTlsStream, WebSocketStream, connect_async_tls_with_config};

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// A join to a room on a node that was just killed takes 5.0 s; anything beyond this is no answer.
const JOIN_TIMEOUT: Duration = Duration::from_secs(12);
/// The signal protocol that this client speaks: dual peer connection, subscriber primary.
const PROTOCOL: u32 = 17;

/// Why there is no session.
#[derive(Debug, thiserror::Error)]
pub enum JoinError {
    /// The server answered the upgrade with a plain HTTP status.
    #[error("the join was answered with {0}")]
    Refused(Answer),
    /// No answer came.
    #[error(transparent)]
    Unreachable(#[from] Unreachable),
    /// The connection was opened, and what came over it is not a join.
    #[error("the connection opened, but {0:#}")]
    Protocol(anyhow::Error),
}

/// Signalling at one endpoint.
#[derive(Clone)]
pub struct Signal {
    endpoint: Endpoint,
}

impl Signal {
    /// A client for this endpoint.
    pub fn new(endpoint: Endpoint) -> Self {
        Self { endpoint }
    }

    /// `GET /rtc/validate` with the token in the header, as SDKs ask after a failed join.
    ///
    /// # Errors
    /// When no answer came.
    pub async fn validate(&self, token: &Token) -> Result<Answer, Unreachable> {
        self.endpoint.get("/rtc/validate", Some(token)).await
    }

    /// The same with the token as `?access_token=`, the form that browsers use.
    ///
    /// # Errors
    /// When no answer came.
    pub async fn validate_by_query(&self, token: &Token) -> Result<Answer, Unreachable> {
        self.endpoint.get(&format!("/rtc/validate?access_token={}", token.expose()), None).await
    }

    /// Joins and waits for the JoinResponse.
    ///
    /// # Errors
    /// [`JoinError`] tells a refusal from silence.
    pub async fn join(&self, token: &Token) -> Result<Session, JoinError> {
        let started = Instant::now();
        let result = self.join_untold(token).await;
        let url = self.endpoint.ws_url();
        match &result {
            Ok(session) => tracing::info!(
                "join {url}/rtc -> room {} on {} in {} ms",
                session.room_sid(),
                session.node_id(),
                started.elapsed().as_millis()
            ),
            Err(error) => tracing::info!("join {url}/rtc -> {error} in {} ms", started.elapsed().as_millis()),
        }
        result
    }

    async fn join_untold(&self, token: &Token) -> Result<Session, JoinError> {
        let deadline = Deadline::now() + JOIN_TIMEOUT;
        let mut socket = self.open(&format!("/rtc?protocol={PROTOCOL}&auto_subscribe=1"), token, deadline).await?;
        let message = next_message(&mut socket, deadline).await.map_err(JoinError::Protocol)?;
        match message {
            signal_response::Message::Join(join) => Ok(Session { join: Box::new(join), socket }),
            other => Err(JoinError::Protocol(anyhow!("its first message is {other:?} and not a JoinResponse"))),
        }
    }

    /// Which server process answers at this endpoint: the reply to a worker registration names the node that was
    /// reached, where a JoinResponse names the one that has the room. The worker takes no jobs: it is named, and
    /// gone at once.
    ///
    /// # Errors
    /// When no answer came, or one without an identity.
    pub async fn server_info(&self, key: &Key) -> Result<proto::ServerInfo, JoinError> {
        let deadline = Deadline::now() + JOIN_TIMEOUT;
        let grant = VideoGrant { agent: true, ..VideoGrant::default() };
        let token = TokenBuilder::new(key, grant).sign().map_err(|error| JoinError::Protocol(error.into()))?;
        let mut socket = self.open("/agent", &token, deadline).await?;
        let asked = async {
            let register = proto::RegisterWorkerRequest {
                agent_name: "glt-identity".into(),
                version: env!("CARGO_PKG_VERSION").into(),
                ..Default::default()
            };
            let message = proto::WorkerMessage { message: Some(proto::worker_message::Message::Register(register)) };
            socket.send(Message::binary(message.encode_to_vec())).await?;
            loop {
                let bytes = next_binary(&mut socket, deadline).await?;
                let message = proto::ServerMessage::decode(bytes.as_slice())?.message;
                if let Some(proto::server_message::Message::Register(reply)) = message {
                    let info = reply.server_info.context("a registration reply without server_info")?;
                    let _ = socket.close(None).await;
                    return anyhow::Ok(info);
                }
            }
        };
        asked.await.map_err(JoinError::Protocol)
    }

    async fn open(&self, path: &str, token: &Token, deadline: Deadline) -> Result<Socket, JoinError> {
        let url = format!("{}{path}", self.endpoint.ws_url());
        let mut request = url.as_str().into_client_request().map_err(|error| Unreachable::of(&url, &error))?;
        let bearer = HeaderValue::from_str(&format!("Bearer {}", token.expose()));
        request.headers_mut().insert("authorization", bearer.map_err(|error| JoinError::Protocol(error.into()))?);
        let connector = Connector::Rustls(self.endpoint.http.tls.clone());
        let connecting = connect_async_tls_with_config(request, None, true, Some(connector));
        match timeout_at(deadline, Box::pin(connecting)).await {
            Ok(Ok((socket, _))) => Ok(socket),
            Ok(Err(tungstenite::Error::Http(response))) => {
                let content_type = response.headers().get("content-type").and_then(|value| value.to_str().ok());
                Err(JoinError::Refused(Answer {
                    status: response.status().as_u16(),
                    content_type: content_type.unwrap_or_default().to_owned(),
                    body: response.body().as_deref().map(String::from_utf8_lossy).unwrap_or_default().into_owned(),
                    headers: headers_of(response.headers()),
                }))
            }
            Ok(Err(error)) => Err(Unreachable::of(&url, &error).into()),
            Err(_) => Err(Unreachable { url: self.endpoint.ws_url(), why: Why::Timeout }.into()),
        }
    }
}

/// A participant's signal connection. Dropping it closes the socket without a goodbye.
pub struct Session {
    join: Box<proto::JoinResponse>,
    socket: Socket,
}

impl Session {
    /// The server's first message.
    pub fn join(&self) -> &proto::JoinResponse {
        &self.join
    }

    /// The room's sid, or empty.
    pub fn room_sid(&self) -> &str {
        self.join.room.as_ref().map(|room| room.sid.as_str()).unwrap_or_default()
    }

    /// The node that has the room, or empty.
    pub fn node_id(&self) -> &str {
        self.join.server_info.as_ref().map(|info| info.node_id.as_str()).unwrap_or_default()
    }

    /// The version of that node, or empty.
    pub fn version(&self) -> &str {
        self.join.server_info.as_ref().map(|info| info.version.as_str()).unwrap_or_default()
    }

    /// The interval at which the server wants pings.
    pub fn ping_interval(&self) -> Duration {
        Duration::from_secs(u64::try_from(self.join.ping_interval).unwrap_or_default())
    }

    /// Sends nothing for the given time, reads what comes, and says how long that was.
    ///
    /// # Errors
    /// When the connection ended before that.
    pub async fn stay_silent(&mut self, time: Duration) -> Result<Duration> {
        let started = Instant::now();
        let deadline = Deadline::now() + time;
        while let Ok(event) = timeout_at(deadline, self.socket.next()).await {
            let after = started.elapsed().as_millis();
            match event {
                Some(Ok(Message::Close(_))) | None => bail!("the connection was closed after {after} ms"),
                Some(Ok(_)) => {}
                Some(Err(error)) => bail!("the connection broke after {after} ms: {error}"),
            }
        }
        Ok(started.elapsed())
    }

    /// Sends a ping and waits for its pong.
    ///
    /// # Errors
    /// When the connection ended, or no pong came within five seconds.
    pub async fn ping(&mut self) -> Result<Duration> {
        let started = Instant::now();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let timestamp = i64::try_from(now.as_millis()).unwrap_or_default();
        self.send(signal_request::Message::PingReq(proto::Ping { timestamp, rtt: 0 })).await?;
        let deadline = Deadline::now() + Duration::from_secs(5);
        loop {
            if let signal_response::Message::PongResp(pong) = next_message(&mut self.socket, deadline).await?
                && pong.last_ping_timestamp == timestamp
            {
                return Ok(started.elapsed());
            }
        }
    }

    /// The next message of the server. Nothing is lost when the future is dropped before it came.
    ///
    /// # Errors
    /// When the connection ended, or nothing came until the deadline.
    pub async fn next(&mut self, deadline: Deadline) -> Result<signal_response::Message> {
        next_message(&mut self.socket, deadline).await
    }

    /// Leaves the room and closes the connection. What goes wrong here no longer matters to the caller.
    pub async fn leave(mut self) {
        let _ = self.send(signal_request::Message::Leave(proto::LeaveRequest::default())).await;
        let _ = self.socket.close(None).await;
    }

    /// Sends one message.
    ///
    /// # Errors
    /// When the connection ended.
    pub async fn send(&mut self, message: signal_request::Message) -> Result<()> {
        let request = proto::SignalRequest { message: Some(message) };
        Ok(self.socket.send(Message::binary(request.encode_to_vec())).await?)
    }
}

async fn next_message(socket: &mut Socket, deadline: Deadline) -> Result<signal_response::Message> {
    loop {
        let bytes = next_binary(socket, deadline).await?;
        // A message kind that is newer than this client has no content here; the next one may.
        if let Some(message) = proto::SignalResponse::decode(bytes.as_slice())?.message {
            return Ok(message);
        }
    }
}

async fn next_binary(socket: &mut Socket, deadline: Deadline) -> Result<Vec<u8>> {
    loop {
        match timeout_at(deadline, socket.next()).await {
            Err(_) => bail!("nothing came in time"),
            Ok(None | Some(Ok(Message::Close(_)))) => bail!("it was closed"),
            Ok(Some(Err(error))) => bail!("it broke: {error}"),
            Ok(Some(Ok(Message::Binary(bytes)))) => return Ok(bytes.to_vec()),
            Ok(Some(Ok(_))) => {}
        }
    }
}
