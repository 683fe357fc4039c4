//! The application's database, as far as a check may touch it: what it says of itself, and a write that is undone.

use crate::tokens::Secret;
use anyhow::{Context, Result, anyhow, ensure};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions as _, Connection as _};
use std::str::FromStr as _;
use std::time::{Duration, Instant};
use tokio::time::timeout;

/// For connecting, and for each question by itself.
const PATIENCE: Duration = Duration::from_secs(5);

/// A Postgres database. Its URL is shown nowhere, because it holds the password.
#[derive(Clone)]
pub struct Database {
    options: PgConnectOptions,
    patience: Duration,
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Database({})", place(&self.options))
    }
}

/// Host, port and database: what an error may name.
fn place(options: &PgConnectOptions) -> String {
    let database = options.get_database().unwrap_or_default();
    format!("postgres://{}:{}/{database}", options.get_host(), options.get_port())
}

impl Database {
    /// A database by `postgres://user:password@host:port/database`; nothing is connected yet.
    ///
    /// # Errors
    /// When the URL can't be read. The message does not quote it.
    pub fn new(url: &Secret) -> Result<Self> {
        let url = url.expose();
        // The parser takes any scheme. Its own message may quote the part that it does not like: the password, perhaps.
        let named = url.starts_with("postgres://") || url.starts_with("postgresql://");
        let options = PgConnectOptions::from_str(url).ok().filter(|_| named).context(
            "the database URL can't be read; write postgres://user:password@host:port/database, with special characters of the password as %XX",
        )?;
        Ok(Self { options: options.disable_statement_logging(), patience: PATIENCE })
    }

    /// Connects within five seconds.
    ///
    /// # Errors
    /// When the database can't be reached or refuses the connection.
    pub async fn connect(&self) -> Result<DatabaseConnection> {
        let started = Instant::now();
        let place = place(&self.options);
        let connected = timeout(self.patience, PgConnection::connect_with(&self.options)).await;
        tracing::info!("database connect {place} -> {} ms", started.elapsed().as_millis());
        let connection = connected
            .map_err(|_| anyhow!("no connection within {} s", self.patience.as_secs_f32()))
            .and_then(|connected| connected.map_err(said))
            .with_context(|| format!("connecting to {place}"))?;
        Ok(DatabaseConnection { connection, patience: self.patience })
    }
}

/// How many connections there are and may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Connections {
    /// Open ones of clients to all databases of the server, this one included.
    pub used: u32,
    /// All that the server allows.
    pub max: u32,
    /// Of those, kept for superusers and, from Postgres 16 on, for a privileged role.
    pub reserved: u32,
}

/// An open connection. When an answer did not come in time, it is of no more use: open another.
pub struct DatabaseConnection {
    connection: PgConnection,
    patience: Duration,
}

/// Named without its schema it would be found in any.
const TABLE: &str = "pg_temp.greenlight_round_trip";

impl DatabaseConnection {
    /// What the server calls its version, for example `15.18 (Debian 15.18-0+deb12u1)`.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn server_version(&mut self) -> Result<String> {
        self.ask("SELECT current_setting('server_version')").await
    }

    /// Size of the database on disk, in bytes.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn size_bytes(&mut self) -> Result<u64> {
        let size: i64 = self.ask("SELECT pg_database_size(current_database())").await?;
        u64::try_from(size).context("a size below nothing")
    }

    /// Used, allowed and reserved connections.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn connections(&mut self) -> Result<Connections> {
        // What a connection does is hidden from other users, but not that it is there and to which database.
        let used = "SELECT count(*) FROM pg_stat_activity
            WHERE datid IS NOT NULL AND coalesce(backend_type, 'client backend') = 'client backend'";
        let max = "SELECT setting::bigint FROM pg_settings WHERE name = 'max_connections'";
        let reserved = "SELECT coalesce(sum(setting::bigint), 0)::bigint FROM pg_settings
            WHERE name IN ('superuser_reserved_connections', 'reserved_connections')";
        let mut numbers = [0; 3];
        for (number, question) in numbers.iter_mut().zip([used, max, reserved]) {
            *number = u32::try_from(self.ask::<i64>(question).await?).context("a count out of range")?;
        }
        let [used, max, reserved] = numbers;
        Ok(Connections { used, max, reserved })
    }

    /// Connections to this database by anybody, and how many it and its user may have: the smaller of `CONNECTION LIMIT`
    /// of database and role, or none where neither has one.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn own_connections(&mut self) -> Result<(u32, Option<u32>)> {
        let used = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()";
        // -1 is no limit.
        let limit = "SELECT coalesce(min(allowed), -1)::bigint FROM (
            SELECT datconnlimit AS allowed FROM pg_database WHERE datname = current_database()
            UNION ALL SELECT rolconnlimit FROM pg_roles WHERE rolname = current_user) limits WHERE allowed >= 0";
        let used = u32::try_from(self.ask::<i64>(used).await?).context("a count out of range")?;
        Ok((used, u32::try_from(self.ask::<i64>(limit).await?).ok()))
    }

    /// Whether this is a standby, which takes no writes.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn is_in_recovery(&mut self) -> Result<bool> {
        self.ask("SELECT pg_is_in_recovery()").await
    }

    /// Whether a new transaction of this user takes no writes.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn default_transaction_read_only(&mut self) -> Result<bool> {
        self.ask("SELECT current_setting('default_transaction_read_only')::boolean").await
    }

    /// Writes that many rows to a temporary table, reads them back, rolls back, and looks that the table is gone.
    /// Says how long that took.
    ///
    /// # Errors
    /// When the database refuses, returns other rows, or keeps the table.
    pub async fn temp_table_round_trip(&mut self, rows: u32) -> Result<Duration> {
        let started = Instant::now();
        self.run("BEGIN").await?;
        let written = self.write_and_read(rows).await;
        // Also after a failure: the transaction must not stay open behind the caller's back.
        let undone = self.run("ROLLBACK").await;
        written?;
        undone?;
        ensure!(!self.table_exists().await?, "the temporary table outlived its transaction");
        Ok(started.elapsed())
    }

    async fn write_and_read(&mut self, rows: u32) -> Result<()> {
        self.run("CREATE TEMPORARY TABLE greenlight_round_trip (n bigint PRIMARY KEY, value text NOT NULL)").await?;
        let wanted: Vec<(i64, String)> = (1..=i64::from(rows)).map(|n| (n, format!("row {n} of {rows}"))).collect();
        let (numbers, values): (Vec<i64>, Vec<String>) = wanted.iter().cloned().unzip();
        let insert = sqlx::query("INSERT INTO pg_temp.greenlight_round_trip SELECT * FROM unnest($1, $2)")
            .bind(numbers)
            .bind(values)
            .persistent(false)
            .execute(&mut self.connection);
        let inserted = within(self.patience, "INSERT", insert).await?.rows_affected();
        ensure!(inserted == u64::from(rows), "wrote {rows} rows, the database took {inserted}");
        let select = sqlx::query_as("SELECT n, value FROM pg_temp.greenlight_round_trip ORDER BY n")
            .persistent(false)
            .fetch_all(&mut self.connection);
        let read: Vec<(i64, String)> = within(self.patience, "SELECT of the rows just written", select).await?;
        ensure!(read == wanted, "wrote {rows} rows, read {} that are not the same", read.len());
        // What is looked for after the rollback must be seen before it, or its absence says nothing.
        ensure!(self.table_exists().await?, "the temporary table can't be seen in its own transaction");
        Ok(())
    }

    async fn table_exists(&mut self) -> Result<bool> {
        let question = sqlx::query_scalar("SELECT to_regclass($1) IS NOT NULL")
            .bind(TABLE)
            .persistent(false)
            .fetch_one(&mut self.connection);
        within(self.patience, "to_regclass", question).await
    }

    /// Statements are not prepared for later: a pooler in front may give each transaction another connection.
    async fn ask<T>(&mut self, question: &'static str) -> Result<T>
    where
        T: for<'r> sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres> + Send + Unpin,
    {
        let asked = sqlx::query_scalar(question).persistent(false).fetch_one(&mut self.connection);
        within(self.patience, question, asked).await
    }

    async fn run(&mut self, statement: &'static str) -> Result<()> {
        let run = sqlx::query(statement).persistent(false).execute(&mut self.connection);
        within(self.patience, statement, run).await.map(drop)
    }
}

