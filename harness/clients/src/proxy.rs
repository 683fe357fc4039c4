//! The way to a target: straight, or through an HTTP proxy that opens a tunnel (CONNECT, RFC 9110, section 9.3.6).

use crate::tokens::Secret;
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use reqwest::{ClientBuilder, NoProxy};
use std::io;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::http::Uri;

/// An answer to CONNECT is a status line and a few headers.
const HEAD_BYTES_MAX: usize = 16 << 10;

/// Which connections go through an HTTP proxy.
#[derive(Clone, Default)]
pub struct Proxy(Option<Known>);

#[derive(Clone)]
struct Known {
    matcher: Arc<Matcher>,
    /// Its URL with user and password; none where the environment says it.
    given: Option<Secret>,
}

impl Proxy {
    /// None: every connection is opened straight.
    pub fn none() -> Self {
        Self::default()
    }

    /// What `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` say, as curl reads them.
    pub fn of_environment() -> Self {
        Self(Some(Known { matcher: Arc::new(Matcher::from_env()), given: None }))
    }

    /// This one for everything but what `NO_PROXY` names: `http://host:port`, perhaps with user and password.
    ///
    /// # Errors
    /// A sentence that says how it is written.
    pub fn at(url: &str) -> Result<Self, String> {
        let shown = url.rsplit('@').next().unwrap_or_default();
        let parsed: Option<Uri> = url.parse().ok();
        if parsed.is_none_or(|parsed| parsed.scheme_str() != Some("http") || parsed.host().is_none()) {
            return Err(format!(
                "{shown:?} is no HTTP proxy; write it as http://proxy.example.com:3128, with USER:PASSWORD@ before the name if it wants them"
            ));
        }
        let builder = Matcher::builder().all(url.to_owned());
        let spared = ["NO_PROXY", "no_proxy"].into_iter().find_map(|name| std::env::var(name).ok());
        let matcher = builder.no(spared.unwrap_or_default()).build();
        Ok(Self(Some(Known { matcher: Arc::new(matcher), given: Some(Secret::new(url)) })))
    }

    /// The proxy that a URL is asked through, without its user and password; none if it is asked straight.
    pub fn before(&self, url: &str) -> Option<String> {
        self.intercept(url).map(|intercept| shown(&intercept))
    }

    fn intercept(&self, url: &str) -> Option<Intercept> {
        // A WebSocket begins as a request (RFC 6455, section 4.1), and the rules know those only.
        let url = if url.starts_with("ws") { url.replacen("ws", "http", 1) } else { url.to_owned() };
        let uri: Uri = url.parse().ok()?;
        self.0.as_ref()?.matcher.intercept(&uri)
    }

    /// The same for requests over HTTP.
    pub(crate) fn on(&self, builder: ClientBuilder) -> reqwest::Result<ClientBuilder> {
        Ok(match &self.0 {
            None => builder.no_proxy(),
            // reqwest reads the same variables.
            Some(Known { given: None, .. }) => builder,
            Some(Known { given: Some(url), .. }) => {
                builder.proxy(reqwest::Proxy::all(url.expose())?.no_proxy(NoProxy::from_env()))
            }
        })
    }

    /// Opens a TCP connection to `address` (`host:port`) for a URL there.
    pub(crate) async fn connect(&self, url: &str, address: &str) -> io::Result<TcpStream> {
        match self.intercept(url) {
            None => TcpStream::connect(address).await,
            Some(intercept) => {
                let said = |what: String| io::Error::other(format!("the proxy {}{what}", shown(&intercept)));
                tunnel(&intercept, address).await.map_err(|error| said(format!(": {error}")))?.map_err(said)
            }
        }
    }
}

fn shown(intercept: &Intercept) -> String {
    format!("{}://{}", intercept.uri().scheme_str().unwrap_or("http"), authority(intercept))
}

/// `host:port`; a proxy without a port listens at 80.
fn authority(intercept: &Intercept) -> String {
    let uri = intercept.uri();
    format!("{}:{}", uri.host().unwrap_or_default(), uri.port_u16().unwrap_or(80))
}

