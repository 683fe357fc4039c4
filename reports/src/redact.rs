//! Secrets leave a result once, before anything is written.

use crate::seal::hex;
use crate::text::printable;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Shorter values would blank out ordinary words; the configuration refuses such secrets anyway.
const SECRET_BYTES_MIN: usize = 4;

/// Knows every secret of a run in each form in which it could show up.
#[derive(Clone, Default)]
pub struct Redactor {
    /// Form of a secret and what replaces it, longest form first.
    forms: Vec<(String, String)>,
}

impl Redactor {
    /// Takes pairs of a name for people and the secret's value.
    pub fn new<'a>(secrets: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut forms = Vec::new();
        for (name, secret) in secrets {
            if secret.len() < SECRET_BYTES_MIN {
                continue;
            }
            let replacement = format!("[{name}]");
            for form in forms_of(secret) {
                if form.len() >= SECRET_BYTES_MIN && !forms.iter().any(|(known, _)| *known == form) {
                    forms.push((form, replacement.clone()));
                }
            }
        }
        forms.sort_by_key(|(form, _)| std::cmp::Reverse(form.len()));
        Self { forms }
    }

    /// The text without secrets, access tokens and unprintable characters.
    pub fn text(&self, text: &str) -> String {
        let mut clean = printable(text).into_owned();
        for (form, replacement) in &self.forms {
            if clean.contains(form.as_str()) {
                clean = clean.replace(form.as_str(), replacement);
            }
        }
        without_tokens(&clean)
    }

    /// The same value with every string in it cleaned by [`Redactor::text`].
    ///
    /// # Errors
    /// When the value does not survive a round trip through JSON.
    pub fn scrub<T: Serialize + DeserializeOwned>(&self, value: &T) -> serde_json::Result<T> {
        let mut tree = serde_json::to_value(value)?;
        self.walk(&mut tree);
        serde_json::from_value(tree)
    }

    fn walk(&self, value: &mut Value) {
        match value {
            Value::String(text) => *text = self.text(text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.walk(item)),
            Value::Object(fields) => fields.values_mut().for_each(|field| self.walk(field)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}

/// How a secret may show up: as it is, escaped, in hex, percent-encoded, and in base64 at any place of a longer text
/// (`key:secret` of Basic authentication, a JSON document).
fn forms_of(secret: &str) -> Vec<String> {
    let quoted = |text: String| text[1..text.len() - 1].to_owned();
    let hex = hex(secret.as_bytes());
    let percent = percent_encoded(secret);
    let mut forms = vec![
        secret.to_owned(),
        quoted(format!("{secret:?}")),
        quoted(Value::from(secret).to_string()),
        hex.to_uppercase(),
        hex,
        percent.to_lowercase(),
        percent,
    ];
    for lead in 0..3 {
        // A byte spreads over two letters: those at the seams depend on its neighbours and are left out.
        let padded = [vec![0; lead], secret.as_bytes().to_vec()].concat();
        let first = (lead * 8).div_ceil(6);
        let last = padded.len() * 8 / 6;
        for engine in [&STANDARD_NO_PAD, &URL_SAFE_NO_PAD] {
            forms.push(engine.encode(&padded)[first..last].to_owned());
        }
    }
    for engine in [&STANDARD, &URL_SAFE, &STANDARD_NO_PAD, &URL_SAFE_NO_PAD] {
        forms.push(engine.encode(secret));
    }
    forms
}

/// Replaces whatever looks like a JSON Web Token (RFC 7519): three base64url parts, the first a JSON object
/// (`{"` is `eyJ`, `{ ` is `eyA`, `{\n` is `ewo`), the dots as they are or percent-encoded.
fn without_tokens(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = ["eyJ", "eyA", "ewo"].iter().filter_map(|lead| rest.find(lead)).min() {
        let candidate = &rest[start..];
        let end =
            candidate.find(|c: char| !(c.is_ascii_alphanumeric() || "-_.=%".contains(c))).unwrap_or(candidate.len());
        let dots =
            candidate[..end].replace("%2E", ".").replace("%2e", ".").bytes().filter(|byte| *byte == b'.').count();
        clean.push_str(&rest[..start]);
        clean.push_str(if dots >= 2 { "[token]" } else { &candidate[..end] });
        rest = &candidate[end..];
    }
    clean.push_str(rest);
    clean
}

fn percent_encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
        encoded
    })
}

#[cfg(test)]
mod tests {
    use super::Redactor;
    use proptest::prelude::*;

    // RFC 7515, appendix A.1.
    const TOKEN: &str = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

