//! One HTTP client per target, shared by every check.

use crate::answer::Answer;
use crate::tls;
use crate::tokens::Token;
use crate::unreachable::{Unreachable, Why};
use anyhow::Result;
use rustls::ClientConfig;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Longer than the slowest answer of a healthy server (ListRooms with Redis frozen: 9 s).
const TIMEOUT: Duration = Duration::from_secs(15);

/// No answer that checks ask for comes near this; a target that sends without end is not read to its end.
const BODY_BYTES_MAX: usize = 4 << 20;

/// The connection pool and the TLS trust of one target.
#[derive(Clone)]
pub struct Http {
    client: reqwest::Client,
    pub(crate) tls: Arc<ClientConfig>,
}

impl Http {
    /// A client that trusts exactly the CA certificates in the PEM text.
    ///
    /// # Errors
    /// When the PEM text holds no usable certificate.
    pub fn trusting(ca_pem: &str) -> Result<Self> {
        let tls = tls::trusting(ca_pem)?;
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(ClientConfig::clone(&tls))
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(TIMEOUT)
            .build()?;
        Ok(Self { client, tls })
    }

    /// An address on this target.
    pub fn endpoint(&self, base: impl Into<String>) -> Endpoint {
        Endpoint { base: base.into().trim_end_matches('/').to_owned(), http: self.clone() }
    }
}

/// One address of a target: the balancer, or a node directly.
#[derive(Clone)]
pub struct Endpoint {
    base: String,
    pub(crate) http: Http,
}

impl Endpoint {
    /// `http://…` or `https://…`, without a slash at its end.
    pub fn url(&self) -> &str {
        &self.base
    }

    /// The same address as `ws://…` or `wss://…`.
    pub fn ws_url(&self) -> String {
        self.base.replacen("http", "ws", 1)
    }

    /// GET a path, with a token in the header if one is given.
    ///
    /// # Errors
    /// When no answer came.
    pub async fn get(&self, path: &str, token: Option<&Token>) -> Result<Answer, Unreachable> {
        let mut request = self.http.client.get(format!("{}{path}", self.base));
        if let Some(token) = token {
            request = request.bearer_auth(token.expose());
        }
        self.send("GET", path, request).await
    }

    /// POST a body as it is.
    ///
    /// # Errors
    /// When no answer came.
    pub async fn post(
        &self,
        path: &str,
        token: Option<&Token>,
        content_type: &str,
        body: Vec<u8>,
    ) -> Result<Answer, Unreachable> {
        Ok(self.post_bytes(path, token, content_type, body).await?.0)
    }

    /// POST, with the answer's body also as bytes, for protobuf.
    pub(crate) async fn post_bytes(
        &self,
        path: &str,
        token: Option<&Token>,
        content_type: &str,
        body: Vec<u8>,
    ) -> Result<(Answer, Vec<u8>), Unreachable> {
        let url = format!("{}{path}", self.base);
        let mut request = self.http.client.post(url).header("content-type", content_type).body(body);
        if let Some(token) = token {
            request = request.bearer_auth(token.expose());
        }
        self.send_bytes("POST", path, request).await
    }

    async fn send(&self, method: &str, path: &str, request: reqwest::RequestBuilder) -> Result<Answer, Unreachable> {
        Ok(self.send_bytes(method, path, request).await?.0)
    }

    async fn send_bytes(
        &self,
        method: &str,
        path: &str,
        request: reqwest::RequestBuilder,
    ) -> Result<(Answer, Vec<u8>), Unreachable> {
        let url = format!("{}{path}", self.base);
        let started = Instant::now();
        let exchange = async {
            let mut response = request.send().await?;
            let status = response.status().as_u16();
            let content_type = response.headers().get("content-type").and_then(|value| value.to_str().ok());
            let content_type = content_type.unwrap_or_default().to_owned();
            let mut bytes = Vec::new();
            while let Some(chunk) = response.chunk().await? {
                bytes.extend_from_slice(&chunk);
                if bytes.len() > BODY_BYTES_MAX {
                    return Ok(None);
                }
            }
            let body = String::from_utf8_lossy(&bytes).into_owned();
            Ok(Some((Answer { status, content_type, body }, bytes)))
        };
        let path = path.split('?').next().unwrap_or_default();
        match exchange.await {
            Ok(None) => Err(Unreachable { url, why: Why::Other(format!("an answer above {BODY_BYTES_MAX} bytes")) }),
            Ok(Some((answer, bytes))) => {
                tracing::info!(
                    "{method} {}{path} -> {} in {} ms",
                    self.base,
                    answer.status,
                    started.elapsed().as_millis()
                );
                Ok((answer, bytes))
            }
            Err(error) => {
                let error: reqwest::Error = error;
                let unreachable = Unreachable::of(&url, &error);
                tracing::info!(
                    "{method} {}{path} -> {} in {} ms",
                    self.base,
                    unreachable.why,
                    started.elapsed().as_millis()
                );
                Err(unreachable)
            }
        }
    }
}