/// A way through the proxy, or what the proxy has against it.
async fn tunnel(intercept: &Intercept, address: &str) -> io::Result<Result<TcpStream, String>> {
    if intercept.uri().scheme_str() != Some("http") {
        return Ok(Err(" is no HTTP proxy; name one with --proxy http://host:port".into()));
    }
    let mut tcp = TcpStream::connect(authority(intercept)).await?;
    tcp.set_nodelay(true)?;
    let mut request = format!("CONNECT {address} HTTP/1.1\r\nhost: {address}\r\n").into_bytes();
    if let Some(credentials) = intercept.basic_auth() {
        request.extend_from_slice(b"proxy-authorization: ");
        request.extend_from_slice(credentials.as_bytes());
        request.extend_from_slice(b"\r\n");
    }
    request.extend_from_slice(b"\r\n");
    tcp.write_all(&request).await?;
    let mut head = Vec::new();
    // Byte by byte: what follows the empty line is the target's.
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() == HEAD_BYTES_MAX {
            return Ok(Err(" answers without an end".into()));
        }
        head.push(tcp.read_u8().await?);
    }
    let head = String::from_utf8_lossy(&head);
    let status: Option<u16> = head.strip_prefix("HTTP/1.").and_then(|rest| rest.get(2..5)?.parse().ok());
    Ok(match status {
        Some(200..=299) => Ok(tcp),
        Some(407) => Err(" wants a user and a password: http://USER:PASSWORD@host:port".into()),
        Some(status) => {
            Err(format!(" answers CONNECT {address} with {status}; it may let connections to port 443 through only"))
        }
        None => Err(" does not speak HTTP".into()),
    })
}

#[cfg(test)]
mod tests {
    use super::Proxy;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    /// A proxy that answers once; what it was asked comes back.
    async fn answering(answer: &'static str) -> (String, tokio::task::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let place = listener.local_addr().expect("an address").to_string();
        let serving = tokio::spawn(async move {
            let (mut tcp, _) = listener.accept().await.expect("a caller");
            let mut asked = Vec::new();
            while !asked.ends_with(b"\r\n\r\n") {
                asked.push(tcp.read_u8().await.expect("a byte"));
            }
            tcp.write_all(answer.as_bytes()).await.expect("answered");
            String::from_utf8(asked).expect("text")
        });
        (place, serving)
    }

    #[tokio::test]
    async fn a_tunnel_is_asked_for_and_what_follows_is_the_targets() {
        // RFC 9110, section 9.3.6, and RFC 7617, section 2: Aladdin and his password.
        let (place, serving) = answering("HTTP/1.1 200 OK\r\n\r\nfrom the target").await;
        let proxy = Proxy::at(&format!("http://Aladdin:open%20sesame@{place}")).expect("a proxy");
        let mut tcp = proxy.connect("wss://server.example.com", "server.example.com:443").await.expect("a tunnel");
        let asked = serving.await.expect("served");
        assert!(asked.starts_with("CONNECT server.example.com:443 HTTP/1.1\r\nhost: server.example.com:443\r\n"));
        assert!(asked.contains("proxy-authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n"), "{asked}");
        let mut rest = String::new();
        tcp.read_to_string(&mut rest).await.expect("read");
        assert_eq!(rest, "from the target");
    }

    #[tokio::test]
    async fn what_a_proxy_has_against_it_is_said_without_the_password() {
        for (answer, expected) in [
            ("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", "wants a user and a password"),
            (
                "HTTP/1.1 403 Forbidden\r\n\r\n",
                "answers CONNECT host:7880 with 403; it may let connections to port 443",
            ),
            ("SSH-2.0-OpenSSH_9.2\r\n\r\n", "does not speak HTTP"),
        ] {
            let (place, _serving) = answering(answer).await;
            let proxy = Proxy::at(&format!("http://user:hidden@{place}")).expect("a proxy");
            let error = proxy.connect("http://host:7880", "host:7880").await.expect_err("no tunnel").to_string();
            assert!(error.contains(expected), "{error}");
            assert!(error.contains(&place) && !error.contains("hidden"), "{error}");
        }
    }

    #[test]
    fn only_an_http_proxy_is_one() {
        for url in ["proxy:3128", "socks5://proxy:1080", "https://proxy", "http://", ""] {
            assert!(Proxy::at(url).is_err(), "{url:?}");
        }
        let proxy = Proxy::at("http://user:hidden@proxy:3128").expect("a proxy");
        assert_eq!(proxy.before("wss://server.example.com").as_deref(), Some("http://proxy:3128"));
        assert_eq!(Proxy::none().before("wss://server.example.com"), None);
    }
}
