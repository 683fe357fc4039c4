//! Webhooks.
//!
//! A generic one gets a notice as JSON, and two headers: `X-Greenlight-Timestamp`, seconds since 1970, and
//! `X-Greenlight-Signature`, `sha256=` and the HMAC-SHA256 (hex) of the timestamp, a full stop and the body's exact bytes.
//! A receiver computes the same, compares in constant time, and refuses timestamps older than a few minutes: a notice that
//! somebody recorded can't be played again. The same notice may come twice, after an answer that was lost; all but the
//! timestamp is the same then.

use super::notice::Notice;
use super::sender::{Refused, is_local};
use greenlight_reports::hex;
use hmac::{Hmac, KeyInit as _, Mac as _};
use reqwest::{StatusCode, Url};
use sha2::Sha256;
use time::OffsetDateTime;

/// What a receiver understands.
pub(super) enum Style {
    /// `{"text": …}`.
    Slack,
    /// The notice, signed with this key.
    Signed(String),
}

/// One webhook.
pub(super) struct Hook {
    client: reqwest::Client,
    url: Url,
    style: Style,
}

impl Hook {
    /// To this address.
    ///
    /// # Errors
    /// When it is none; it is not repeated.
    pub(super) fn new(url: String, style: Style) -> Result<Self, String> {
        let url = Url::parse(&url).map_err(|error| format!("its address is no URL: {error}"))?;
        match (url.scheme(), &style) {
            ("https", _) | ("http", Style::Signed(_)) => {}
            ("http", Style::Slack) if is_local(&url) => {}
            _ => return Err("its address must begin with https://: whoever reads it could write there".to_owned()),
        }
        greenlight_clients::install_crypto_provider();
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("greenlight/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| format!("no HTTP client: {error}"))?;
        Ok(Self { client, url, style })
    }

    /// One try.
    ///
    /// # Errors
    /// [`Refused`], without the address.
    pub(super) async fn send(&self, notice: &Notice) -> Result<(), Refused> {
        let request = self.client.post(self.url.clone()).header("content-type", "application/json");
        let request = match &self.style {
            Style::Slack => request.body(serde_json::json!({ "text": slack_text(notice) }).to_string()),
            Style::Signed(key) => {
                let body = serde_json::to_string(notice).map_err(Refused::forever)?;
                let timestamp = OffsetDateTime::now_utc().unix_timestamp().to_string();
                let signature = sign(key, &timestamp, &body).map_err(Refused::forever)?;
                request
                    .header("x-greenlight-timestamp", timestamp)
                    .header("x-greenlight-signature", format!("sha256={signature}"))
                    .body(body)
            }
        };
        let answer = request.send().await.map_err(|error| Refused::later(why(&error.without_url())))?;
        let status = answer.status();
        let later = status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS;
        match status.is_success() {
            true => Ok(()),
            false if later || status == StatusCode::REQUEST_TIMEOUT => {
                Err(Refused::later(format!("it answers {status}")))
            }
            false => Err(Refused::forever(format!("it answers {status}"))),
        }
    }
}

/// The innermost cause says what is wrong; reqwest's own words only say that something is.
fn why(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    match std::ptr::addr_eq(cause, error) {
        true => error.to_string(),
        false => format!("{error}: {cause}"),
    }
}

fn sign(key: &str, timestamp: &str, body: &str) -> Result<String, hmac::digest::InvalidLength> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes())?;
    mac.update(format!("{timestamp}.{body}").as_bytes());
    Ok(hex(&mac.finalize().into_bytes()))
}

/// Slack reads `&`, `<` and `>` as markup: unescaped, a quoted log could call a whole channel.
fn slack_text(notice: &Notice) -> String {
    let escaped = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let id = if notice.id.is_empty() { String::new() } else { format!(" ({})", escaped(&notice.id)) };
    let summary = if notice.summary.is_empty() { String::new() } else { format!("\n{}", escaped(&notice.summary)) };
    format!("*{}*{id} {}{summary}", escaped(&notice.headline()), notice.at)
}

#[cfg(test)]
mod tests {
    use super::{sign, slack_text};
    use crate::notify::{Notice, State};

    /// printf '1767225600.{"a":1}' | openssl dgst -sha256 -hmac 'Jefe'
    #[test]
    fn the_signature_is_that_of_openssl() {
        let signature = sign("Jefe", "1767225600", "{\"a\":1}").expect("signed");
        assert_eq!(signature, "bb7f7f576d169b57777ab3f8cf1a3b51416fd9eba32fdcb6f59ea046006c32b8");
    }

    /// Slack's documentation, "Escaping text": these three characters, as these entities.
    #[test]
    fn nothing_in_a_summary_is_markup_for_slack() {
        let mut notice = Notice::now("staging", "deploy", State::Old, "<!channel> & <@U1>", "k3f9a");
        notice.at = "2026-01-01T00:00:00Z".into();
        assert_eq!(
            slack_text(&notice),
            "*staging: deploy OLD* (k3f9a) 2026-01-01T00:00:00Z\n&lt;!channel&gt; &amp; &lt;@U1&gt;"
        );
    }
}
