//! What a target said, kept whole.

use reqwest::header::HeaderMap;
use serde::Deserialize;
use std::fmt;

/// A complete HTTP answer of any status.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// `content-type`, or empty.
    pub content_type: String,
    /// The body as text; bytes that are not UTF-8 are replaced.
    pub body: String,
    /// Every header as it came, names in lower case: a header sent twice stands here twice.
    pub headers: Vec<(String, String)>,
}

/// Headers as text; bytes that are not UTF-8 are replaced.
pub(crate) fn headers_of(map: &HeaderMap) -> Vec<(String, String)> {
    map.iter()
        .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect()
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?}", self.status, self.body.trim_end())
    }
}

impl Answer {
    /// The first value of a header, whatever the case of its name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The `Date` header as seconds since 1970, or none if there is none in the form that HTTP demands (RFC 9110, 5.6.7).
    pub fn date_s(&self) -> Option<i64> {
        const MONTHS: &str = "JanFebMarAprMayJunJulAugSepOctNovDec";
        // Sun, 06 Nov 1994 08:49:37 GMT
        let words: Vec<&str> = self.header("date")?.split([' ', ':']).collect();
        let [_, day, month, year, hour, minute, second, "GMT"] = words[..] else { return None };
        let number = |word: &str| word.parse::<i64>().ok();
        let (day, year) = (number(day)?, number(year)?);
        let month = i64::try_from(MONTHS.find(month)? / 3).ok()? + 1;
        // Years that begin in March have their leap day at the end; 719 468 days lie between March of year 0 and 1970.
        let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
        let days = year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + day - 1 - 719_468;
        Some(((days * 24 + number(hour)?) * 60 + number(minute)?) * 60 + number(second)?)
    }

    /// Every value of a header in the order of arrival: two show a proxy that adds what the server sends already.
    pub fn header_all(&self, name: &str) -> Vec<&str> {
        let same = self.headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
        same.map(|(_, value)| value.as_str()).collect()
    }

    /// Twirp's error code of a JSON error body, or empty: LiveKit's 401 is plain text and has none.
    pub fn code(&self) -> String {
        self.error_body().map(|body| body.code).unwrap_or_default()
    }

    /// The body as JSON, or null when it is none.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }

    fn error_body(&self) -> Option<ErrorBody> {
        serde_json::from_str(&self.body).ok()
    }
}

/// An RPC that was answered with something else than 200.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal(pub Answer);

impl Refusal {
    /// Status and Twirp code, by which applications tell refusals apart.
    pub fn said(&self) -> (u16, String) {
        (self.0.status, self.0.code())
    }
}

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

    /// The examples of RFC 9110 (5.6.7); the seconds are what `date --date=… +%s` says.
    #[test]
    fn dates_are_read_in_the_form_that_http_demands() {
        for (date, seconds) in [
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(784_111_777)),
            ("Thu, 29 Feb 2024 23:59:59 GMT", Some(1_709_251_199)),
            ("Sunday, 06-Nov-94 08:49:37 GMT", None),
            ("soon", None),
        ] {
            let answer = Answer { headers: vec![("date".into(), date.into())], ..Answer::default() };
            assert_eq!(answer.date_s(), seconds, "{date}");
        }
        assert_eq!(Answer::default().date_s(), None);
    }

    #[test]
    fn plain_text_errors_have_no_code() {
        // Both bodies were recorded from livekit-server 1.13.5.
        let plain = Answer { status: 401, body: "invalid API key: x".into(), ..Answer::default() };
        let json = Answer {
            status: 404,
            body: r#"{"code":"not_found","msg":"requested room does not exist"}"#.into(),
            ..Answer::default()
        };
        assert_eq!((plain.code().as_str(), json.code().as_str()), ("", "not_found"));
    }

    #[test]
    fn a_refusal_is_shown_by_its_code_or_its_body() {
        let refusal =
            |body: &str| super::Refusal(Answer { status: 404, body: body.into(), ..Answer::default() }).to_string();
        assert_eq!(refusal(r#"{"code":"not_found","msg":"no room"}"#), "404 not_found \"no room\"");
        assert_eq!(refusal("nothing here\n"), "404 \"nothing here\"");
    }

    #[test]
    fn a_header_sent_twice_is_seen_twice_under_any_case() {
        let mut map = reqwest::header::HeaderMap::new();
        for value in ["https://a.example", "*"] {
            map.append("Access-Control-Allow-Origin", value.parse().expect("a value"));
        }
        map.append("content-type", "text/plain".parse().expect("a value"));
        let answer = Answer { headers: super::headers_of(&map), ..Answer::default() };
        assert_eq!(answer.header_all("Access-Control-Allow-Origin"), ["https://a.example", "*"]);
        assert_eq!(answer.header("CONTENT-TYPE"), Some("text/plain"));
        assert_eq!(answer.header("server"), None);
        assert_eq!(answer.headers[0].0, "access-control-allow-origin");
    }
}
