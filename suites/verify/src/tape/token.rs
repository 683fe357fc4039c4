//! Tokens in texts: described instead of kept, and signed again.

use super::line::{Signed, TokenSpec};
use super::names::Names;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, crypto};
use serde_json::Value;
use std::time::{SystemTime, UNIX_EPOCH};

/// Signs what another key has signed in the recording.
const OTHER_SECRET: &[u8] = b"a secret that no server of ours has";
/// Claims that are moments.
const MOMENTS: [&str; 3] = ["exp", "nbf", "iat"];
/// A token is older in the recording than when it was signed; no claim of a check depends on so little.
const ROUNDED_S: i64 = 5;

/// Takes every token out of a text and leaves `<token N>`, where N is its place in the list.
pub(super) fn taken_out(text: &str, at: SystemTime, names: &Names<'_>, tokens: &mut Vec<TokenSpec>) -> String {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find("ey") {
        let end = rest[start..].find(|c| !is_part(c)).map_or(rest.len(), |length| start + length);
        let Some(spec) = described(&rest[start..end], at, names) else {
            out.push_str(&rest[..start + 2]);
            rest = &rest[start + 2..];
            continue;
        };
        let place = tokens.iter().position(|known| *known == spec).unwrap_or_else(|| {
            tokens.push(spec);
            tokens.len() - 1
        });
        out.push_str(&format!("{}<token {place}>", &rest[..start]));
        rest = &rest[end..];
    }
    out + rest
}

fn described(token: &str, at: SystemTime, names: &Names<'_>) -> Option<TokenSpec> {
    let [header, claims, signature] = token.split('.').collect::<Vec<_>>()[..] else { return None };
    let decode = |part: &str| serde_json::from_slice::<Value>(&URL_SAFE_NO_PAD.decode(part).ok()?).ok();
    let (head, mut said) = (decode(header)?, decode(claims)?);
    let message = format!("{header}.{claims}");
    let verifies = algorithm(&head).is_some_and(|algorithm| {
        let key = DecodingKey::from_secret(names.key.secret.expose().as_bytes());
        crypto::verify(signature, message.as_bytes(), &key, algorithm).unwrap_or(false)
    });
    let signed = match signature {
        "" => Signed::Nobody,
        _ if verifies => Signed::Key,
        _ => Signed::Other,
    };
    for moment in MOMENTS {
        if let Some(value) = said.get_mut(moment)
            && let Some(moment) = value.as_i64()
        {
            let ahead = (moment - seconds(at) + ROUNDED_S / 2).div_euclid(ROUNDED_S) * ROUNDED_S;
            *value = format!("now{ahead:+}").into();
        }
    }
    Some(TokenSpec { header: head, claims: names.hidden(&said), signed })
}

/// The token that a description is of, as signed now.
pub(super) fn signed(spec: &TokenSpec, names: &Names<'_>) -> String {
    let mut claims = names.shown(&spec.claims);
    for moment in MOMENTS {
        if let Some(value) = claims.get_mut(moment)
            && let Some(ahead) = value.as_str().and_then(|text| text.strip_prefix("now")?.parse::<i64>().ok())
        {
            *value = (seconds(SystemTime::now()) + ahead).into();
        }
    }
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", part(&spec.header), part(&claims));
    let secret = match spec.signed {
        Signed::Nobody => return message + ".",
        Signed::Key => names.key.secret.expose().as_bytes(),
        Signed::Other => OTHER_SECRET,
    };
    let algorithm = algorithm(&spec.header).unwrap_or(Algorithm::HS256);
    let signature = crypto::sign(message.as_bytes(), &EncodingKey::from_secret(secret), algorithm);
    format!("{message}.{}", signature.unwrap_or_default())
}

fn algorithm(header: &Value) -> Option<Algorithm> {
    let named: Algorithm = header.get("alg")?.as_str()?.parse().ok()?;
    matches!(named, Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512).then_some(named)
}

fn seconds(moment: SystemTime) -> i64 {
    i64::try_from(moment.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()).unwrap_or_default()
}

/// Which key is meant where a text says the key's id.
pub(super) const KEY_MARK: &str = "<key>";

#[cfg(test)]
mod tests {
    use super::super::line::Signed;
    use super::super::names::Names;
    use super::{signed, taken_out};
    use greenlight_harness::clients::{Key, Secret, Token, claims_of, install_crypto_provider, json};
    use std::time::{Duration, UNIX_EPOCH};

    /// The example of RFC 7519, section 3.1: not of our key.
    const RFC_7519: &str = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

    #[test]
    fn tokens_are_described_and_signed_again() {
        install_crypto_provider();
        let key = Key { id: "APIk".into(), secret: Secret::new("0123456789abcdef0123456789abcdef") };
        let names = Names::new(&key, "k3f9a");
        let own = Token::raw_claims(&key, &json!({"iss": "APIk", "exp": 1_300_819_980, "sub": "x"})).expect("a token");
        let mut tokens = Vec::new();
        let at = UNIX_EPOCH + Duration::from_secs(1_300_819_380);
        let text = format!("Bearer {RFC_7519}, and ?access_token={}&they=obey", own.expose());
        let hidden = taken_out(&text, at, &names, &mut tokens);
        assert_eq!(hidden, "Bearer <token 0>, and ?access_token=<token 1>&they=obey");
        assert_eq!((tokens[0].signed, tokens[1].signed), (Signed::Other, Signed::Key));
        assert_eq!(tokens[0].claims["exp"], "now+0");
        assert_eq!(tokens[1].claims, json!({"iss": "<key>", "exp": "now+600", "sub": "x"}));
        // Said again with the key of somebody else, it is that one's.
        let other = Key { id: "APIother".into(), secret: Secret::new("another secret of thirty-two bytes") };
        let again = signed(&tokens[1], &Names::new(&other, "again"));
        assert_eq!(claims_of(&again).expect("claims")["iss"], "APIother");
        let mut found = Vec::new();
        taken_out(&again, at, &Names::new(&other, "again"), &mut found);
        assert_eq!(found[0].signed, Signed::Key);
    }
}
