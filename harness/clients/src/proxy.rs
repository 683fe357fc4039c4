//! The way to a target: straight, or through an HTTP proxy that opens a tunnel (CONNECT, RFC 9110, section 9.3.6).
//!
//! Which proxy is decided once, for the target's entry; TLS goes through the tunnel, so nothing that is judged was said by
//! the proxy.

use crate::tokens::Secret;
use hyper_util::client::proxy::matcher::Matcher;
use reqwest::header::HeaderValue;
use reqwest::{ClientBuilder, Url};
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::http::Uri;

/// An answer to CONNECT is a status line and a few headers.
const HEAD_BYTES_MAX: usize = 16 << 10;
/// As long as a target may take for an answer.
const TIMEOUT: Duration = Duration::from_secs(15);

/// The HTTP proxy before a target, if there is one.
#[derive(Clone, Default)]
pub struct Proxy(Option<Arc<Known>>);

struct Known {
    /// `host:port`.
    place: String,
    /// `Basic …` (RFC 7617).
    authorization: Option<HeaderValue>,
}

impl Proxy {
    /// None: every connection is opened straight.
    pub fn none() -> Self {
        Self::default()
    }

    /// The one that `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY` name for this `https://` URL, as curl reads them.
    ///
    /// # Errors
    /// A sentence that says why it is of no use.
    pub fn of_environment(url: &str) -> Result<Self, String> {
        Self::chosen(&Matcher::from_env(), url).map_err(|shown| {
            format!("the environment (HTTPS_PROXY, ALL_PROXY) names {shown} for {url}, which is no HTTP proxy; name one with --proxy http://host:port, or the target in NO_PROXY")
        })
    }

    /// This one: `http://host:port`, perhaps with user and password.
    ///
    /// # Errors
    /// A sentence that says how it is written; no password is repeated.
    pub fn at(url: &str) -> Result<Self, String> {
        let shown = url.rsplit('@').next().unwrap_or_default();
        let wrong = || {
            format!(
                "{shown:?} is no HTTP proxy; write it as http://proxy.example.com:3128, with USER:PASSWORD@ before the name if it wants them, and with what is special in a password as %40, %2F or %3A"
            )
        };
        let parsed = Url::parse(url).ok().filter(|parsed| {
            parsed.scheme() == "http"
                && parsed.has_host()
                && parsed.path() == "/"
                && parsed.query().is_none()
                && parsed.fragment().is_none()
        });
        let parsed = parsed.ok_or_else(wrong)?;
        // In the form that everybody reads the same way.
        Self::chosen(&Matcher::builder().all(parsed.to_string()).build(), "https://any").map_err(|_| wrong())
    }

    fn chosen(matcher: &Matcher, url: &str) -> Result<Self, String> {
        let Some(intercept) = url.parse::<Uri>().ok().and_then(|uri| matcher.intercept(&uri)) else {
            return Ok(Self::none());
        };
        let uri = intercept.uri();
        let scheme = uri.scheme_str().unwrap_or("http");
        // A proxy without a port listens at 80.
        let place = format!("{}:{}", uri.host().unwrap_or_default(), uri.port_u16().unwrap_or(80));
        match scheme {
            "http" => Ok(Self(Some(Arc::new(Known { place, authorization: intercept.basic_auth().cloned() })))),
            other => Err(format!("{other}://{place}")),
        }
    }

    /// `http://host:port`, without user and password; none if there is no proxy.
    pub fn place(&self) -> Option<String> {
        self.0.as_ref().map(|known| format!("http://{}", known.place))
    }

    /// What it is shown on every connection, which opens it to whoever reads it.
    pub fn authorization(&self) -> Option<Secret> {
        let value = self.0.as_ref()?.authorization.as_ref()?.to_str().ok()?;
        Some(Secret::new(value.strip_prefix("Basic ").unwrap_or(value)))
    }

    /// The same for requests over HTTP.
    pub(crate) fn on(&self, builder: ClientBuilder) -> reqwest::Result<ClientBuilder> {
        // Also without one: reqwest would read the environment.
        let builder = builder.no_proxy();
        let Some(known) = &self.0 else { return Ok(builder) };
        let proxy = reqwest::Proxy::all(format!("http://{}", known.place))?;
        Ok(builder.proxy(match &known.authorization {
            Some(authorization) => proxy.custom_http_auth(authorization.clone()),
            None => proxy,
        }))
    }

    /// Opens a TCP connection to `address` (`host:port`).
    pub(crate) async fn connect(&self, address: &str) -> io::Result<TcpStream> {
        let Some(known) = &self.0 else { return TcpStream::connect(address).await };
        let said = |what: String| io::Error::other(format!("the proxy http://{}{what}", known.place));
        match timeout(TIMEOUT, known.tunnel(address)).await {
            Ok(Ok(opened)) => opened.map_err(said),
            Ok(Err(error)) => Err(said(format!(": {error}"))),
            Err(_) => Err(said(format!(" does not answer within {} s", TIMEOUT.as_secs()))),
        }
    }
}

impl Known {
    /// A way through, or what the proxy has against it.
    async fn tunnel(&self, address: &str) -> io::Result<Result<TcpStream, String>> {
        let mut tcp = TcpStream::connect(&self.place).await?;
        tcp.set_nodelay(true)?;
        let mut request = format!("CONNECT {address} HTTP/1.1\r\nhost: {address}\r\n").into_bytes();
        if let Some(credentials) = &self.authorization {
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
            Some(status) => Err(format!(
                " answers CONNECT {address} with {status}; it may let connections to port 443 through only"
            )),
            None => Err(" does not speak HTTP".into()),
        })
    }
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
        let mut tcp = proxy.connect("server.example.com:443").await.expect("a tunnel");
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
            let error = proxy.connect("host:7880").await.expect_err("no tunnel").to_string();
            assert!(error.contains(expected), "{error}");
            assert!(error.contains(&place) && !error.contains("hidden"), "{error}");
        }
    }

    #[test]
    fn only_an_http_proxy_is_one() {
        for url in [
            "proxy:3128",
            "socks5://proxy:1080",
            "https://proxy",
            "http://",
            "",
            "http://proxy:port",
            "http://user:hid/den@proxy:3128",
            "http://proxy:3128/path",
            "http://user:hid#den@proxy",
        ] {
            let error = Proxy::at(url).map(|_| ()).expect_err(url);
            assert!(!error.contains("hid/"), "{error}");
        }
        let proxy = Proxy::at("http://user:hidden@proxy:3128").expect("a proxy");
        assert_eq!(proxy.place().as_deref(), Some("http://proxy:3128"));
        assert_eq!(Proxy::at("http://proxy").expect("a proxy").place().as_deref(), Some("http://proxy:80"));
        assert_eq!(Proxy::none().place(), None);
    }

    /// base64 of `user:p@ss`, as `base64(1)` has it: the last @ is the one before the host.
    #[test]
    fn an_at_sign_in_a_password_is_one() {
        for url in ["http://user:p@ss@proxy:3128", "http://user:p%40ss@proxy:3128"] {
            let proxy = Proxy::at(url).expect("a proxy");
            assert_eq!(proxy.authorization().map(|secret| secret.expose().to_owned()).as_deref(), Some("dXNlcjpwQHNz"));
            assert_eq!(proxy.place().as_deref(), Some("http://proxy:3128"));
        }
    }
}
