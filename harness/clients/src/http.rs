//! One HTTP client per target, shared by every check.

use crate::answer::{Answer, headers_of};
use crate::proto;
use crate::proxy::Proxy;
use crate::tls;
use crate::tokens::Token;
use crate::unreachable::{Unreachable, Why, was_never_written};
use crate::wire::{Recorder, WireEvent, WireRequest};
use anyhow::Result;
use reqwest::{ClientBuilder, Method};
use rustls::{ClientConfig, RootCertStore};
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};
use tokio::net::TcpStream;

/// Longer than the slowest answer of a healthy server (ListRooms with Redis frozen: 9 s).
const TIMEOUT: Duration = Duration::from_secs(15);

/// No answer that checks ask for comes near this; a target that sends without end is not read to its end.
const BODY_BYTES_MAX: usize = 4 << 20;

/// How often a request is given to a connection that may have ended meanwhile. It is written at most once.
const TRIES: usize = 5;

/// The connection pool and the TLS trust of one target. It offers no ALPN, so over TLS it speaks HTTP/1.1.
#[derive(Clone)]
pub struct Http {
    client: reqwest::Client,
    ca_pem: Arc<str>,
    pub(crate) tls: Arc<ClientConfig>,
    pub(crate) roots: Arc<RootCertStore>,
    identity: Option<Arc<tls::Identity>>,
    pub(crate) proxy: Proxy,
    pub(crate) agent: Option<proto::RoomAgentDispatch>,
    pub(crate) recorder: Option<Recorder>,
}

impl Http {
    /// A client that trusts exactly the CA certificates in the PEM text.
    ///
    /// # Errors
    /// When the PEM text holds no usable certificate.
    pub fn trusting(ca_pem: &str) -> Result<Self> {
        let roots = tls::roots(ca_pem)?;
        let tls = tls::trusting(&roots, None, &[])?;
        Ok(Self {
            client: build(&tls, &Proxy::none(), |builder| builder)?,
            ca_pem: ca_pem.into(),
            tls,
            roots,
            identity: None,
            proxy: Proxy::none(),
            agent: None,
            recorder: None,
        })
    }

    /// The same trust, with a certificate of its own (chain and key in one PEM text) for a target that asks for one.
    ///
    /// # Errors
    /// When the text does not hold both, or they do not belong together.
    pub fn showing(&self, pem: &str) -> Result<Self> {
        let identity = Arc::new(tls::Identity::read(pem)?);
        let tls = tls::trusting(&self.roots, Some(&identity), &[])?;
        let client = build(&tls, &self.proxy, |builder| builder)?;
        Ok(Self { client, tls, identity: Some(identity), ..self.clone() })
    }

    /// The same trust, by way of an HTTP proxy: requests, WebSockets and bare TLS connections alike.
    ///
    /// # Errors
    /// When the client can't be built, which has not been seen.
    pub fn by_way_of(&self, proxy: Proxy) -> Result<Self> {
        Ok(Self { client: build(&self.tls, &proxy, |builder| builder)?, proxy, ..self.clone() })
    }

    /// The same, for a target that serves others: a room made through it calls this agent and no other. A room that names
    /// no agent calls every worker that registered without a name (livekit-server 1.13.5, `rtc/room.go`).
    #[must_use]
    pub fn calling(mut self, agent: proto::RoomAgentDispatch) -> Self {
        self.agent = Some(agent);
        self
    }

    /// The same, and whatever is sent through it is told to the recorder.
    #[must_use]
    pub fn recorded_by(mut self, recorder: Recorder) -> Self {
        self.recorder = Some(recorder);
        self
    }

    /// The CA certificates that it trusts, as they were given: another process trusts the same with them.
    pub fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    /// A client with the same trust that opens a connection for each request and keeps none: what a balancer decides
    /// per connection is decided anew.
    ///
    /// # Errors
    /// When the client can't be built, which has not been seen.
    pub fn fresh(&self) -> Result<Self> {
        self.rebuilt(&[], |builder| builder.pool_max_idle_per_host(0))
    }

    /// The same trust and a pool of its own, with `http/1.1` alone offered in ALPN.
    ///
    /// # Errors
    /// When the client can't be built, which has not been seen.
    pub fn http1(&self) -> Result<Self> {
        self.rebuilt(&[b"http/1.1"], ClientBuilder::http1_only)
    }

