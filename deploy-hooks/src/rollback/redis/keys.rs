//! Which keys last, and what is in them.
//!
//! Values are kept and not what DUMP says: that is bound to a version of Redis, and LiveKit keeps nothing but hashes and sets.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use redis::aio::MultiplexedConnection;
use redis::{Cmd, RedisError, RedisResult, cmd, pipe};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Trunks, rules and ingress are configuration and last: livekit-server 1.7.0 and 1.13.5 name their keys in
/// pkg/service/redisstore_sip.go:24-27 and redisstore.go:53-54 (1.13.5), each a hash of an id (of a stream key) and what it
/// stands for.
///
/// Rooms, participants, locks and agents (redisstore.go:44-45, 59-66) and nodes and `room_node_map` are who is there now, and
/// bringing them back would split rooms. So are the state of an ingress (`{ingress}_state:`, :55) and all keys of egress
/// (:48-50): those are records of jobs, which the server itself deletes a day after their end (:425-469). A running one that
/// came back would be a recording that nobody makes, and one that went could not be stopped. `livekit_version` (:41) is
/// the newest server's that was ever there.
pub(super) const HASHES: [&str; 6] =
    ["sip_trunk", "sip_inbound_trunk", "sip_outbound_trunk", "sip_dispatch_rule", "ingress", "{ingress}_stream_key"];
/// Sets of the ids of a room's ingress, by the room's name (redisstore.go:56); they last with `ingress`.
pub(super) const OF_ROOMS: &str = "room_{ingress}:";
/// Fields in one command: Redis does nothing else while it runs one.
const FIELDS_MAX: usize = 500;

/// What a key holds, in base64.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Value {
    Hash(BTreeMap<String, String>),
    Set(BTreeSet<String>),
}

/// A key.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Held {
    pub(super) value: Value,
    /// How long it had to live, if not for ever.
    pub(super) lives_ms: Option<u64>,
}

/// Every key that lasts, by its name.
pub(super) type All = BTreeMap<String, Held>;

impl Value {
    /// Fields or members.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Hash(fields) => fields.len(),
            Self::Set(members) => members.len(),
        }
    }

    /// Bytes before base64.
    pub(super) fn bytes(&self) -> u64 {
        let of = |text: &String| text.len() as u64 / 4 * 3;
        match self {
            Self::Hash(fields) => fields.iter().map(|(name, value)| of(name) + of(value)).sum(),
            Self::Set(members) => members.iter().map(of).sum(),
        }
    }
}

impl Held {
    /// What writes it under another name.
    ///
    /// # Errors
    /// It is no base64.
    pub(super) fn written(&self, key: &str) -> Result<Vec<Cmd>, String> {
        let bytes = |text: &String| STANDARD.decode(text).map_err(|_| format!("{key} is not as it was kept"));
        let (name, arguments, each) = match &self.value {
            Value::Hash(fields) => {
                let pair = |(name, value)| Ok::<_, String>([bytes(name)?, bytes(value)?]);
                ("HSET", fields.iter().map(pair).collect::<Result<Vec<_>, _>>()?.concat(), 2)
            }
            Value::Set(members) => ("SADD", members.iter().map(bytes).collect::<Result<Vec<_>, _>>()?, 1),
        };
        let write = |some: &[Vec<u8>]| cmd(name).arg(key).arg(some).clone();
        let mut commands: Vec<Cmd> = arguments.chunks(FIELDS_MAX * each).map(write).collect();
        commands.extend(self.lives_ms.map(|lives_ms| cmd("PEXPIRE").arg(key).arg(lives_ms).clone()));
        Ok(commands)
    }
}

/// Every name that begins so.
///
/// # Errors
/// As Redis says.
pub(super) async fn beginning(connection: &mut MultiplexedConnection, with: &str) -> RedisResult<Vec<String>> {
    let (mut names, mut cursor) = (BTreeSet::new(), 0_u64);
    loop {
        let mut scan = cmd("SCAN");
        scan.arg(cursor).arg("MATCH").arg(format!("{with}*")).arg("COUNT").arg(1000);
        let (next, found): (u64, Vec<String>) = scan.query_async(connection).await?;
        names.extend(found);
        cursor = next;
        if cursor == 0 {
            return Ok(names.into_iter().collect());
        }
    }
}

