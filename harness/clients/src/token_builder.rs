//! Access tokens to be signed: good ones by default, and ones that must be refused on demand.

use crate::grants::{Grants, SipGrant, VideoGrant};
use crate::proto;
use crate::tokens::{Key, Secret, Token};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
pub use jsonwebtoken::Algorithm;
use jsonwebtoken::{EncodingKey, Header, encode};
use serde::Serialize;
use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Life of a good token; longer than any check.
const LIFE: Duration = Duration::from_secs(600);

#[derive(Debug, Clone, Copy)]
enum Expiry {
    Ago(Duration),
    In(Duration),
    Never,
}

/// A token about to be signed. Without further calls it is valid from now on for ten minutes.
#[derive(Debug, Clone)]
pub struct TokenBuilder {
    key: Key,
    without_issuer: bool,
    identity: String,
    name: String,
    metadata: String,
    attributes: BTreeMap<String, String>,
    kind: String,
    video: Option<VideoGrant>,
    sip: Option<SipGrant>,
    room_config: Option<Box<proto::RoomConfiguration>>,
    expiry: Expiry,
    early_by: Duration,
    issued_at: Option<SystemTime>,
}

impl TokenBuilder {
    /// A token of this key with these grants and without an identity.
    pub fn new(key: &Key, grants: impl Into<Grants>) -> Self {
        let Grants { video, sip } = grants.into();
        Self {
            key: key.clone(),
            without_issuer: false,
            identity: String::new(),
            name: String::new(),
            metadata: String::new(),
            attributes: BTreeMap::new(),
            kind: String::new(),
            video: Some(video),
            sip,
            room_config: None,
            expiry: Expiry::In(LIFE),
            early_by: Duration::ZERO,
            issued_at: None,
        }
    }

    /// The participant's identity (`sub`).
    #[must_use]
    pub fn identity(mut self, identity: impl Into<String>) -> Self {
        self.identity = identity.into();
        self
    }

    /// The participant's display name.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// The participant's metadata.
    #[must_use]
    pub fn metadata(mut self, metadata: impl Into<String>) -> Self {
        self.metadata = metadata.into();
        self
    }

    /// One of the participant's attributes; further calls add more.
    #[must_use]
    pub fn attribute(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.attributes.insert(key.into(), value.into());
        self
    }

    /// The kind of participant (`standard`, `agent`, `sip`, …); absent means standard.
    #[must_use]
    pub fn kind(mut self, kind: impl Into<String>) -> Self {
        self.kind = kind.into();
        self
    }

    /// Adds the `sip` claim.
    #[must_use]
    pub fn sip(mut self, sip: SipGrant) -> Self {
        self.sip = Some(sip);
        self
    }

    /// Leaves the `video` claim out, which is less than an empty one.
    #[must_use]
    pub fn without_video(mut self) -> Self {
        self.video = None;
        self
    }

    /// Settings of the room that a join with this token creates, agents to dispatch among them.
    #[must_use]
    pub fn room_config(mut self, config: proto::RoomConfiguration) -> Self {
        self.room_config = Some(Box::new(config));
        self
    }

    /// Lets the token have expired that long ago.
    #[must_use]
    pub fn expired_by(mut self, ago: Duration) -> Self {
        self.expiry = Expiry::Ago(ago);
        self
    }

    /// Lets the token expire after that time instead of ten minutes.
    #[must_use]
    pub fn expires_in(mut self, ahead: Duration) -> Self {
        self.expiry = Expiry::In(ahead);
        self
    }

    /// Leaves `exp` out: such a token is valid for ever on 1.13.5.
    #[must_use]
    pub fn without_exp(mut self) -> Self {
        self.expiry = Expiry::Never;
        self
    }

    /// Lets the token become valid only after that time.
    #[must_use]
    pub fn early_by(mut self, ahead: Duration) -> Self {
        self.early_by = ahead;
        self
    }

    /// Adds `iat`; without this call the claim is left out, as LiveKit's own SDKs do.
    #[must_use]
    pub fn issued_at(mut self, time: SystemTime) -> Self {
        self.issued_at = Some(time);
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

    /// Leaves `iss` out.
    #[must_use]
    pub fn without_issuer(mut self) -> Self {
        self.without_issuer = true;
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
        encode(&Header::new(algorithm), &self.claims(), &key).map(Token::from_compact)
    }

    /// An unsigned token (RFC 7519, section 6), which the server must not take.
    ///
    /// # Errors
    /// When the claims can't be encoded.
    pub fn unsigned(&self) -> Result<Token, serde_json::Error> {
        let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"JWT"}"#);
        let claims = URL_SAFE_NO_PAD.encode(serde_json::to_vec(&self.claims())?);
        Ok(Token::from_compact(format!("{header}.{claims}.")))
    }

