//! Redis as the server sees it: role, a write read back, a message that goes round through pub/sub.

use anyhow::{Context, Result, bail, ensure};
use futures_util::StreamExt;
use redis::AsyncConnectionConfig;
use redis::aio::MultiplexedConnection;
use std::time::{Duration, Instant};
use tokio::time::timeout;

/// LiveKit's own commands fail after about 3 s.
const TIMEOUT: Duration = Duration::from_secs(3);

/// A Redis server of the target.
#[derive(Clone)]
pub struct RedisClient {
    client: redis::Client,
}

impl RedisClient {
    /// A client for `redis://…` or `rediss://…`; nothing is connected yet.
    ///
    /// # Errors
    /// When the URL is not one of Redis.
    pub fn new(url: &str) -> Result<Self> {
        Ok(Self { client: redis::Client::open(url).context("reading the Redis URL")? })
    }

    /// Connects within three seconds.
    ///
    /// # Errors
    /// When Redis can't be reached or refuses the connection.
    pub async fn connect(&self) -> Result<RedisConnection> {
        let started = Instant::now();
        let config =
            AsyncConnectionConfig::new().set_connection_timeout(Some(TIMEOUT)).set_response_timeout(Some(TIMEOUT));
        let connected = self.client.get_multiplexed_async_connection_with_config(&config).await;
        tracing::info!(
            "redis connect -> {} in {} ms",
            connected.as_ref().map_or_else(ToString::to_string, |_| "ok".into()),
            started.elapsed().as_millis()
        );
        Ok(RedisConnection { connection: connected?, client: self.client.clone() })
    }
}

/// An open connection.
pub struct RedisConnection {
    pub(crate) connection: MultiplexedConnection,
    client: redis::Client,
}

impl RedisConnection {
    /// `master`, `slave` or `sentinel`: the first element of the reply to ROLE.
    ///
    /// # Errors
    /// When Redis does not answer.
    pub async fn role(&mut self) -> Result<String> {
        let reply: redis::Value = redis::cmd("ROLE").query_async(&mut self.connection).await?;
        match reply {
            redis::Value::Array(parts) => match parts.into_iter().next() {
                Some(part) => Ok(redis::from_redis_value(part)?),
                None => bail!("an empty reply to ROLE"),
            },
            other => bail!("ROLE was answered with {other:?}"),
        }
    }

    /// The names of a hash's fields; none when there is no such key.
    ///
    /// # Errors
    /// When Redis does not answer, or the key is no hash.
    pub async fn fields(&mut self, key: &str) -> Result<Vec<String>> {
        Ok(redis::cmd("HKEYS").arg(key).query_async(&mut self.connection).await?)
    }

    /// The text under a key, or none.
    ///
    /// # Errors
    /// When Redis does not answer, or the key holds something else.
    pub async fn text(&mut self, key: &str) -> Result<Option<String>> {
        Ok(redis::cmd("GET").arg(key).query_async(&mut self.connection).await?)
    }

    /// Writes a key that lives for ten seconds at most, reads it back, deletes it, and says how long that took.
    ///
    /// # Errors
    /// When Redis refuses or returns something else.
    pub async fn round_trip(&mut self, key: &str, value: &str) -> Result<Duration> {
        let started = Instant::now();
        let () = redis::cmd("SET").arg(key).arg(value).arg("EX").arg(10).query_async(&mut self.connection).await?;
        let read: Option<String> = redis::cmd("GET").arg(key).query_async(&mut self.connection).await?;
        let deleted: u64 = redis::cmd("DEL").arg(key).query_async(&mut self.connection).await?;
        ensure!(read.as_deref() == Some(value), "wrote {value:?}, read {read:?}");
        ensure!(deleted == 1, "DEL of the key just written removed {deleted} keys");
        Ok(started.elapsed())
    }

    /// Publishes to a channel of our own and waits for the message: LiveKit's RPC is nothing but this.
    ///
    /// # Errors
    /// When the message does not come back within three seconds.
    pub async fn publish_and_receive(&mut self, channel: &str, message: &str) -> Result<Duration> {
        let receiving = async {
            let mut subscription = self.client.get_async_pubsub().await?;
            subscription.subscribe(channel).await?;
            let started = Instant::now();
            let receivers: u64 =
                redis::cmd("PUBLISH").arg(channel).arg(message).query_async(&mut self.connection).await?;
            ensure!(receivers == 1, "PUBLISH reached {receivers} subscribers, and there is 1");
            let received = subscription.on_message().next().await.context("the subscription ended")?;
            let payload: String = received.get_payload()?;
            ensure!(payload == message, "published {message:?}, received {payload:?}");
            Ok(started.elapsed())
        };
        timeout(TIMEOUT, receiving).await.context("no message came back in time")?
    }
}