/// The answer, or what was asked in vain.
async fn within<T>(patience: Duration, what: &str, answer: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T> {
    let started = Instant::now();
    let answered = timeout(patience, answer).await;
    tracing::info!("database {what} -> {} ms", started.elapsed().as_millis());
    answered
        .map_err(|_| anyhow!("no answer within {} s", patience.as_secs_f32()))
        .and_then(|answered| answered.map_err(said))
        .with_context(|| format!("database: {what}"))
}

/// The server's own words with their SQLSTATE; sqlx would say them twice, and name a line of Postgres' source.
fn said(error: sqlx::Error) -> anyhow::Error {
    match error.as_database_error() {
        Some(refusal) => anyhow!("{} (SQLSTATE {})", refusal.message(), refusal.code().unwrap_or_default()),
        None => error.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Database, PATIENCE};
    use crate::tokens::Secret;
    use std::time::Duration;
    use tokio::net::TcpListener;

    /// No part of it may turn up anywhere.
    const PASSWORD: &str = "pass-never-shown";

    fn database(place: &str) -> Database {
        Database::new(&Secret::new(format!("postgres://me:{PASSWORD}@{place}"))).expect("a URL")
    }

    #[test]
    fn no_message_quotes_the_password() {
        let bad = [
            format!("postgres://me:{PASSWORD}@host:port/x"),
            format!("postgres://me:{PASSWORD}@[::/x"),
            format!("postgres://me:%ff{PASSWORD}@host/x"),
            format!("me {PASSWORD}"),
            format!("me:{PASSWORD}"),
            format!("mysql://me:{PASSWORD}@host/x"),
            format!("postgres://me@host/x?sslmode={PASSWORD}"),
        ];
        for url in bad {
            let error = Database::new(&Secret::new(&url)).expect_err(&url);
            let shown = format!("{error:#} {error:?}");
            assert!(shown.contains("write postgres://user:password@") && !shown.contains("never-shown"), "{shown}");
        }
        assert_eq!(format!("{:?}", database("h:5/x")), "Database(postgres://h:5/x)");
    }

    async fn failure(database: &Database) -> String {
        let error = database.connect().await.err().expect("no connection");
        let shown = format!("{error:#} {error:?}");
        assert!(!shown.contains("never-shown"), "{shown}");
        shown
    }

    #[tokio::test]
    async fn nobody_there_is_said_with_the_place() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        drop(listener);
        let shown = failure(&database(&format!("127.0.0.1:{port}/application"))).await;
        assert!(shown.contains(&format!("connecting to postgres://127.0.0.1:{port}/application")), "{shown}");
        assert!(shown.contains("refused"), "{shown}");
    }

    #[tokio::test]
    async fn silence_ends_in_time() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let mut database = database(&listener.local_addr().expect("an address").to_string());
        assert_eq!(database.patience, PATIENCE);
        database.patience = Duration::from_millis(50);
        let shown = failure(&database).await;
        assert!(shown.contains("no connection within 0.05 s"), "{shown}");
    }
}
