//! What Redis says of itself, and what LiveKit keeps in it (livekit-server 1.13.5): nodes, which node has which room,
//! and who is in it.

use crate::redis::RedisConnection;
use anyhow::{Context as _, Result, bail};
use livekit_protocol::{Node, ParticipantInfo};
use prost::Message as _;
use redis::{Cmd, FromRedisValue, Value};
use std::collections::{BTreeMap, HashMap};

/// An entry of Redis' slow log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlowCommand {
    /// When it ran, in seconds since 1970 by the clock of Redis.
    pub at_s: i64,
    /// How long it kept Redis from everything else, in microseconds.
    pub took_us: u64,
    /// Its name, without its arguments.
    pub command: String,
}

impl RedisConnection {
    /// The fields of a section of INFO: `memory`, `clients`, `persistence` …
    ///
    /// # Errors
    /// When Redis does not answer, or denies INFO.
    pub async fn info(&mut self, section: &str) -> Result<BTreeMap<String, String>> {
        let text: String = self.ask(redis::cmd("INFO").arg(section)).await?;
        Ok(fields(&text))
    }

    /// The clock of Redis, in seconds since 1970.
    ///
    /// # Errors
    /// When Redis does not answer.
    pub async fn now_s(&mut self) -> Result<i64> {
        let (seconds, _micros): (i64, i64) = self.ask(&redis::cmd("TIME")).await?;
        Ok(seconds)
    }

    /// The entries of the slow log, the newest first, 128 at most.
    ///
    /// # Errors
    /// When Redis does not answer, or denies SLOWLOG.
    pub async fn slow_commands(&mut self) -> Result<Vec<SlowCommand>> {
        let entries: Vec<Value> = self.ask(redis::cmd("SLOWLOG").arg("GET").arg(128)).await?;
        entries.into_iter().map(slow_command).collect()
    }

    /// Every node that has registered, live or not, with its statistics.
    ///
    /// # Errors
    /// When Redis does not answer, or keeps something else there.
    pub async fn nodes(&mut self) -> Result<Vec<Node>> {
        let kept: HashMap<String, Vec<u8>> = self.ask(redis::cmd("HGETALL").arg("nodes")).await?;
        kept.into_values().map(|bytes| Node::decode(&*bytes).context("an entry of `nodes`")).collect()
    }

    /// Nodes that have registered and not renewed their entry for some seconds: id, and for how many. A node renews it
    /// every two seconds, and after five counts as gone (livekit-server 1.13.5); one without statistics has just come.
    ///
    /// # Errors
    /// As [`Self::nodes`].
    pub async fn silent_nodes(&mut self) -> Result<BTreeMap<String, i64>> {
        /// Twice the server's own five seconds.
        const SILENT_S: i64 = 10;
        let nodes = self.nodes().await?;
        let now = self.now_s().await?;
        let silent = |node: Node| node.stats.map(|stats| (node.id, now - stats.updated_at));
        Ok(nodes.into_iter().filter_map(silent).filter(|(_, silent_s)| *silent_s > SILENT_S).collect())
    }

    /// Which node has which room: room name and node id.
    ///
    /// # Errors
    /// When Redis does not answer.
    pub async fn room_nodes(&mut self) -> Result<BTreeMap<String, String>> {
        self.ask(redis::cmd("HGETALL").arg("room_node_map")).await
    }

    /// Everybody who stands in Redis as a participant, with the room's name.
    ///
    /// # Errors
    /// When Redis does not answer, or keeps something else there.
    pub async fn participants_kept(&mut self) -> Result<Vec<(String, ParticipantInfo)>> {
        const PREFIX: &str = "room_participants:";
        let (mut cursor, mut found) = (0_u64, Vec::new());
        loop {
            let scan =
                redis::cmd("SCAN").arg(cursor).arg("MATCH").arg(format!("{PREFIX}*")).arg("COUNT").arg(500).clone();
            let (next, keys): (u64, Vec<String>) = self.ask(&scan).await?;
            for key in keys {
                let kept: HashMap<String, Vec<u8>> = self.ask(redis::cmd("HGETALL").arg(&key)).await?;
                for bytes in kept.into_values() {
                    let participant = ParticipantInfo::decode(&*bytes).with_context(|| format!("an entry of {key}"))?;
                    found.push((key.trim_start_matches(PREFIX).to_owned(), participant));
                }
            }
            if next == 0 {
                return Ok(found);
            }
            cursor = next;
        }
    }

