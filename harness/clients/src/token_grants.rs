//! The names and kinds of grants, as livekit-server 1.13.5 takes them.

use crate::token_lint::{TokenFinding, finding};
use serde_json::Value;

/// What a grant's value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Truth,
    Text,
    Texts,
}

/// Every grant in `video`.
const GRANTS: &[(&str, Kind)] = &[
    ("roomCreate", Kind::Truth),
    ("roomList", Kind::Truth),
    ("roomRecord", Kind::Truth),
    ("roomAdmin", Kind::Truth),
    ("roomJoin", Kind::Truth),
    ("room", Kind::Text),
    ("destinationRoom", Kind::Text),
    ("canPublish", Kind::Truth),
    ("canSubscribe", Kind::Truth),
    ("canPublishData", Kind::Truth),
    ("canPublishSources", Kind::Texts),
    ("canUpdateOwnMetadata", Kind::Truth),
    ("canSubscribeMetrics", Kind::Truth),
    ("canManageAgentSession", Kind::Truth),
    ("ingressAdmin", Kind::Truth),
    ("hidden", Kind::Truth),
    ("recorder", Kind::Truth),
    ("agent", Kind::Truth),
];

/// Grants that are for servers, and let whoever holds them change other people's calls.
const POWERS: [&str; 6] = ["roomCreate", "roomList", "roomRecord", "roomAdmin", "ingressAdmin", "agent"];

/// A name that the server does not know, or knows by its leniency alone: it compares without regard to case, and passes
/// over a grant with an underscore.
pub(crate) fn misnamed(name: &str) -> Option<TokenFinding> {
    let plain = |name: &str| name.replace(['_', '-'], "").to_ascii_lowercase();
    if GRANTS.iter().any(|(known, _)| *known == name) {
        return None;
    }
    let meant = GRANTS.iter().find(|(known, _)| plain(known) == plain(name));
    Some(match meant {
        Some((known, _)) => finding("misspells a grant", name, known, known.eq_ignore_ascii_case(name)),
        None => finding("has a grant that the server does not know", "another name", "a name that is documented", true),
    })
}

/// A value of another kind: the server refuses the whole token for it.
pub(crate) fn mistyped(name: &str, value: &Value) -> Option<TokenFinding> {
    let (known, kind) = GRANTS.iter().find(|(known, _)| known.eq_ignore_ascii_case(name))?;
    let (good, expected) = match kind {
        Kind::Truth => (value.is_boolean(), "true or false"),
        Kind::Text => (value.is_string(), "a text"),
        Kind::Texts => (value.is_array(), "a list of texts"),
    };
    // Nothing is taken for left out.
    (!good && !value.is_null()).then(|| finding("has a grant of another kind", known, expected, false))
}

/// What somebody who joins can do to others.
pub(crate) fn powers(claims: &Value) -> Vec<&'static str> {
    let mut powers: Vec<_> = POWERS.into_iter().filter(|name| claims["video"][*name] == true).collect();
    if claims["sip"]["admin"] == true || claims["sip"]["call"] == true {
        powers.push("sip");
    }
    powers
}
