//! HTTP as bytes, for requests that no client would send: what comes back is everything until the peer closes.

use crate::http::Endpoint;
use crate::unreachable::{Unreachable, Why};
use crate::wire::WireEvent;
use rustls::pki_types::ServerName;
use std::io;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsConnector;

/// The answers that checks look at are short.
const BYTES_MAX: usize = 256 * 1024;

/// Everything that came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawAnswer {
    /// The bytes as text; what is not UTF-8 is replaced.
    pub text: String,
    /// Whether the peer closed the connection; otherwise the time was up.
    pub closed: bool,
}

impl RawAnswer {
    /// The statuses of all HTTP answers in it, in order.
    pub fn statuses(&self) -> Vec<u16> {
        let status = |part: &str| part.get(2..5)?.parse().ok();
        self.text.split("HTTP/1.").skip(1).filter_map(status).collect()
    }
}

impl Endpoint {
    /// Sends the bytes as they are, over TLS where the address says so, and reads until the peer closes or the time
    /// is up.
    ///
    /// # Errors
    /// When there is no connection.
    pub async fn exchange_raw(&self, request: &[u8], within: Duration) -> Result<RawAnswer, Unreachable> {
        self.raw(request, within, self.url().starts_with("https:")).await
    }

    /// The same without TLS, whatever the address says.
    ///
    /// # Errors
    /// When there is no connection.
    pub async fn exchange_raw_plain(&self, request: &[u8], within: Duration) -> Result<RawAnswer, Unreachable> {
        self.raw(request, within, false).await
    }

    /// Host of this address, with the port where one is written: what `Host:` says.
    pub fn authority(&self) -> &str {
        let (_, rest) = self.url().split_once("://").unwrap_or(("", self.url()));
        rest.split('/').next().unwrap_or_default()
    }

    /// A connection of its own, over TLS where the address says so, for whoever speaks HTTP over it himself.
    ///
    /// # Errors
    /// When there is no connection.
    pub async fn connect(&self) -> io::Result<Box<dyn Stream>> {
        self.connected(self.url().starts_with("https:")).await
    }

    async fn connected(&self, encrypted: bool) -> io::Result<Box<dyn Stream>> {
        let tcp = self.tcp().await?;
        if !encrypted {
            return Ok(Box::new(tcp));
        }
        let name = ServerName::try_from(self.host_and_address().0).map_err(io::Error::other)?;
        Ok(Box::new(TlsConnector::from(self.http.tls.clone()).connect(name, tcp).await?))
    }

    async fn raw(&self, request: &[u8], within: Duration, encrypted: bool) -> Result<RawAnswer, Unreachable> {
        if let Some(recorder) = &self.http.recorder {
            recorder.tell(WireEvent::Unrepeatable("bytes that no HTTP client would send"));
        }
        let failed = |why| Unreachable { url: self.url().to_owned(), why };
        let deadline = Instant::now() + within;
        let connecting = self.connected(encrypted);
        let mut stream = match timeout_at(deadline, connecting).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => return Err(Unreachable::of(self.url(), &error)),
            Err(_) => return Err(failed(Why::Timeout)),
        };
        // A peer that refuses the first bytes may close before it has read the last ones.
        let _ = stream.write_all(request).await;
        let _ = stream.flush().await;
        let mut bytes = Vec::new();
        let reading = async {
            while bytes.len() < BYTES_MAX {
                match stream.read_buf(&mut bytes).await {
                    Ok(0) | Err(_) => return true,
                    Ok(_) => {}
                }
            }
            false
        };
        let closed = timeout_at(deadline, reading).await.unwrap_or(false);
        let answer = RawAnswer { text: String::from_utf8_lossy(&bytes).into_owned(), closed };
        tracing::info!("raw request to {} -> {:?}, closed {closed}", self.url(), answer.statuses());
        Ok(answer)
    }
}

/// A connection, encrypted or not.
pub trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

#[cfg(test)]
mod tests {
    use super::RawAnswer;

    #[test]
    fn every_answer_in_a_stream_is_counted() {
        // Recorded from livekit-server 1.13.5, shortened: a request smuggled behind another is answered as well.
        let text =
            "HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\n\r\n{}HTTP/1.1 401 Unauthorized\r\n\r\n".to_owned();
        assert_eq!(RawAnswer { text, closed: true }.statuses(), [400, 401]);
        assert!(RawAnswer { text: String::new(), closed: true }.statuses().is_empty());
    }
}
