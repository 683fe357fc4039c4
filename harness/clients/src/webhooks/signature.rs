//! Whether a webhook is from the server and whole: a token of a known key whose claim is the hash of the body.

use crate::tokens::Key;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

/// What LiveKit's own receivers forgive two clocks, in seconds.
const LEEWAY_S: u64 = 60;

/// The judgement of one delivery.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Signature {
    pub(crate) authorization_ok: Result<(), String>,
    pub(crate) hash_ok: bool,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Claims {
    iss: String,
    nbf: Option<u64>,
    exp: Option<u64>,
    sha256: String,
}

impl Signature {
    /// Judges the header, which has no `Bearer` before the token, against the body. `now_s` is in seconds since 1970.
    pub(crate) fn judge(keys: &[Key], authorization: &str, body: &[u8], now_s: u64) -> Self {
        if authorization.is_empty() {
            return Self::refused("there is no Authorization header");
        }
        if authorization.starts_with("Bearer ") {
            return Self::refused("the token comes after \"Bearer \"");
        }
        match claims(authorization) {
            Some(claims) => Self {
                authorization_ok: holds(keys, authorization, &claims, now_s),
                hash_ok: claims.sha256 == STANDARD.encode(Sha256::digest(body)),
            },
            None => Self::refused("the Authorization header is not a token"),
        }
    }

    fn refused(reason: &str) -> Self {
        Self { authorization_ok: Err(reason.to_owned()), hash_ok: false }
    }
}

/// What the token claims, not yet believed.
fn claims(token: &str) -> Option<Claims> {
    let mut parts = token.split('.');
    let (Some(_), Some(claims), Some(_), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return None;
    };
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()
}

fn holds(keys: &[Key], token: &str, claims: &Claims, now_s: u64) -> Result<(), String> {
    let key =
        keys.iter().find(|key| key.id == claims.iss).ok_or_else(|| format!("no key has the id {:?}", claims.iss))?;
    let mut rules = Validation::new(Algorithm::HS256);
    // Times are judged below, against the moment of arrival.
    rules.validate_exp = false;
    rules.required_spec_claims.clear();
    let secret = DecodingKey::from_secret(key.secret.expose().as_bytes());
    jsonwebtoken::decode::<serde_json::Value>(token, &secret, &rules)
        .map_err(|error| format!("the token is not signed by {}: {error}", key.id))?;
    let exp = claims.exp.ok_or("the token never expires")?;
    if exp.saturating_add(LEEWAY_S) < now_s {
        return Err(format!("the token expired {} s ago", now_s - exp));
    }
    match claims.nbf {
        Some(nbf) if nbf > now_s.saturating_add(LEEWAY_S) => Err(format!("the token holds only in {} s", nbf - now_s)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::recording::{AUTHORIZATION, BODY, KEY_ID, KEY_SECRET, RECEIVED_UNIX_S};
    use super::Signature;
    use crate::grants::VideoGrant;
    use crate::token_builder::TokenBuilder;
    use crate::tokens::{Key, Secret};

    fn keys(id: &str, secret: &str) -> Vec<Key> {
        vec![
            Key { id: "first".into(), secret: Secret::new("no key of this delivery") },
            Key { id: id.into(), secret: Secret::new(secret) },
        ]
    }

    fn judge(authorization: &str, body: &str, now_s: u64) -> (Result<(), String>, bool) {
        let judged = Signature::judge(&keys(KEY_ID, KEY_SECRET), authorization, body.as_bytes(), now_s);
        (judged.authorization_ok, judged.hash_ok)
    }

    fn err(reason: &str) -> Result<(), String> {
        Err(reason.to_owned())
    }

    #[test]
    fn a_recorded_delivery_of_the_real_server_is_accepted() {
        assert_eq!(judge(AUTHORIZATION, BODY, RECEIVED_UNIX_S), (Ok(()), true));
    }

    #[test]
    fn one_byte_of_the_body_breaks_the_hash_and_not_the_token() {
        let changed = BODY.replace("room_started", "room_startee");
        assert_eq!(judge(AUTHORIZATION, &changed, RECEIVED_UNIX_S), (Ok(()), false));
        assert_eq!(judge(AUTHORIZATION, &format!("{BODY} "), RECEIVED_UNIX_S), (Ok(()), false));
    }

    /// The token was signed at ..466 and expires at ..766; LiveKit's receivers forgive 60 s on both sides.
    #[test]
    fn its_times_are_held_against_the_moment_of_arrival() {
        const SIGNED: u64 = 1_795_404_466;
        for (now_s, expected) in [
            (SIGNED - 60, Ok(())),
            (SIGNED - 61, err("the token holds only in 61 s")),
            (SIGNED + 300 + 60, Ok(())),
            (SIGNED + 300 + 61, err("the token expired 61 s ago")),
        ] {
            assert_eq!(judge(AUTHORIZATION, BODY, now_s), (expected, true), "at {now_s}");
        }
    }

    #[test]
    fn another_secret_or_an_unknown_key_is_named() {
        let with = |keys: &[Key]| Signature::judge(keys, AUTHORIZATION, BODY.as_bytes(), RECEIVED_UNIX_S);
        let forged = with(&keys(KEY_ID, "another secret"));
        assert_eq!(forged.authorization_ok, err("the token is not signed by devkey: InvalidSignature"));
        assert!(forged.hash_ok);
        assert_eq!(with(&keys("other", KEY_SECRET)).authorization_ok, err("no key has the id \"devkey\""));
    }

    #[test]
    fn other_algorithms_and_no_signature_are_refused() {
        let key = Key { id: KEY_ID.into(), secret: Secret::new(KEY_SECRET) };
        let token = TokenBuilder::new(&key, VideoGrant::default());
        let now_s = std::time::UNIX_EPOCH.elapsed().expect("after 1970").as_secs();
        let good = token.sign().expect("signed");
        assert_eq!(judge(good.expose(), BODY, now_s), (Ok(()), false), "it has no hash");
        let longer = token.sign_as(crate::Algorithm::HS512).expect("signed");
        assert_eq!(judge(longer.expose(), BODY, now_s).0, err("the token is not signed by devkey: InvalidAlgorithm"));
        let unsigned = token.unsigned().expect("encoded");
        let refused = judge(unsigned.expose(), BODY, now_s).0.expect_err("alg none");
        assert!(refused.starts_with("the token is not signed by devkey: "), "{refused}");
    }

    #[test]
    fn a_header_that_is_no_bare_token_is_refused() {
        for (header, reason) in [
            ("", "there is no Authorization header"),
            (&format!("Bearer {AUTHORIZATION}"), "the token comes after \"Bearer \""),
            ("a.b", "the Authorization header is not a token"),
        ] {
            assert_eq!(judge(header, BODY, RECEIVED_UNIX_S), (err(reason), false));
        }
    }
}
