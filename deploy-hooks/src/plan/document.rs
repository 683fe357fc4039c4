//! A plan as it is written: `docs/plan.schema.json` describes it. Nothing in it depends on when or where it was made, so
//! the same input gives the same bytes.

use greenlight_config::yaml_edit::Edit;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Of the document.
pub(super) const FORMAT: u32 = 1;

/// A whole plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Plan {
    /// [`FORMAT`].
    pub(super) format: u32,
    /// The program that made it, with its version.
    pub(super) made_by: String,
    /// livekit-server's version now.
    pub(super) from: From,
    /// The version to move to.
    pub(super) to: String,
    /// Every file that was read, by path.
    pub(super) inputs: Vec<Input>,
    /// Every program of a deployment that some file or container names.
    pub(super) components: Vec<Component>,
    /// API keys and tokens: requirement 1.1.
    pub(super) jwt: Jwt,
    /// Applications that call the API: requirement 2.1.
    pub(super) api: Vec<Sdk>,
    /// Applications that join rooms: requirement 2.1.
    pub(super) clients: Vec<Sdk>,
    /// Trunks and rules: requirement 3.1.
    pub(super) sip: Sip,
    /// The worst first.
    pub(super) risks: Vec<Risk>,
    /// What `plan apply` writes.
    pub(super) corrections: Vec<Correction>,
    /// What has changed between the two versions, by their own change log: what was changed or removed.
    pub(super) changelog: Vec<Entry>,
    /// In the order in which they are done.
    pub(super) steps: Vec<Step>,
    /// The steps that meet a requirement, by its number.
    pub(super) requirements: BTreeMap<String, Vec<String>>,
    /// What could not be looked at, and what would show it.
    pub(super) not_seen: Vec<String>,
}

/// livekit-server's version and where it was found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct From {
    pub(super) version: String,
    /// `file:line`, `container NAME`, or `--from`.
    pub(super) seen: String,
}

/// One file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Input {
    pub(super) path: String,
    pub(super) kind: String,
    pub(super) sha256: String,
}

/// One program.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Component {
    /// The service, the container, or the file.
    pub(super) name: String,
    /// `livekit-server`, `sip`, `egress`, `ingress`, `redis`, `haproxy`, …
    pub(super) program: String,
    pub(super) image: Option<String>,
    pub(super) version: Option<String>,
    /// `file:line`, or `container`.
    pub(super) seen: String,
}

/// Who signs with what. Secrets are counted in characters and never shown.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Jwt {
    pub(super) keys: Vec<KeyUse>,
    /// Tokens of the application that were looked at (`--token-file`), and how many of them never end.
    pub(super) tokens: usize,
    pub(super) tokens_without_end: usize,
}

/// A key in one place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KeyUse {
    pub(super) key: String,
    /// `server`, `sip`, `egress`, `ingress`, `webhook` or `application`.
    pub(super) component: String,
    /// `file:line`.
    pub(super) seen: String,
    /// How long its secret is; `None` where only the id stands, or where it is filled in later.
    pub(super) secret_characters: Option<usize>,
}

/// A library of LiveKit's in an application.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Sdk {
    /// As its registry calls it, such as `livekit-client`.
    pub(super) package: String,
    /// As it stands in the file.
    pub(super) version: String,
    /// `file:line`.
    pub(super) seen: String,
    /// `yes`, `no` or `unknown`: whether it works with the version to move to.
    pub(super) works: String,
    /// How that is known, or why it is not.
    pub(super) because: String,
}

/// What the deployment answers over its API.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Sip {
    /// Whether the API was asked.
    pub(super) seen: bool,
    pub(super) inbound: Vec<InboundTrunk>,
    pub(super) outbound: Vec<OutboundTrunk>,
    pub(super) rules: Vec<Rule>,
    /// What the bridge offers by its configuration, where there is one.
    pub(super) codecs: Vec<String>,
}

/// Calls that come in. Passwords are not part of a plan.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct InboundTrunk {
    pub(super) name: String,
    pub(super) id: String,
    pub(super) numbers: Vec<String>,
    pub(super) allowed_addresses: Vec<String>,
    /// The caller's numbers; empty means everybody's.
    pub(super) allowed_numbers: Vec<String>,
    pub(super) user: String,
    pub(super) password_set: bool,
    /// `disable`, `allow` or `require`.
    pub(super) encryption: String,
    /// Those that the trunk itself names; empty means the bridge's.
    pub(super) codecs: Vec<String>,
}

/// Calls that go out.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OutboundTrunk {
    pub(super) name: String,
    pub(super) id: String,
    pub(super) address: String,
    /// `auto`, `udp`, `tcp` or `tls`.
    pub(super) transport: String,
    pub(super) numbers: Vec<String>,
    pub(super) user: String,
    pub(super) password_set: bool,
    /// `disable`, `allow` or `require`.
    pub(super) encryption: String,
    /// Those that the trunk itself names; empty means the bridge's.
    pub(super) codecs: Vec<String>,
}

/// Where a call goes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Rule {
    pub(super) name: String,
    pub(super) id: String,
    pub(super) trunks: Vec<String>,
    /// The numbers that are called; empty means all of its trunks.
    pub(super) numbers: Vec<String>,
    /// The caller's numbers; empty means everybody's.
    pub(super) inbound_numbers: Vec<String>,
    /// `direct`, `individual`, `callee`, or `none`.
    pub(super) kind: String,
    /// The room, or how the names of rooms begin.
    pub(super) room: String,
    /// The PIN itself is not part of a plan.
    pub(super) pin_set: bool,
}

/// How much a risk hurts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Severity {
    /// Nobody can call, or a door is open.
    High,
    /// Some calls fail, or fail later.
    Medium,
    /// Something behaves in another way.
    Low,
}

/// One thing that goes wrong if nothing is done.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Risk {
    pub(super) severity: Severity,
    /// The rule that found it, never renamed.
    pub(super) rule: String,
    /// `file:line`, or what else it is about.
    pub(super) at: String,
    pub(super) found: String,
    pub(super) what: String,
    pub(super) fix: String,
    /// Where this is known from.
    pub(super) source: String,
    /// The step that deals with it.
    pub(super) step: String,
    /// The command that finds it if it is ignored.
    pub(super) found_by: String,
}

/// Edits of one file that change nothing but what the new version would refuse or ignore.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Correction {
    pub(super) file: String,
    pub(super) edits: Vec<Edit>,
    /// One reason an edit.
    pub(super) because: Vec<String>,
}

/// A line of the change log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    pub(super) version: String,
    pub(super) section: String,
    pub(super) text: String,
    pub(super) source: String,
}

/// Something to do, how to see that it is done, and how to take it back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Step {
    pub(super) id: String,
    pub(super) title: String,
    /// What to do, a line each.
    pub(super) what: Vec<String>,
    /// The command that succeeds when it is done.
    pub(super) check: String,
    /// How to take it back.
    pub(super) undo: String,
    /// How long it takes, in minutes: a rule of thumb and no measurement.
    pub(super) estimate_min: u32,
    /// Steps that must be done before.
    pub(super) needs: Vec<String>,
}
