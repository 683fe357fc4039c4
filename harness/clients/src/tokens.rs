//! Secrets, keys, and signed tokens.

use anyhow::{Context, Result, anyhow};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::Value;
use std::fmt;

/// A value that never shows up in output.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a value.
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// The value, for the wire and for the redactor only.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

/// An API key with its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// The `iss` of its tokens.
    pub id: String,
    /// Signs them.
    pub secret: Secret,
}

/// A token in its compact form, signed by us or received.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(Secret);

impl Token {
    /// A token that somebody else made, such as a refresh token, or a text that only looks like one.
    pub fn from_compact(text: impl Into<String>) -> Self {
        Self(Secret::new(text))
    }

    /// Claims as they are, signed with HS256 by this key: nothing is added, so a token without `exp` is made by
    /// leaving it out.
    ///
    /// # Errors
    /// When the claims can't be encoded.
    pub fn raw_claims(key: &Key, claims: &Value) -> Result<Self, jsonwebtoken::errors::Error> {
        let signing = EncodingKey::from_secret(key.secret.expose().as_bytes());
        encode(&Header::new(Algorithm::HS256), claims, &signing).map(Self::from_compact)
    }

    /// The compact form, for the wire only.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    /// This token's signature under the claims of another: what somebody makes who changes a token in transit.
    #[must_use]
    pub fn with_claims_of(&self, other: &Self) -> Self {
        let part = |token: &Self, index| token.expose().split('.').nth(index).unwrap_or_default().to_owned();
        Self::from_compact([part(self, 0), part(other, 1), part(self, 2)].join("."))
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[token]")
    }
}

/// The claims of a compact token. Nothing is verified: neither signature nor time.
///
/// # Errors
/// When the text is no token of three parts with JSON in the middle; the error does not repeat the text.
pub fn claims_of(token: &str) -> Result<Value> {
    let parts: Vec<&str> = token.split('.').collect();
    let [_, claims, _] = parts[..] else {
        return Err(anyhow!("a token has three parts between dots, and this text has {}", parts.len()));
    };
    // The causes are left out: they quote what they could not read.
    let bytes = URL_SAFE_NO_PAD.decode(claims).ok().context("the token's claims are not base64url")?;
    serde_json::from_slice(&bytes).ok().context("the token's claims are not JSON")
}

#[cfg(test)]
mod tests {
    use super::{Key, Secret, Token, claims_of};
    use serde_json::json;

    /// The example of RFC 7519, section 3.1, with the line breaks taken out.
    const RFC_7519: &str = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

    #[test]
    fn claims_are_read_without_the_key() {
        let claims = claims_of(RFC_7519).expect("claims");
        assert_eq!(claims, json!({"iss": "joe", "exp": 1_300_819_380, "http://example.com/is_root": true}));
    }

    #[test]
    fn what_is_no_token_is_refused_without_being_quoted() {
        for text in ["secret-thing", "a.secret!.c", "a.c2VjcmV0.c", "eyJ9.eyJ9.eyJ9.eyJ9"] {
            let error = format!("{:#}", claims_of(text).expect_err("no token"));
            assert!(!error.contains("secret") && !error.contains(text), "{error}");
        }
    }

    #[test]
    fn raw_claims_are_signed_and_nothing_is_added() {
        let key = Key { id: "devkey".into(), secret: Secret::new("0123456789abcdef0123456789abcdef") };
        let claims = json!({"iss": "devkey", "odd": [1, null]});
        let token = Token::raw_claims(&key, &claims).expect("signed");
        assert_eq!(claims_of(token.expose()).expect("claims"), claims);
        let mut rules = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::HS256);
        rules.required_spec_claims.clear();
        let verifying = jsonwebtoken::DecodingKey::from_secret(key.secret.expose().as_bytes());
        jsonwebtoken::decode::<serde_json::Value>(token.expose(), &verifying, &rules).expect("a good signature");
    }
}