    /// Tries each kind of write that livekit-server makes, on keys that begin with `name`, removes them, and returns the
    /// kinds that Redis refused with its words. The kinds were read off the calls of livekit-server 1.13.5.
    ///
    /// # Errors
    /// When Redis does not answer at all.
    pub async fn refused_writes(&mut self, name: &str) -> Result<(usize, Vec<String>)> {
        let (hash, set, text) = (format!("{name}:hash"), format!("{name}:set"), format!("{name}:text"));
        let commands: [&[&str]; 11] = [
            &["SET", &text, "1", "EX", "10", "NX"],
            &["HSET", &hash, "field", "1"],
            &["HDEL", &hash, "field"],
            &["HSET", &hash, "field", "2"],
            &["EXPIRE", &hash, "10"],
            &["SADD", &set, "1"],
            &["SREM", &set, "1"],
            &["EVAL", "return redis.call('get', KEYS[1])", "1", &text],
            &["PUBLISH", name, "1"],
            &["WATCH", &text],
            &["UNWATCH"],
        ];
        let mut refused = Vec::new();
        let count = commands.len();
        for command in commands.iter().copied().chain([&["DEL", &*hash, &*set, &*text][..]]) {
            let mut asked = Cmd::new();
            for part in command {
                asked.arg(part);
            }
            match asked.query_async::<Value>(&mut self.connection).await {
                Ok(_) => {}
                Err(error) if error.code().is_some() => refused.push(format!("{}: {error}", command[0])),
                Err(error) => return Err(error.into()),
            }
        }
        Ok((count + 1, refused))
    }

    /// FLUSHALL: everything in every database of this Redis is gone. For drills on a target of our own only.
    ///
    /// # Errors
    /// When Redis does not answer, or refuses.
    pub async fn flush_everything(&mut self) -> Result<()> {
        self.ask(&redis::cmd("FLUSHALL")).await
    }

    async fn ask<T: FromRedisValue>(&mut self, command: &Cmd) -> Result<T> {
        Ok(command.query_async(&mut self.connection).await?)
    }
}

/// `name:value` lines; `# Section` lines are none.
fn fields(text: &str) -> BTreeMap<String, String> {
    let pairs = text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.trim().split_once(':'));
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// Number, time, microseconds, arguments, and more that does not matter here.
fn slow_command(entry: Value) -> Result<SlowCommand> {
    let Value::Array(parts) = entry else { bail!("an entry of the slow log is {entry:?}") };
    let mut parts = parts.into_iter().skip(1);
    let (Some(at), Some(took), Some(arguments)) = (parts.next(), parts.next(), parts.next()) else {
        bail!("an entry of the slow log is too short");
    };
    // Arguments are bytes: LiveKit's messages are no text.
    let arguments: Vec<Vec<u8>> = redis::from_redis_value(arguments)?;
    Ok(SlowCommand {
        at_s: redis::from_redis_value(at)?,
        took_us: redis::from_redis_value(took)?,
        command: arguments.first().map(|command| String::from_utf8_lossy(command).into_owned()).unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    use super::{SlowCommand, Value, fields, slow_command};

    /// From the documentation of INFO and SLOWLOG (redis.io).
    #[test]
    fn info_and_slow_log_are_read() {
        let info = fields("# Memory\r\nused_memory:1214376\r\nmaxmemory_policy:noeviction\r\n\r\n# Clients\r\n");
        assert_eq!(info.get("used_memory").map(String::as_str), Some("1214376"));
        assert_eq!(info.get("maxmemory_policy").map(String::as_str), Some("noeviction"));
        assert_eq!(info.len(), 2);
        let text = |text: &str| Value::BulkString(text.into());
        let entry = Value::Array(vec![
            Value::Int(14),
            Value::Int(1_309_448_221),
            Value::Int(15),
            // The second argument is no UTF-8, as of `PUBLISH` with a message of LiveKit.
            Value::Array(vec![text("ping"), Value::BulkString(vec![0x0a, 0xff, 0xfe])]),
            text("127.0.0.1:58217"),
            text("worker-123"),
        ]);
        let read = slow_command(entry).expect("an entry");
        assert_eq!(read, SlowCommand { at_s: 1_309_448_221, took_us: 15, command: "ping".into() });
    }
}
