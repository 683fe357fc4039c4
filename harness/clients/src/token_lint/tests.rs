//! What livekit-server 1.13.5 answered to such tokens at `/rtc/validate`, and what the linter says of them.

use super::tokens_of;
use crate::tokens::{Key, Secret, Token};
use serde_json::{Value, json};

const NOW_S: f64 = 1_800_000_000.0;

fn key() -> Key {
    crate::install_crypto_provider();
    Key { id: "devkey".into(), secret: Secret::new("0123456789abcdef0123456789abcdef") }
}

fn good() -> Value {
    json!({"iss": "devkey", "sub": "me", "nbf": 1_799_999_990, "exp": 1_800_003_600, "video": {"roomJoin": true, "room": "r"}})
}

/// The findings about a token with these claims, as words, and whether the server takes it today.
fn said(claims: &Value) -> Vec<(String, bool)> {
    let token = Token::raw_claims(&key(), claims).expect("signed");
    of(&token)
}

fn of(token: &Token) -> Vec<(String, bool)> {
    token.lint(&[key()], NOW_S, 86_400.0).into_iter().map(|finding| (finding.what, finding.works_today)).collect()
}

fn with(path: &str, value: Value) -> Value {
    let mut claims = good();
    *claims.pointer_mut(path).expect("a claim") = value;
    claims
}

fn one(what: &str, works_today: bool) -> Vec<(String, bool)> {
    vec![(what.to_owned(), works_today)]
}

#[test]
fn a_plain_token_is_good() {
    assert_eq!(said(&good()), []);
}

/// Answers of the real server: 200 means that it works today.
#[test]
fn a_token_has_the_one_mistake_that_was_made() {
    let video = |video: Value| with("/video", video);
    for (claims, what, works_today) in [
        (with("/exp", Value::Null), "never ends", true),
        (with("/exp", json!(1_799_999_900)), "has expired", false),
        (with("/exp", json!(1_800_086_401)), "lives too long", true),
        // A time in milliseconds, which the server takes.
        (with("/exp", json!(1_800_003_600_000_u64)), "lives too long", true),
        (with("/nbf", json!(1_800_000_100)), "is of the future", false),
        (with("/iss", json!("nobody")), "names another key as its issuer", false),
        (with("/iss", Value::Null), "names another key as its issuer", false),
        (with("/sub", json!("")), "joins as nobody", false),
        (video(Value::Null), "grants nothing", false),
        (video(json!({"roomJoin": true})), "joins no room", false),
        (video(json!({"room_join": true, "room": "r"})), "misspells a grant", false),
        (video(json!({"roomjoin": true, "room": "r"})), "misspells a grant", true),
        (video(json!({"roomJoin": "true", "room": "r"})), "has a grant of another kind", false),
        (video(json!({"roomJoin": true, "room": "r", "canPublish": "no"})), "has a grant of another kind", false),
        (
            video(json!({"roomJoin": true, "room": "r", "canFly": true})),
            "has a grant that the server does not know",
            true,
        ),
        (video(json!({"roomJoin": true, "room": "r", "roomAdmin": true})), "joins, and may do more than that", true),
    ] {
        assert_eq!(said(&claims), one(what, works_today), "{claims}");
    }
}

#[test]
fn times_within_the_minute_are_forgiven() {
    assert_eq!(said(&with("/exp", json!(1_799_999_950))), []);
    assert_eq!(said(&with("/nbf", json!(1_800_000_050))), []);
    let mut issued = good();
    issued["iat"] = json!(1_800_000_100);
    assert_eq!(said(&issued), one("is of the future", true));
}

#[test]
fn algorithm_and_signature_are_looked_at() {
    let other = Key { secret: Secret::new("another secret that is long enough!!"), ..key() };
    let forged = Token::raw_claims(&other, &good()).expect("signed");
    assert_eq!(of(&forged), one("is signed with another secret", false));
    // RFC 7519, section 6.1: an unsecured token.
    let unsecured = Token::from_compact(
        "eyJhbGciOiJub25lIn0.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.",
    );
    assert_eq!(of(&unsecured)[0], ("is signed in another way".to_owned(), false));
    assert_eq!(of(&Token::from_compact("nonsense")), one("is no token", false));
}

#[test]
fn findings_do_not_show_the_token() {
    let forged = with("/iss", json!("secret-thing"));
    let mut odd = with("/video", json!({"secret-thing": "secret-thing", "roomJoin": "secret-thing"}));
    odd["sub"] = json!("secret-thing");
    for claims in [forged, odd] {
        let token = Token::raw_claims(&key(), &claims).expect("signed");
        let shown = format!("{:?}", token.lint(&[key()], NOW_S, 86_400.0));
        assert!(!shown.contains("secret-thing") && !shown.contains("eyJ"), "{shown}");
    }
}

#[test]
fn a_file_has_a_token_a_line() {
    let tokens = tokens_of("# of the app\n\n  a.b.c\nBearer d.e.f\r\n");
    assert_eq!(tokens.iter().map(Token::expose).collect::<Vec<_>>(), ["a.b.c", "d.e.f"]);
    assert!(tokens_of("# nothing\n\n").is_empty());
}