    fn claims(&self) -> Claims<'_> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let exp = match self.expiry {
            Expiry::Ago(ago) => Some(now.saturating_sub(ago)),
            Expiry::In(ahead) => Some(now + self.early_by + ahead),
            Expiry::Never => None,
        };
        let nbf = match self.early_by {
            // Of an expired token too: it was valid once, and is refused for its expiry alone.
            Duration::ZERO => exp.map_or(now, |exp| now.min(exp)).saturating_sub(LIFE),
            ahead => now + ahead,
        };
        let issued_at = self.issued_at.map(|time| time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs());
        Claims {
            iss: if self.without_issuer { "" } else { &self.key.id },
            sub: &self.identity,
            name: &self.name,
            iat: issued_at,
            nbf: nbf.as_secs(),
            exp: exp.map(|exp| exp.as_secs()),
            metadata: &self.metadata,
            attributes: &self.attributes,
            kind: &self.kind,
            sip: self.sip,
            room_config: self.room_config.as_deref(),
            video: self.video.as_ref(),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Claims<'a> {
    #[serde(skip_serializing_if = "str::is_empty")]
    iss: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    sub: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    iat: Option<u64>,
    nbf: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    exp: Option<u64>,
    #[serde(skip_serializing_if = "str::is_empty")]
    metadata: &'a str,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    attributes: &'a BTreeMap<String, String>,
    #[serde(skip_serializing_if = "str::is_empty")]
    kind: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    sip: Option<SipGrant>,
    #[serde(skip_serializing_if = "Option::is_none")]
    room_config: Option<&'a proto::RoomConfiguration>,
    #[serde(skip_serializing_if = "Option::is_none")]
    video: Option<&'a VideoGrant>,
}

#[cfg(test)]
mod tests {
    use super::TokenBuilder;
    use crate::grants::{SipGrant, VideoGrant};
    use crate::proto;
    use crate::tokens::{Key, Secret, claims_of};
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use serde_json::json;
    use std::time::{Duration, SystemTime, UNIX_EPOCH};

    fn key() -> Key {
        Key { id: "devkey".into(), secret: Secret::new("0123456789abcdef0123456789abcdef") }
    }

    fn part(token: &str, index: usize) -> String {
        let encoded = token.split('.').nth(index).expect("three parts");
        String::from_utf8(URL_SAFE_NO_PAD.decode(encoded).expect("base64url")).expect("utf-8")
    }

    fn claims(builder: &TokenBuilder) -> serde_json::Value {
        claims_of(builder.sign().expect("signed").expose()).expect("claims")
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
    fn what_is_asked_for_is_added_and_what_is_left_out_is_absent() {
        let agents = vec![proto::RoomAgentDispatch { agent_name: "a".into(), ..Default::default() }];
        let full = TokenBuilder::new(&key(), SipGrant { admin: true, call: false })
            .name("N")
            .metadata("M")
            .attribute("k", "v")
            .kind("sip")
            .issued_at(UNIX_EPOCH + Duration::from_secs(1_300_819_380))
            .room_config(proto::RoomConfiguration { max_participants: 2, agents, ..Default::default() });
        let mut found = claims(&full);
        for time in ["nbf", "exp"] {
            assert!(found.as_object_mut().and_then(|map| map.remove(time)).is_some(), "{time}");
        }
        let config = json!({"maxParticipants": 2, "agents": [{"agentName": "a"}]});
        let expected = json!({"iss": "devkey", "name": "N", "metadata": "M", "attributes": {"k": "v"}, "kind": "sip",
            "iat": 1_300_819_380, "sip": {"admin": true}, "video": {}, "roomConfig": config});
        assert_eq!(found, expected);
        let bare = claims(&TokenBuilder::new(&key(), VideoGrant::default()).without_exp().without_issuer());
        let names: Vec<&String> = bare.as_object().expect("an object").keys().collect();
        assert_eq!(names, ["nbf", "video"]);
        assert!(claims(&TokenBuilder::new(&key(), VideoGrant::default()).without_video()).get("video").is_none());
    }

    #[test]
    fn a_token_lives_as_long_as_it_is_told() {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
        let found = claims(&TokenBuilder::new(&key(), VideoGrant::default()).expires_in(Duration::from_secs(3)));
        let exp = found["exp"].as_u64().expect("a number");
        assert!((now + 3..now + 8).contains(&exp), "{exp} after {now}");
        assert!(found["nbf"].as_u64() < Some(now), "{found}");
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
        let expired = good.clone().expired_by(Duration::from_secs(90));
        assert_eq!(taken(&expired, SECRET), Err(ErrorKind::ExpiredSignature));
        let times = claims(&expired);
        assert!(times["nbf"].as_u64() < times["exp"].as_u64(), "never valid: {times}");
        let forged = good.clone().secret(Secret::new("another"));
        assert_eq!(taken(&forged, SECRET), Err(ErrorKind::InvalidSignature));
        assert_eq!(taken(&forged, "another"), Ok(()));
        let endless = good.clone().without_exp();
        assert_eq!(taken(&endless, SECRET), Err(ErrorKind::MissingRequiredClaim("exp".into())));
        let foreign = good.issuer("nobody").sign().expect("signed");
        assert!(part(foreign.expose(), 1).starts_with(r#"{"iss":"nobody","#));
    }
}
