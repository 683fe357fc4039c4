//! Why no answer came.

use rustls::AlertDescription;
use std::error::Error;
use std::fmt;
use std::io;

/// The target gave no answer that could be judged.
#[derive(Debug, thiserror::Error)]
#[error("{url}: {why}")]
pub struct Unreachable {
    /// What was addressed, without query.
    pub url: String,
    /// The reason, as far as it can be told.
    pub why: Why,
}

/// The reasons that an operator would act on differently.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// Nothing listens there.
    Refused,
    /// The peer's certificate was not accepted.
    Certificate(String),
    /// No answer in time.
    Timeout,
    /// The connection ended before the answer did.
    Closed,
    /// The peer wants to see a certificate of the client, and saw none or another one.
    WantsCertificate,
    /// What answers does not speak TLS.
    NotTls,
    /// What answers does not speak HTTP.
    NotHttp,
    /// Anything else, with the chain of causes.
    Other(String),
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused => f.write_str("connection refused"),
            Self::Certificate(problem) => write!(f, "certificate not accepted: {problem}"),
            Self::Timeout => f.write_str("no answer in time"),
            Self::Closed => f.write_str("connection closed before the answer was complete"),
            Self::WantsCertificate => f.write_str("what answers there wants a certificate of the client"),
            Self::NotTls => f.write_str("what answers there does not speak TLS"),
            Self::NotHttp => f.write_str("what answers there does not speak HTTP"),
            Self::Other(chain) => f.write_str(chain),
        }
    }
}

impl Unreachable {
    /// Reads the reason out of the chain of causes.
    pub(crate) fn of(url: &str, error: &(dyn Error + 'static)) -> Self {
        let url = url.split('?').next().unwrap_or_default().to_owned();
        Self { url, why: why(error) }
    }
}

fn why(error: &(dyn Error + 'static)) -> Why {
    let mut chain = Vec::new();
    let mut next = Some(error);
    while let Some(cause) = next {
        if let Some(found) = known(cause) {
            return found;
        }
        chain.push(cause.to_string());
        next = cause.source();
    }
    chain.dedup();
    // hyper says these, and lets nobody ask.
    if chain.iter().any(|cause| cause == "connection closed before message completed") || was_never_written(error) {
        return Why::Closed;
    }
    if chain.iter().any(|cause| cause.starts_with("invalid HTTP ")) {
        return Why::NotHttp;
    }
    if chain.len() > 1 && chain[0].starts_with("error sending request for url") {
        chain.remove(0);
    }
    Why::Other(chain.join(": "))
}

/// Whether the connection ended before any of the request was written: hyper calls that canceled.
pub(crate) fn was_never_written(error: &(dyn Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(cause) = next {
        if cause.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_canceled) {
            return true;
        }
        next = cause.source();
    }
    false
}

fn known(cause: &(dyn Error + 'static)) -> Option<Why> {
    if let Some(tls) = cause.downcast_ref::<rustls::Error>() {
        return match tls {
            rustls::Error::InvalidCertificate(problem) => Some(Why::Certificate(problem.to_string())),
            rustls::Error::InvalidMessage(_) => Some(Why::NotTls),
            // RFC 8446, section 6.2; servers with TLS 1.2 end with a mere handshake_failure.
            rustls::Error::AlertReceived(
                AlertDescription::CertificateRequired
                | AlertDescription::BadCertificate
                | AlertDescription::UnknownCA
                | AlertDescription::DecryptError
                | AlertDescription::CertificateUnknown,
            ) => Some(Why::WantsCertificate),
            _ => None,
        };
    }
    if cause.downcast_ref::<reqwest::Error>().is_some_and(reqwest::Error::is_timeout) {
        return Some(Why::Timeout);
    }
    let io = cause.downcast_ref::<io::Error>()?;
    match io.kind() {
        io::ErrorKind::ConnectionRefused => Some(Why::Refused),
        io::ErrorKind::TimedOut => Some(Why::Timeout),
        io::ErrorKind::ConnectionReset | io::ErrorKind::UnexpectedEof | io::ErrorKind::BrokenPipe => Some(Why::Closed),
        // An io::Error hides what it wraps from `source`, where rustls' reason sits.
        _ => io.get_ref().map(|inner| why(inner)).filter(|inner| !matches!(inner, Why::Other(_))),
    }
}

#[cfg(test)]
mod tests {
    use super::{Why, was_never_written, why};
    use std::io;
    use tokio::io::AsyncReadExt as _;

    #[test]
    fn a_certificate_problem_is_found_inside_an_io_error() {
        let expired = rustls::Error::InvalidCertificate(rustls::CertificateError::Expired);
        let wrapped = io::Error::new(io::ErrorKind::InvalidData, expired);
        assert!(matches!(why(&wrapped), Why::Certificate(text) if text.to_lowercase().contains("expired")));
    }

    #[test]
    fn a_refused_connection_is_told_from_other_trouble() {
        assert_eq!(why(&io::Error::from(io::ErrorKind::ConnectionRefused)), Why::Refused);
        assert!(matches!(why(&io::Error::other("odd")), Why::Other(text) if text == "odd"));
    }

    #[test]
    fn a_token_in_the_query_is_not_kept() {
        let error = super::Unreachable::of("ws://h/rtc?access_token=x", &io::Error::other("odd"));
        assert_eq!(error.to_string(), "ws://h/rtc: odd");
    }

    #[test]
    fn silence_and_a_cut_connection_are_told_apart() {
        assert_eq!(why(&io::Error::from(io::ErrorKind::TimedOut)), Why::Timeout);
        for kind in [io::ErrorKind::ConnectionReset, io::ErrorKind::UnexpectedEof, io::ErrorKind::BrokenPipe] {
            assert_eq!(why(&io::Error::from(kind)), Why::Closed);
        }
    }

    #[tokio::test]
    async fn a_connection_that_ended_before_the_request_was_written_is_closed() {
        let (stream, _) = tokio::io::duplex(64);
        let (mut connection, driver) =
            hyper::client::conn::http1::handshake(hyper_util::rt::TokioIo::new(stream)).await.unwrap();
        drop(driver);
        let error = connection.send_request(hyper::Request::new(String::new())).await.unwrap_err();
        assert!(was_never_written(&error), "{error:?}");
        assert_eq!(why(&error), Why::Closed);
    }

    #[tokio::test]
    async fn a_request_that_was_written_is_not_sent_again() {
        let (stream, mut peer) = tokio::io::duplex(1024);
        let (mut connection, driver) =
            hyper::client::conn::http1::handshake(hyper_util::rt::TokioIo::new(stream)).await.unwrap();
        tokio::spawn(driver);
        let answer = tokio::spawn(async move { connection.send_request(hyper::Request::new(String::new())).await });
        let mut start = [0; 5];
        peer.read_exact(&mut start).await.unwrap();
        assert_eq!(&start, b"GET /");
        drop(peer);
        let error = answer.await.unwrap().unwrap_err();
        assert!(!was_never_written(&error), "{error:?}");
    }

    #[derive(Debug, thiserror::Error)]
    #[error("sending failed")]
    struct Sending(#[source] io::Error);

    #[test]
    fn causes_are_followed() {
        assert_eq!(why(&Sending(io::Error::from(io::ErrorKind::ConnectionRefused))), Why::Refused);
        assert_eq!(why(&Sending(io::Error::other("odd"))), Why::Other("sending failed: odd".into()));
    }
}
