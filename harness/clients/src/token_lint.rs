//! What is wrong with a token that an application has issued, told without asking a server and without showing the token.

use crate::token_grants::{misnamed, mistyped, powers};
use crate::tokens::{Key, Token, claims_of};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, crypto};
use serde_json::Value;

/// What livekit-server 1.13.5 forgives between two clocks, in seconds.
const LEEWAY_S: f64 = 60.0;

/// One thing that is wrong with a token. Nothing in it repeats a part of the token but names of claims and grants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenFinding {
    /// The mistake, in words that end a sentence about the token.
    pub what: String,
    /// What stands there.
    pub found: String,
    /// What should.
    pub expected: String,
    /// Whether the server takes such a token today, and it will hurt all the same.
    pub works_today: bool,
}

pub(crate) fn finding(what: &str, found: impl ToString, expected: &str, works_today: bool) -> TokenFinding {
    TokenFinding { what: what.into(), found: found.to_string(), expected: expected.into(), works_today }
}

/// The tokens of a file: one a line, with or without `Bearer ` before it. Empty lines and lines after `#` are left out.
pub fn tokens_of(text: &str) -> Vec<Token> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| Token::from_compact(line.strip_prefix("Bearer ").unwrap_or(line))).collect()
}

impl Token {
    /// Everything that is wrong with it at that time (seconds since 1970), for a server with these keys, where tokens may
    /// live that many seconds.
    pub fn lint(&self, keys: &[Key], now_s: f64, life_s_max: f64) -> Vec<TokenFinding> {
        let Ok(claims) = claims_of(self.expose()) else {
            return vec![finding("is no token", "another text", "three parts between dots, with JSON in two", false)];
        };
        let mut found: Vec<TokenFinding> = self.signature(&claims, keys).into_iter().collect();
        found.extend(times(&claims, now_s, life_s_max));
        found.extend(grants(&claims));
        found
    }

    fn signature(&self, claims: &Value, keys: &[Key]) -> Option<TokenFinding> {
        let header = self.expose().split('.').next().and_then(|part| URL_SAFE_NO_PAD.decode(part).ok());
        let header: Value = header.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default();
        if header["alg"] != "HS256" {
            let known = ["none", "HS384", "HS512", "RS256", "ES256", "EdDSA"];
            let named = known.into_iter().find(|name| header["alg"] == *name);
            return Some(finding("is signed in another way", named.unwrap_or("something else"), "HS256", false));
        }
        let Some(key) = keys.iter().find(|key| claims["iss"] == key.id.as_str()) else {
            let iss = if claims["iss"].is_string() { "the id of no key of this deployment" } else { "no iss" };
            return Some(finding("names another key as its issuer", iss, "iss with the id of an API key", false));
        };
        let (message, signature) = self.expose().rsplit_once('.').unwrap_or_default();
        let secret = DecodingKey::from_secret(key.secret.expose().as_bytes());
        let good = crypto::verify(signature, message.as_bytes(), &secret, Algorithm::HS256).unwrap_or_default();
        let expected = "a signature by the secret of its issuer";
        (!good).then(|| finding("is signed with another secret", "a signature that does not fit", expected, false))
    }
}

fn times(claims: &Value, now_s: f64, life_s_max: f64) -> Vec<TokenFinding> {
    let number = |name: &str| claims[name].as_f64();
    let mut found = Vec::new();
    let begins_s = number("nbf").or(number("iat")).unwrap_or(now_s);
    match number("exp") {
        None => found.push(finding("never ends", "no exp", "exp, some hours ahead at most", true)),
        Some(exp) if exp + LEEWAY_S < now_s => {
            let ago = format!("exp {:.0} s ago", now_s - exp);
            found.push(finding("has expired", ago, "a token that was just issued", false));
        }
        Some(exp) if exp - begins_s > life_s_max => {
            let life = format!("{:.0} s", exp - begins_s);
            found.push(finding("lives too long", life, &format!("{life_s_max:.0} s at most"), true));
        }
        Some(_) => {}
    }
    for (name, works_today) in [("nbf", false), ("iat", true)] {
        if let Some(ahead) = number(name).map(|time| time - now_s).filter(|ahead| *ahead > LEEWAY_S) {
            let ahead = format!("{name} {ahead:.0} s ahead");
            found.push(finding("is of the future", ahead, "a time that has come", works_today));
        }
    }
    found
}

fn grants(claims: &Value) -> Vec<TokenFinding> {
    let mut found = Vec::new();
    let video = &claims["video"];
    if !video.is_object() && !claims["sip"].is_object() {
        found.push(finding("grants nothing", "no claim video", "an object with grants", false));
    }
    for (name, value) in video.as_object().into_iter().flatten() {
        found.extend(misnamed(name));
        found.extend(mistyped(name, value));
    }
    if video["roomJoin"] == true {
        let is_named = |value: &Value| value.as_str().is_some_and(|text| !text.is_empty());
        if !is_named(&claims["sub"]) {
            found.push(finding("joins as nobody", "no sub", "the participant's identity in sub", false));
        }
        if !is_named(&video["room"]) {
            found.push(finding("joins no room", "no room", "the room's name in video.room", false));
        }
        let more = powers(claims);
        if !more.is_empty() {
            let expected = "grants to join, and what a server needs in tokens that no client gets";
            found.push(finding("joins, and may do more than that", more.join(", "), expected, true));
        }
    }
    found
}

#[cfg(test)]
mod tests;