    #[test]
    fn every_form_of_a_secret_goes() {
        let redactor = Redactor::new([("api secret", "s3cr&t/key")]);
        // The encoded forms were made with `base64` and `jq @uri`.
        let forms = [
            "s3cr&t/key",
            "czNjciZ0L2tleQ==",
            "czNjciZ0L2tleQ",
            "s3cr%26t%2Fkey",
            "s3cr%26t%2fkey",
            "733363722674 2f6b6579",
        ];
        for form in forms.map(|form| form.replace(' ', "")) {
            assert_eq!(redactor.text(&format!("<{form}>")), "<[api secret]>", "{form}");
        }
        // printf 'k:s3cr&t/key' | base64, and with two letters before it
        for basic in ["azpzM2NyJnQva2V5", "a2s6czNjciZ0L2tleQ=="] {
            let clean = redactor.text(basic);
            assert!(clean.contains("[api secret]") && clean.len() < "[api secret]".len() + 8, "{clean}");
        }
    }

    #[test]
    fn escaped_secrets_go() {
        let redactor = Redactor::new([("api secret", "with\"quote\\and")]);
        assert_eq!(redactor.text(r#"body "with\"quote\\and""#), "body \"[api secret]\"");
    }

    #[test]
    fn tokens_go_and_their_surroundings_stay() {
        let redactor = Redactor::default();
        assert_eq!(redactor.text(&format!("invalid token: {TOKEN}, error: x")), "invalid token: [token], error: x");
        assert_eq!(redactor.text(&format!("?access_token={TOKEN}&b=1")), "?access_token=[token]&b=1");
        assert_eq!(redactor.text("eyJust a word"), "eyJust a word");
        assert_eq!(redactor.text("t=eyJhbGciOiJIUzI1NiJ9%2EeyJhIjoxfQ%2Eabc&b"), "t=[token]&b");
        assert_eq!(redactor.text("t=eyAiYWxnIjogIkhTMjU2In0.eyJhIjoxfQ.abc b"), "t=[token] b");
    }

    proptest! {
        #[test]
        fn no_text_around_a_secret_saves_it(before in ".{0,20}", after in ".{0,20}") {
            let redactor = Redactor::new([("api secret", "0123456789abcdef")]);
            let clean = redactor.text(&format!("{before}0123456789abcdef{after}"));
            prop_assert!(!clean.contains("0123456789abcdef"));
        }
    }

    #[test]
    fn a_secret_inside_a_longer_base64_text_goes_in_both_alphabets() {
        // printf '??>>kü~~1' and the same between `k` or `kk` and `zz` | basenc --base64, --base64url; xxd -p
        let redactor = Redactor::new([("s", "??>>k\u{fc}~~1")]);
        for (text, clean) in [
            ("Pz8+PmvDvH5+MXp6", "[s]Xp6"),
            ("Pz8-PmvDvH5-MXp6", "[s]Xp6"),
            ("az8/Pj5rw7x+fjF6eg==", "az[s]F6eg=="),
            ("az8_Pj5rw7x-fjF6eg==", "az[s]F6eg=="),
            ("a2s/Pz4+a8O8fn4xeno=", "a2s[s]eno="),
            ("a2s_Pz4-a8O8fn4xeno=", "a2s[s]eno="),
            ("Pz8+PmvDvH5+MQ==", "[s]"),
            ("Pz8-PmvDvH5-MQ==", "[s]"),
            ("Pz8+PmvDvH5+MQ", "[s]"),
            ("Pz8-PmvDvH5-MQ", "[s]"),
            ("3f3f3e3e6bc3bc7e7e31", "[s]"),
            ("3F3F3E3E6BC3BC7E7E31", "[s]"),
        ] {
            assert_eq!(redactor.text(text), clean, "{text}");
        }
    }

    #[test]
    fn quoted_secrets_go_as_they_are_in_debug_output_and_in_json() {
        let redactor = Redactor::new([("s", "with\"quote\u{8}and")]);
        assert_eq!(redactor.text(r#""with\"quote\u{8}and""#), "\"[s]\"");
        assert_eq!(redactor.text(r#""with\"quote\band""#), "\"[s]\"");
        assert_eq!(Redactor::new([("s", "a\"b\"c")]).text("<a\"b\"c>"), "<[s]>");
    }

    #[test]
    fn ordinary_words_stay() {
        assert_eq!(Redactor::new([("s", "the")]).text("the room"), "the room");
        let redactor = Redactor::default();
        assert_eq!(redactor.text("eyJhbGciOiJIUzI1NiJ9.json is a file"), "eyJhbGciOiJIUzI1NiJ9.json is a file");
        assert_eq!(redactor.text("t=ewogImFsZyI6.eyJhIjoxfQ%2eabc&b"), "t=[token]&b");
    }
}
