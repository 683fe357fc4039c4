//! What a target said, kept whole.

use serde::Deserialize;
use std::fmt;

/// A complete HTTP answer of any status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// `content-type`, or empty.
    pub content_type: String,
    /// The body as text; bytes that are not UTF-8 are replaced.
    pub body: String,
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?}", self.status, self.body.trim_end())
    }
}

impl Answer {
    /// Twirp's error code of a JSON error body, or empty: LiveKit's 401 is plain text and has none.
    pub fn code(&self) -> String {
        self.error_body().map(|body| body.code).unwrap_or_default()
    }

    fn error_body(&self) -> Option<ErrorBody> {
        serde_json::from_str(&self.body).ok()
    }
}

/// An RPC that was answered with something else than 200.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal(pub Answer);

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.error_body() {
            Some(body) => write!(f, "{} {} {:?}", self.0.status, body.code, body.msg),
            None => self.0.fmt(f),
        }
    }
}

/// Twirp's JSON error (Twirp wire protocol v7, "Errors").
#[derive(Deserialize)]
struct ErrorBody {
    code: String,
    #[serde(default)]
    msg: String,
}

#[cfg(test)]
mod tests {
    use super::Answer;

    #[test]
    fn plain_text_errors_have_no_code() {
        // Both bodies were recorded from livekit-server 1.13.5.
        let plain = Answer { status: 401, content_type: "text/plain".into(), body: "invalid API key: x".into() };
        let json = Answer {
            status: 404,
            content_type: "application/json".into(),
            body: r#"{"code":"not_found","msg":"requested room does not exist"}"#.into(),
        };
        assert_eq!((plain.code().as_str(), json.code().as_str()), ("", "not_found"));
    }

    #[test]
    fn a_refusal_is_shown_by_its_code_or_its_body() {
        let refusal = |body: &str| {
            super::Refusal(Answer { status: 404, content_type: String::new(), body: body.into() }).to_string()
        };
        assert_eq!(refusal(r#"{"code":"not_found","msg":"no room"}"#), "404 not_found \"no room\"");
        assert_eq!(refusal("nothing here\n"), "404 \"nothing here\"");
    }
}
