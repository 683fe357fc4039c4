//! What changes beside keys: seen on running servers or read in their code, written by hand.

use super::Version;
use serde::Deserialize;
use serde_json::Value;

/// `data/measured.json`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MeasuredFile {
    pub(super) format: u32,
    #[serde(rename = "about")]
    _about: String,
    pub(super) rows: Vec<Measured>,
}

/// One fact.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measured {
    /// A name that stays.
    pub id: String,
    /// The first version of which it is known to hold; may be newer than every version whose keys are known.
    pub since: Version,
    /// How bad it is not to know it.
    pub severity: Severity,
    /// What happens.
    pub what: String,
    /// What to do about it.
    pub fix: String,
    /// Whom it concerns.
    pub applies: Applies,
    /// What it rests on.
    pub source: String,
    /// The command that turns red if nobody does anything. Absent: only people can see it.
    #[serde(default)]
    pub found_by: Option<String>,
}

/// How bad it is not to know a fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Somebody may notice.
    Low,
    /// Something that worked may stop to work.
    Medium,
    /// Users are cut off, the server does not start, or something is open to everybody.
    High,
}

/// Whom a fact concerns.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Value")]
pub enum Applies {
    /// Everybody.
    Always,
    /// Who sets one of these keys or variables.
    To(Vec<String>),
}

impl Applies {
    /// Whether it concerns somebody who sets these, keys as paths and variables by their names.
    pub fn concerns<'a>(&self, mut set: impl Iterator<Item = &'a str>) -> bool {
        match self {
            Self::Always => true,
            Self::To(names) => set.any(|name| names.iter().any(|one| one == name)),
        }
    }
}

impl TryFrom<Value> for Applies {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        if value == "always" {
            return Ok(Self::Always);
        }
        let names: Vec<String> = serde_json::from_value(value).map_err(|_| "write \"always\" or a list of names")?;
        if names.is_empty() { Err("a list without names concerns nobody".to_owned()) } else { Ok(Self::To(names)) }
    }
}