/// The names of those that last and are there.
///
/// # Errors
/// As Redis says, or one is of a type that LiveKit does not write there.
pub(super) async fn present(connection: &mut MultiplexedConnection) -> RedisResult<BTreeMap<String, String>> {
    let mut names: Vec<String> = HASHES.map(str::to_owned).to_vec();
    names.extend(beginning(connection, OF_ROOMS).await?);
    let mut types = pipe();
    names.iter().for_each(|name| _ = types.cmd("TYPE").arg(name));
    let types: Vec<String> = types.query_async(connection).await?;
    let there: BTreeMap<_, _> = names.into_iter().zip(types).filter(|(_, kind)| kind != "none").collect();
    let wrong = |(name, kind): &(&String, &String)| kind.as_str() != if is_hash(name) { "hash" } else { "set" };
    match there.iter().find(wrong) {
        Some((name, kind)) => Err(RedisError::from((
            redis::ErrorKind::UnexpectedReturnType,
            "it is not LiveKit's",
            format!("{name} is a {kind}; name LiveKit's own database in the URL"),
        ))),
        None => Ok(there),
    }
}

fn is_hash(name: &str) -> bool {
    !name.starts_with(OF_ROOMS)
}

/// Everything that lasts, as it is at one moment.
///
/// # Errors
/// As Redis says.
pub(super) async fn all(connection: &mut MultiplexedConnection) -> RedisResult<All> {
    let there = present(connection).await?;
    let names: Vec<String> = there.into_keys().collect();
    contents(connection, &names, "").await
}

/// What these keys hold, at one moment. Each stands under its name behind `prefix`.
///
/// # Errors
/// As Redis says.
pub(super) async fn contents(
    connection: &mut MultiplexedConnection,
    names: &[String],
    prefix: &str,
) -> RedisResult<All> {
    if names.is_empty() {
        return Ok(All::new());
    }
    let mut read = pipe();
    read.atomic();
    for name in names {
        let key = format!("{prefix}{name}");
        read.cmd(if is_hash(name) { "HGETALL" } else { "SMEMBERS" }).arg(&key).cmd("PTTL").arg(&key);
    }
    let answers: Vec<redis::Value> = read.query_async(connection).await?;
    let mut all = All::new();
    for (name, answer) in names.iter().zip(answers.chunks(2)) {
        let [value, lives_ms] = answer else { continue };
        let lives_ms: i64 = redis::from_redis_value_ref(lives_ms)?;
        let value = match is_hash(name) {
            true => {
                let fields: Vec<(Vec<u8>, Vec<u8>)> = redis::from_redis_value_ref(value)?;
                Value::Hash(
                    fields.iter().map(|(name, value)| (STANDARD.encode(name), STANDARD.encode(value))).collect(),
                )
            }
            false => {
                let members: Vec<Vec<u8>> = redis::from_redis_value_ref(value)?;
                Value::Set(members.iter().map(|member| STANDARD.encode(member)).collect())
            }
        };
        // One that is not there, or went between the look at its type and the reading, is answered with nothing.
        if value.len() > 0 {
            all.insert(name.clone(), Held { value, lives_ms: u64::try_from(lives_ms).ok() });
        }
    }
    Ok(all)
}

/// What is not as it was kept: names only.
pub(super) fn differences(kept: &All, there: &All) -> Vec<String> {
    let names: BTreeSet<&String> = kept.keys().chain(there.keys()).collect();
    let said = |name: &String| match (kept.get(name), there.get(name)) {
        (Some(kept), Some(there)) if kept.value == there.value => None,
        (Some(_), Some(_)) => Some(format!("{name} is not as it was kept")),
        (Some(_), None) => Some(format!("{name} is missing")),
        (None, _) => Some(format!("{name} was not kept and is there")),
    };
    names.into_iter().filter_map(said).collect()
}
