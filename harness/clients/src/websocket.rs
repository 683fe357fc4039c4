//! A WebSocket to the target, whose refusal before the upgrade is an answer.

use crate::answer::{Answer, headers_of};
use crate::http::Endpoint;
use crate::proto;
use crate::tokens::Token;
use crate::unreachable::{Unreachable, Why};
use crate::wire::{Tap, WireEvent};
use anyhow::{Result, anyhow, bail};
use futures_util::{SinkExt, StreamExt};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::{Instant as Deadline, timeout_at};
use tokio_tungstenite::tungstenite::{self, Message, client::IntoClientRequest, http::HeaderValue};
use tokio_tungstenite::{Connector, MaybeTlsStream, WebSocketStream, client_async_tls_with_config};

/// A WebSocket to the target, and who is told of what goes over it.
pub(crate) struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
    tap: Option<Tap>,
}

impl Socket {
    /// The next frame; none when the connection has ended.
    pub(crate) async fn next(&mut self) -> Option<tungstenite::Result<Message>> {
        let frame = self.stream.next().await;
        if let Some(tap) = &mut self.tap {
            match &frame {
                Some(Ok(Message::Binary(bytes))) => tap.received(bytes.to_vec()),
                Some(Ok(Message::Close(_)) | Err(_)) | None => tap.ended(),
                Some(Ok(_)) => {}
            }
        }
        frame
    }

    /// Says goodbye.
    pub(crate) async fn close(&mut self) -> tungstenite::Result<()> {
        self.stream.close(None).await
    }
}

/// A join to a room on a node that was just killed takes 5.0 s; anything beyond this is no answer.
pub(crate) const JOIN_TIMEOUT: Duration = Duration::from_secs(12);

/// Why there is no session.
#[derive(Debug, thiserror::Error)]
pub enum JoinError {
    /// The server answered the upgrade with a plain HTTP status.
    #[error("the join was answered with {0}")]
    Refused(Answer),
    /// The connection was opened, and the server's first word was that the participant has to leave.
    #[error("the join was answered with {}", leaving(.0))]
    Left(Box<proto::LeaveRequest>),
    /// No answer came.
    #[error(transparent)]
    Unreachable(#[from] Unreachable),
    /// The server let the participant in, and no media path came up.
    #[error("the connection opened, but {0:#}")]
    NoMedia(anyhow::Error),
    /// The connection was opened, and what came over it is not a join.
    #[error("the connection opened, but {0:#}")]
    Protocol(anyhow::Error),
}

fn leaving(leave: &proto::LeaveRequest) -> String {
    format!("a LeaveRequest, reason {}, action {}", leave.reason().as_str_name(), leave.action().as_str_name())
}

/// Opens a path with the token in the header.
pub(crate) async fn open(
    endpoint: &Endpoint,
    path: &str,
    token: &Token,
    deadline: Deadline,
) -> Result<Socket, JoinError> {
    let url = format!("{}{path}", endpoint.ws_url());
    let mut request = url.as_str().into_client_request().map_err(|error| Unreachable::of(&url, &error))?;
    let bearer = HeaderValue::from_str(&format!("Bearer {}", token.expose()));
    request.headers_mut().insert("authorization", bearer.map_err(|error| JoinError::Protocol(error.into()))?);
    let recorder = endpoint.http.recorder.as_ref();
    let told = || endpoint.told("GET", path, Some(token), &[], &[]);
    let connector = Connector::Rustls(endpoint.http.tls.clone());
    let connecting = async {
        let tcp = endpoint.tcp().await?;
        client_async_tls_with_config(request, tcp, None, Some(connector)).await
    };
    match timeout_at(deadline, Box::pin(connecting)).await {
        Ok(Ok((stream, _))) => Ok(Socket { stream, tap: recorder.map(|recorder| recorder.opened(told(), None)) }),
        Ok(Err(tungstenite::Error::Http(response))) => {
            let mut answer = Answer {
                status: response.status().as_u16(),
                body: response.body().as_deref().map(String::from_utf8_lossy).unwrap_or_default().into_owned(),
                headers: headers_of(response.headers()),
                ..Answer::default()
            };
            answer.content_type = answer.header("content-type").unwrap_or_default().to_owned();
            if let Some(recorder) = recorder {
                drop(recorder.opened(told(), Some(answer.clone())));
            }
            Err(JoinError::Refused(answer))
        }
        failed => {
            if let Some(recorder) = recorder {
                recorder.tell(WireEvent::Unrepeatable("a WebSocket without an answer"));
            }
            match failed {
                Ok(Err(error)) => Err(Unreachable::of(&url, &error).into()),
                _ => Err(Unreachable { url: endpoint.ws_url(), why: Why::Timeout }.into()),
            }
        }
    }
}

/// The next binary message, or none if the time is up.
pub(crate) async fn next_binary(socket: &mut Socket, deadline: Deadline) -> Result<Option<Vec<u8>>> {
    loop {
        match timeout_at(deadline, socket.next()).await {
            Err(_) => return Ok(None),
            Ok(None) => bail!("it was closed"),
            Ok(Some(Ok(Message::Close(frame)))) => return Err(closed(frame.as_ref())),
            Ok(Some(Err(error))) => bail!("it broke: {error}"),
            Ok(Some(Ok(Message::Binary(bytes)))) => return Ok(Some(bytes.to_vec())),
            Ok(Some(Ok(_))) => {}
        }
    }
}

fn closed(frame: Option<&tungstenite::protocol::CloseFrame>) -> anyhow::Error {
    match frame {
        Some(frame) => anyhow!("it was closed with code {} {:?}", u16::from(frame.code), frame.reason.as_str()),
        None => anyhow!("it was closed"),
    }
}

/// Sends a protobuf message.
pub(crate) async fn send(socket: &mut Socket, message: &impl prost::Message) -> Result<()> {
    let bytes = message.encode_to_vec();
    if let Some(tap) = &socket.tap {
        tap.sent(bytes.clone());
    }
    Ok(socket.stream.send(Message::binary(bytes)).await?)
}

/// Decodes what came as a protobuf message.
pub(crate) fn decode<T: prost::Message + Default>(bytes: &[u8]) -> Result<T> {
    Ok(T::decode(bytes)?)
}

/// Cuts the TCP connection with a reset: no close frame, no TLS goodbye, nothing that is still queued.
pub(crate) fn cut(socket: Socket) {
    let tcp = match socket.stream.get_ref() {
        MaybeTlsStream::Plain(tcp) => Some(tcp),
        MaybeTlsStream::Rustls(tls) => Some(tls.get_ref().0),
        _ => None,
    };
    // Without it the connection ends with an ordinary FIN, which is a cut as well.
    if let Some(tcp) = tcp {
        let _ = tcp.set_zero_linger();
    }
    drop(socket);
}
