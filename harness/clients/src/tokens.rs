//! Access tokens: good ones, and ones that must be refused.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
pub use jsonwebtoken::Algorithm;
use jsonwebtoken::{EncodingKey, Header, encode};
use serde::Serialize;
use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Life of a good token; longer than any check.
const LIFE: Duration = Duration::from_secs(600);

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

/// A signed token.
#[derive(Clone)]
pub struct Token(Secret);

impl Token {
    /// The compact form, for the wire only.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

impl Token {
    /// This token's signature under the claims of another: what somebody makes who changes a token in transit.
    #[must_use]
    pub fn with_claims_of(&self, other: &Self) -> Self {
        let part = |token: &Self, index| token.expose().split('.').nth(index).unwrap_or_default().to_owned();
        Self(Secret::new([part(self, 0), part(other, 1), part(self, 2)].join(".")))
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[token]")
    }
}

/// LiveKit's `video` claim; absent fields are left out of the token.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VideoGrant {
    /// The room that joining and administration are limited to.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub room: String,
    /// May join that room.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub room_join: bool,
    /// May create and delete rooms.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub room_create: bool,
    /// May list rooms.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub room_list: bool,
    /// May administer that room.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub room_admin: bool,
    /// May register as an agent worker.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub agent: bool,
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    sub: &'a str,
    nbf: u64,
    exp: u64,
    video: &'a VideoGrant,
}

/// A token about to be signed. Without further calls it is valid from now on for ten minutes.
#[derive(Debug, Clone)]
pub struct TokenBuilder {
    key: Key,
    identity: String,
    grant: VideoGrant,
    expired_for: Option<Duration>,
    early_by: Duration,
}

impl TokenBuilder {
    /// A token of this key with this grant and without an identity.
    pub fn new(key: &Key, grant: VideoGrant) -> Self {
        Self { key: key.clone(), identity: String::new(), grant, expired_for: None, early_by: Duration::ZERO }
    }

    /// The participant's identity (`sub`).
    #[must_use]
    pub fn identity(mut self, identity: impl Into<String>) -> Self {
        self.identity = identity.into();
        self
    }

    /// Lets the token have expired that long ago.
    #[must_use]
    pub fn expired_by(mut self, ago: Duration) -> Self {
        self.expired_for = Some(ago);
        self
    }

    /// Lets the token become valid only after that time.
    #[must_use]
    pub fn early_by(mut self, ahead: Duration) -> Self {
        self.early_by = ahead;
        self
    }

    /// Signs with another secret under the same key id.
    #[must_use]
    pub fn secret(mut self, secret: Secret) -> Self {
        self.key.secret = secret;
        self
    }

    /// Names another key id as issuer.
    #[must_use]
    pub fn issuer(mut self, id: impl Into<String>) -> Self {
        self.key.id = id.into();
        self
    }

    /// Signs with HS256, the only algorithm that the server takes.
    ///
    /// # Errors
    /// When the claims can't be encoded.
    pub fn sign(&self) -> Result<Token, jsonwebtoken::errors::Error> {
        self.sign_as(Algorithm::HS256)
    }

    /// Signs with HS384 or HS512, which the server must not take.
    ///
    /// # Errors
    /// When the claims can't be encoded.
    pub fn sign_as(&self, algorithm: Algorithm) -> Result<Token, jsonwebtoken::errors::Error> {
        let key = EncodingKey::from_secret(self.key.secret.expose().as_bytes());
        encode(&Header::new(algorithm), &self.claims(), &key).map(|token| Token(Secret::new(token)))
    }

    /// An unsigned token (RFC 7519, section 6), which the server must not take.
    ///
    /// # Errors
    /// When the claims can't be encoded.
    pub fn unsigned(&self) -> Result<Token, serde_json::Error> {
        let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"JWT"}"#);
        let claims = URL_SAFE_NO_PAD.encode(serde_json::to_vec(&self.claims())?);
        Ok(Token(Secret::new(format!("{header}.{claims}."))))
    }

    fn claims(&self) -> Claims<'_> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let exp = match self.expired_for {
            Some(ago) => now.saturating_sub(ago),
            None => now + self.early_by + LIFE,
        };
        let nbf = match self.early_by {
            Duration::ZERO => now.min(exp).saturating_sub(LIFE),
            ahead => now + ahead,
        };
        Claims { iss: &self.key.id, sub: &self.identity, nbf: nbf.as_secs(), exp: exp.as_secs(), video: &self.grant }
    }
}

#[cfg(test)]
mod tests {
    use super::{Key, Secret, TokenBuilder, VideoGrant};
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    fn key() -> Key {
        Key { id: "devkey".into(), secret: Secret::new("0123456789abcdef0123456789abcdef") }
    }

    fn part(token: &str, index: usize) -> String {
        let encoded = token.split('.').nth(index).expect("three parts");
        String::from_utf8(URL_SAFE_NO_PAD.decode(encoded).expect("base64url")).expect("utf-8")
    }

    #[test]
    fn claims_use_the_names_of_livekit() {
        let grant = VideoGrant { room: "r".into(), room_join: true, ..VideoGrant::default() };
        let token = TokenBuilder::new(&key(), grant).identity("me").sign().expect("signed");
        assert_eq!(part(token.expose(), 0), r#"{"typ":"JWT","alg":"HS256"}"#);
        let claims = part(token.expose(), 1);
        assert!(claims.starts_with(r#"{"iss":"devkey","sub":"me","nbf":"#), "{claims}");
        assert!(claims.ends_with(r#""video":{"room":"r","roomJoin":true}}"#), "{claims}");
    }

    #[test]
    fn secrets_and_tokens_do_not_show_in_debug_output() {
        let builder = TokenBuilder::new(&key(), VideoGrant::default());
        let shown = format!("{builder:?} {:?}", builder.sign().expect("signed"));
        assert!(!shown.contains("0123456789abcdef") && !shown.contains("eyJ"), "{shown}");
    }

    /// Whether a server with this secret takes the token, with no leeway.
    fn taken(builder: &TokenBuilder, secret: &str) -> Result<(), jsonwebtoken::errors::ErrorKind> {
        let mut rules = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::HS256);
        rules.leeway = 0;
        rules.validate_nbf = true;
        let key = jsonwebtoken::DecodingKey::from_secret(secret.as_bytes());
        let token = builder.sign().expect("signed");
        jsonwebtoken::decode::<serde_json::Value>(token.expose(), &key, &rules)
            .map(drop)
            .map_err(|error| error.kind().clone())
    }

    #[test]
    fn a_bad_token_is_bad_for_its_one_reason() {
        use jsonwebtoken::errors::ErrorKind;
        const SECRET: &str = "0123456789abcdef0123456789abcdef";
        let good = TokenBuilder::new(&key(), VideoGrant::default());
        assert_eq!(taken(&good, SECRET), Ok(()));
        let expired = good.clone().expired_by(std::time::Duration::from_secs(90));
        assert_eq!(taken(&expired, SECRET), Err(ErrorKind::ExpiredSignature));
        let claims: serde_json::Value =
            serde_json::from_str(&part(expired.sign().expect("signed").expose(), 1)).expect("json");
        assert!(claims["nbf"].as_u64() < claims["exp"].as_u64(), "never valid: {claims}");
        let forged = good.clone().secret(Secret::new("another"));
        assert_eq!(taken(&forged, SECRET), Err(ErrorKind::InvalidSignature));
        assert_eq!(taken(&forged, "another"), Ok(()));
        let foreign = good.issuer("nobody").sign().expect("signed");
        assert!(part(foreign.expose(), 1).starts_with(r#"{"iss":"nobody","#));
    }
}