    /// The same trust and a pool of its own, with `h2` and `http/1.1` offered in ALPN as browsers do.
    ///
    /// # Errors
    /// When the client can't be built, which has not been seen.
    pub fn http2(&self) -> Result<Self> {
        self.rebuilt(&[b"h2", b"http/1.1"], |builder| builder)
    }

    /// The same trust and a pool of its own, with another bound on an answer than 15 seconds: starting egress without an
    /// egress service, or a call that is to be answered, takes longer.
    ///
    /// # Errors
    /// When the client can't be built, which has not been seen.
    pub fn within(&self, timeout: Duration) -> Result<Self> {
        self.rebuilt(&[], |builder| builder.timeout(timeout))
    }

    fn rebuilt(&self, alpn: &[&[u8]], options: impl FnOnce(ClientBuilder) -> ClientBuilder) -> Result<Self> {
        let tls = tls::trusting(&self.roots, self.identity.as_deref(), alpn)?;
        // The WebSocket keeps the configuration without ALPN: it can't be opened over h2.
        Ok(Self { client: build(&tls, &self.proxy, options)?, ..self.clone() })
    }

    /// An address on this target.
    pub fn endpoint(&self, base: impl Into<String>) -> Endpoint {
        Endpoint { base: base.into().trim_end_matches('/').to_owned(), http: self.clone() }
    }
}

