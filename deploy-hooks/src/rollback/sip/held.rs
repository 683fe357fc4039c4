//! A trunk or a rule, as the API says it. It stays JSON: a server may know fields that this version does not, and they come
//! back with the others.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// What there is. The passwords are in it: never to be shown.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Held {
    pub(super) inbound: Vec<Value>,
    pub(super) outbound: Vec<Value>,
    pub(super) rules: Vec<Value>,
}

/// What it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Inbound,
    Outbound,
    Rule,
}

impl Kind {
    /// In the words of its methods.
    pub(super) fn method(self, verb: &str) -> String {
        let what = match (self, verb) {
            (Self::Inbound | Self::Outbound, "Delete") => "SIPTrunk",
            (Self::Inbound, _) => "SIPInboundTrunk",
            (Self::Outbound, _) => "SIPOutboundTrunk",
            (Self::Rule, _) => "SIPDispatchRule",
        };
        format!("{verb}{what}")
    }

    /// The field with its id.
    pub(super) fn id(self) -> &'static str {
        match self {
            Self::Inbound | Self::Outbound => "sip_trunk_id",
            Self::Rule => "sip_dispatch_rule_id",
        }
    }

    /// For people.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Inbound => "inbound trunk",
            Self::Outbound => "outbound trunk",
            Self::Rule => "dispatch rule",
        }
    }

    /// The id of one.
    pub(super) fn id_of(self, one: &Value) -> &str {
        one[self.id()].as_str().unwrap_or_default()
    }
}

impl Held {
    /// Those of a kind.
    pub(super) fn of(&self, kind: Kind) -> &[Value] {
        match kind {
            Kind::Inbound => &self.inbound,
            Kind::Outbound => &self.outbound,
            Kind::Rule => &self.rules,
        }
    }

    /// How many there are of each kind.
    pub(super) fn counted(&self) -> [usize; 3] {
        [self.inbound.len(), self.outbound.len(), self.rules.len()]
    }

    /// Without trunks that are both inbound and outbound: CreateSIPTrunk of old servers made them, both lists name them, and
    /// no call of today makes or changes one. Their ids.
    #[must_use]
    pub(super) fn without_double(mut self) -> (Self, Vec<String>) {
        let ids = |trunks: &[Value], kind: Kind| -> BTreeSet<String> {
            trunks.iter().map(|trunk| kind.id_of(trunk).to_owned()).collect()
        };
        let (inbound, outbound) = (ids(&self.inbound, Kind::Inbound), ids(&self.outbound, Kind::Outbound));
        let both: Vec<String> = inbound.intersection(&outbound).cloned().collect();
        let one = |trunk: &Value| !both.iter().any(|id| id == Kind::Inbound.id_of(trunk));
        self.inbound.retain(one);
        self.outbound.retain(one);
        (self, both)
    }
}

/// One as it is compared: without its id and the times of its making, without what is not set, and with the ids of trunks as
/// they are now.
pub(super) fn compared(kind: Kind, one: &Value, ids: &BTreeMap<String, String>) -> Value {
    let mut one = mapped(kind, one, ids);
    if let Some(fields) = one.as_object_mut() {
        for field in [kind.id(), "created_at", "updated_at"] {
            fields.remove(field);
        }
        // The server writes the one into the other when it changes a trunk (protocol's UpgradeWith).
        let encryption = fields.get("media_encryption").filter(|value| !is_unset(value)).cloned();
        if let Some(encryption) = encryption
            && fields.get("media").is_none_or(|media| media["encryption"].is_null())
        {
            let media = fields.entry("media").or_insert(Value::Null);
            if media.is_null() {
                *media = json!({});
            }
            media["encryption"] = encryption;
        }
    }
    bare(one).unwrap_or(Value::Null)
}

/// One with the ids of trunks as they are now.
pub(super) fn mapped(kind: Kind, one: &Value, ids: &BTreeMap<String, String>) -> Value {
    let mut one = one.clone();
    if kind == Kind::Rule {
        for id in one["trunk_ids"].as_array_mut().into_iter().flatten() {
            if let Some(now) = id.as_str().and_then(|id| ids.get(id)) {
                *id = json!(now);
            }
        }
    }
    one
}

/// Without what is not set, which a server of another version may not say.
fn bare(value: Value) -> Option<Value> {
    match value {
        value if is_unset(&value) => None,
        Value::Object(fields) => {
            let fields: Map<String, Value> =
                fields.into_iter().filter_map(|(name, value)| Some((name, bare(value)?))).collect();
            (!fields.is_empty()).then_some(Value::Object(fields))
        }
        other => Some(other),
    }
}

fn is_unset(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(is) => !is,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => {
            matches!(
                text.as_str(),
                "" | "0" | "0s" | "SIP_NO_HEADERS" | "SIP_MEDIA_ENCRYPT_DISABLE" | "SIP_TRANSPORT_AUTO"
            )
        }
        Value::Array(items) => items.is_empty(),
        Value::Object(_) => false,
    }
}
