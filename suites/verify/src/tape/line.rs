//! The lines of a recording: one thing that a check sent and what came back, with nothing in it that lives.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// The recording that the emulator is held to.
const SHIPPED: &str = include_str!("../../../../fixtures/emulator/recording.jsonl");

/// One step of one check.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// The check's id.
    pub check: String,
    /// What it did, or heard.
    pub step: Step,
}

/// What a check did, or heard.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// A request and its answer. Of the same request several times in a row only the last: the others waited for it.
    Http(Ask, Said),
    /// A request to open a WebSocket; without an answer it was opened.
    Open(u64, Ask, Option<Said>),
    /// A message over it.
    Sent(u64, Value),
    /// A message from the server, by kind and keys.
    Heard(u64, Heard),
    /// The server ended it.
    Ended(u64),
    /// The check ended it.
    Closed(u64),
    /// What can't be said again.
    Unrepeatable(String),
}

/// A request. Tokens, ids, names and long texts stand as `<…>` in its texts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ask {
    /// `entry`, or the name of a node.
    pub to: String,
    /// `GET`, …
    pub method: String,
    /// Path and query.
    pub path: String,
    /// Headers beyond those of every request.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<(String, String)>,
    /// The tokens that its texts mention.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tokens: Vec<TokenSpec>,
    /// What it carries.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Body>,
}

/// What a request carries.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Body {
    /// JSON as it was written.
    Json(Value),
    /// Protobuf, as the JSON of its message.
    Protobuf(Value),
    /// Anything else.
    Text(String),
}

/// A token as it is signed again: what it says, and whose signature it has.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TokenSpec {
    /// The header.
    pub header: Value,
    /// The claims; times are relative, such as `now+600`.
    pub claims: Value,
    /// Whose signature it is.
    pub signed: Signed,
}

/// Whose signature a token has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Signed {
    /// That of the target's key.
    Key,
    /// Another, or that of other claims.
    Other,
    /// None.
    Nobody,
}

/// An answer, as far as it is compared.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Said {
    /// The HTTP status.
    pub status: u16,
    /// Twirp's error code.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub code: String,
    /// `content-type`.
    #[serde(default, rename = "type", skip_serializing_if = "String::is_empty")]
    pub content_type: String,
    /// Every key of its JSON, or of the JSON of its message: `rooms[].sid`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<String>,
    /// A body that is neither, if it is short.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
    /// CORS, and what else a client goes by.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// Where in its JSON the ids stand that are used later; not compared.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub ids: BTreeMap<String, usize>,
}

/// A message from the server.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Heard {
    /// Its name: `join`, `offer`, …
    pub kind: String,
    /// The keys in it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<String>,
    /// As in [`Said::ids`].
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub ids: BTreeMap<String, usize>,
}

/// The recording that is shipped.
///
/// # Errors
/// When a line is none.
pub fn shipped() -> serde_json::Result<Vec<Line>> {
    SHIPPED.lines().map(serde_json::from_str).collect()
}

/// The recording as text.
///
/// # Errors
/// When a line can't be written, which has not been seen.
pub(crate) fn written(lines: &[Line]) -> serde_json::Result<String> {
    lines.iter().map(|line| Ok(serde_json::to_string(line)? + "\n")).collect()
}