fn build(
    tls: &ClientConfig,
    proxy: &Proxy,
    options: impl FnOnce(ClientBuilder) -> ClientBuilder,
) -> Result<reqwest::Client> {
    let builder = proxy
        .on(reqwest::Client::builder())?
        .tls_backend_preconfigured(tls.clone())
        // goose switches this feature of reqwest on for the whole build. An answer is to be seen as it was sent.
        .no_gzip()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(TIMEOUT);
    Ok(options(builder).build()?)
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

    /// Its host as a certificate names it, and `host:port` as a socket is opened.
    pub fn host_and_address(&self) -> (String, String) {
        let (scheme, rest) = self.base.split_once("://").unwrap_or(("https", &self.base));
        let place = rest.split('/').next().unwrap_or_default();
        let default = if scheme == "http" { "80" } else { "443" };
        match place.rsplit_once(':').filter(|(_, port)| port.chars().all(|c| c.is_ascii_digit())) {
            Some((host, _)) => (host.trim_matches(['[', ']']).to_owned(), place.to_owned()),
            None => (place.trim_matches(['[', ']']).to_owned(), format!("{place}:{default}")),
        }
    }

    /// Every IP address that its host has for this machine.
    ///
    /// # Errors
    /// When the name can't be resolved.
    pub async fn addresses(&self) -> Result<Vec<IpAddr>, Unreachable> {
        let (_, place) = self.host_and_address();
        let found = tokio::net::lookup_host(&place).await.map_err(|error| Unreachable::of(&self.base, &error))?;
        Ok(found.map(|address| address.ip()).collect())
    }

    /// A TCP connection to it, through the proxy where there is one.
    pub(crate) async fn tcp(&self) -> io::Result<TcpStream> {
        let tcp = self.http.proxy.connect(&self.host_and_address().1).await?;
        tcp.set_nodelay(true)?;
        Ok(tcp)
    }

    /// The HTTP proxy that it is asked through, if there is one.
    pub fn proxy(&self) -> Option<String> {
        self.http.proxy.place()
    }

    /// What the proxy has against a connection to it; none where it opens one, or where there is no proxy.
    pub async fn proxy_refusal(&self) -> Option<String> {
        self.proxy()?;
        self.tcp().await.err().map(|error| error.to_string())
    }

    /// The client by which it is asked, with its trust: [`crate::inspect`] judges certificates by that.
    pub fn http(&self) -> &Http {
        &self.http
    }

    /// The same address as `ws://…` or `wss://…`.
    pub fn ws_url(&self) -> String {
        self.base.replacen("http", "ws", 1)
    }

    /// The same address through another client, such as [`Http::fresh`].
    #[must_use]
    pub fn through(&self, http: &Http) -> Self {
        http.endpoint(self.base.clone())
    }

    /// GET a path, with a token in the header if one is given.
    ///
    /// # Errors
    /// When no answer came.
    pub async fn get(&self, path: &str, token: Option<&Token>) -> Result<Answer, Unreachable> {
        self.request("GET", path, token, &[], Vec::new()).await
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
        self.request("POST", path, token, &[("content-type", content_type)], body).await
    }

    /// Any method with any headers; a token, if one is given, goes into `authorization: Bearer`.
    ///
    /// # Errors
    /// When no answer came, or when method, path or headers can't be put into a request at all.
    pub async fn request(
        &self,
        method: &str,
        path: &str,
        token: Option<&Token>,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Result<Answer, Unreachable> {
        Ok(self.request_bytes(method, path, token, headers, body).await?.0)
    }

    /// The same, with the answer's body also as bytes, for protobuf.
    pub(crate) async fn request_bytes(
        &self,
        method: &str,
        path: &str,
        token: Option<&Token>,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Result<(Answer, Vec<u8>), Unreachable> {
        let url = format!("{}{path}", self.base);
        let method = Method::from_bytes(method.as_bytes()).map_err(|error| Unreachable::of(&url, &error))?;
        let mut request = self.http.client.request(method.clone(), &url);
        let told = self.http.recorder.as_ref().map(|_| self.told(method.as_str(), path, token, headers, &body));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if !body.is_empty() || method == Method::POST {
            request = request.body(body);
        }
        if let Some(token) = token {
            request = request.bearer_auth(token.expose());
        }
        let result = self.send(&method, path, request).await;
        if let (Some(recorder), Some(told)) = (&self.http.recorder, told) {
            recorder.tell(match &result {
                Ok((answer, bytes)) => WireEvent::Http(told, answer.clone(), bytes.clone()),
                Err(_) => WireEvent::Unrepeatable("a request without an answer"),
            });
        }
        result
    }

    /// A request as a recorder is told of it.
    pub(crate) fn told(
        &self,
        method: &str,
        path: &str,
        token: Option<&Token>,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> WireRequest {
        let bearer = token.map(|token| ("authorization".to_owned(), format!("Bearer {}", token.expose())));
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        WireRequest {
            base: self.base.clone(),
            method: method.to_owned(),
            path: path.to_owned(),
            headers: headers.chain(bearer).collect(),
            body: body.to_vec(),
            at: SystemTime::now(),
        }
    }

    async fn send(
        &self,
        method: &Method,
        path: &str,
        request: reqwest::RequestBuilder,
    ) -> Result<(Answer, Vec<u8>), Unreachable> {
        let started = Instant::now();
        let path = path.split('?').next().unwrap_or_default();
        let url = format!("{}{path}", self.base);
        let result = match exchange(request).await {
            Ok(Some(answer)) => Ok(answer),
            Ok(None) => Err(Unreachable {
                url: url.clone(),
                why: Why::Other(format!("an answer above {BODY_BYTES_MAX} bytes")),
            }),
            Err(error) => Err(Unreachable::of(&url, &error)),
        };
        let said = match &result {
            Ok((answer, _)) => answer.status.to_string(),
            Err(unreachable) => unreachable.why.to_string(),
        };
        tracing::info!("{method} {url} -> {said} in {} ms", started.elapsed().as_millis());
        result
    }
}

/// A connection that ended before the request was written leaves no reason: the next one is asked for it.
async fn sent(request: reqwest::RequestBuilder) -> reqwest::Result<reqwest::Response> {
    for _ in 1..TRIES {
        let Some(request) = request.try_clone() else { break };
        match request.send().await {
            Err(error) if was_never_written(&error) => {}
            result => return result,
        }
    }
    request.send().await
}

/// Reads a whole answer, or none if it does not end.
async fn exchange(request: reqwest::RequestBuilder) -> reqwest::Result<Option<(Answer, Vec<u8>)>> {
    let mut response = sent(request).await?;
    let status = response.status().as_u16();
    let headers = headers_of(response.headers());
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > BODY_BYTES_MAX {
            return Ok(None);
        }
    }
    let mut answer =
        Answer { status, headers, body: String::from_utf8_lossy(&bytes).into_owned(), ..Answer::default() };
    answer.content_type = answer.header("content-type").unwrap_or_default().to_owned();
    Ok(Some((answer, bytes)))
}
