//! The Redis of an environment: reached, and able to exchange keys at once.

use super::super::site::Site;
use crate::failure::Failure;
use greenlight_clients::install_crypto_provider;
use greenlight_reports::Exit;
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Cmd, ErrorKind, RedisError, ServerErrorKind, cmd};
use std::time::Duration;

/// LiveKit's own commands fail after about 3 s; a hash of all trunks is larger than what it asks for.
const ANSWER_MAX: Duration = Duration::from_secs(10);

/// Connects. Nothing is asked yet.
///
/// # Errors
/// [`Failure`]: nothing says where it is, or it can't be reached or refuses us.
pub(super) async fn connect(site: &Site) -> Result<MultiplexedConnection, Failure> {
    let Some(spec) = site.spec().and_then(|spec| spec.redis.as_ref()) else {
        return Err(Failure::usage(
            "nothing says which Redis; write `redis: {url_env: …}` below `rollback:` of the environment, and name that with --environment",
        ));
    };
    let Some(url) = std::env::var(&spec.url_env).ok().filter(|url| !url.is_empty()) else {
        return Err(Failure::usage(format!(
            "{} is not set; it is to hold the URL of LiveKit's Redis, redis://:password@host:port/db",
            spec.url_env
        )));
    };
    install_crypto_provider();
    // The URL is a secret, and what is wrong with it might repeat it.
    let client = redis::Client::open(url).map_err(|_| {
        Failure::usage(format!("{} holds no URL of Redis; redis://:password@host:port/db is one", spec.url_env))
    })?;
    let config =
        AsyncConnectionConfig::new().set_connection_timeout(Some(ANSWER_MAX)).set_response_timeout(Some(ANSWER_MAX));
    client.get_multiplexed_async_connection_with_config(&config).await.map_err(|error| said(&error))
}

/// What Redis says, and what to do about it.
pub(super) fn said(error: &RedisError) -> Failure {
    // Of many commands at once: the first that was refused says why.
    let first = error.clone().into_server_errors().and_then(|errors| Some(RedisError::from(errors.first()?.1.clone())));
    let error = first.as_ref().unwrap_or(error);
    let what = format!("Redis says {error}");
    let usage = |fix: &str| Failure::usage(format!("{what}; {fix}"));
    match error.kind() {
        ErrorKind::AuthenticationFailed => usage("name the user and the password in the URL that LiveKit uses"),
        ErrorKind::Server(ServerErrorKind::NoPerm) => usage(
            "the user of the URL must be allowed to use SCAN, TYPE, PTTL, HGETALL, SMEMBERS, HSET, SADD, PEXPIRE, RENAME, GET, SET, DEL, INFO, WATCH, MULTI and EXEC on LiveKit's keys and on greenlight:*",
        ),
        ErrorKind::Server(ServerErrorKind::ReadOnly) => {
            usage("it is a replica, or was made read-only; name the one that LiveKit writes to")
        }
        ErrorKind::UnexpectedReturnType => Failure::usage(format!("Redis holds something else: {error}")),
        ErrorKind::Io => Failure::new(
            Exit::Unreachable,
            format!("LiveKit's Redis can't be reached: {error}; look whether it runs, and at host and port in the URL"),
        ),
        _ if error.code() == Some("NOAUTH") || error.code() == Some("WRONGPASS") => {
            usage("name the user and the password in the URL that LiveKit uses")
        }
        _ => Failure::unknown(what),
    }
}

/// It writes, and exchanges keys at once: no replica, no cluster.
///
/// # Errors
/// [`Failure`]: it does not, and what to do.
pub(super) async fn is_alone(connection: &mut MultiplexedConnection) -> Result<(), Failure> {
    let info: String = cmd("INFO").query_async(connection).await.map_err(|error| said(&error))?;
    let has = |line: &str| info.lines().any(|one| one.trim() == line);
    if has("cluster_enabled:1") {
        return Err(Failure::usage(
            "it is a cluster of Redis, in which keys can't be exchanged at once; leave redis out (--only), and put trunks and rules back through the API (`sip: true`)",
        ));
    }
    match has("role:slave") {
        true => Err(Failure::usage("it is a replica of Redis; name the one that LiveKit writes to in the URL")),
        false => Ok(()),
    }
}

/// Whether these commands would be taken: they are queued, and then discarded. Redis refuses here what it would refuse
/// later (who may do it, a replica, no memory, no disk), and nothing is changed.
///
/// # Errors
/// [`Failure`] with what it says.
pub(super) async fn would_take(connection: &mut MultiplexedConnection, commands: &[Cmd]) -> Result<(), Failure> {
    let ask = |error: RedisError| said(&error);
    let () = cmd("MULTI").query_async(connection).await.map_err(ask)?;
    let mut refused = Ok(());
    for command in commands {
        if let Err(error) = command.query_async::<redis::Value>(connection).await {
            refused = Err(ask(error));
            break;
        }
    }
    let () = cmd("DISCARD").query_async(connection).await.map_err(ask)?;
    refused
}
