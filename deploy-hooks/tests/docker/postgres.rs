//! A Postgres with the database of an application, in a container, and a point of it.

use crate::world::{docker, done};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

const IMAGE: &str = "greenlight/postgres:15";
const UP_MAX: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(50);
pub(crate) const PASSWORD: &str = "Zq7pLw3xVn9sKd2f";
/// Made for these tests with `age-keygen`; it opens nothing else.
const IDENTITY: &str = "AGE-SECRET-KEY-1KGHQU4RYKSHGK7MWXZ8V5YKE96FTAJ5N72VX6WW7HLYK0GW9EDQSVVNTWA";
const RECIPIENT: &str = "age15letucc8fgq974gaq25axlnz8z00qz9krkq7qa6gjhrefnawac0suv9dqq";

/// As an operator's is: nobody comes in without the password, and it is as durable as Postgres is by itself.
const START: &str = r#"set -eu
bin=/usr/lib/postgresql/15/bin
data=/var/lib/postgresql/there
as_postgres() { setpriv --reuid postgres --regid postgres --init-groups "$@"; }
if [ ! -e $data/PG_VERSION ]; then
  install -d -o postgres -g postgres -m 0700 $data
  (umask 077; echo "$POSTGRES_PASSWORD" > /password); chown postgres /password
  as_postgres $bin/initdb --pgdata $data --username admin --pwfile /password \
    --auth-host=scram-sha-256 --auth-local=reject --encoding UTF8 --locale C >/dev/null
  rm /password
  echo 'host all all all scram-sha-256' >> $data/pg_hba.conf
fi
exec setpriv --reuid postgres --regid postgres --init-groups $bin/postgres -D $data \
  -c listen_addresses='*' -c unix_socket_directories= -c max_wal_size=1GB -c max_prepared_transactions=2
"#;

/// Rows, names that want quotes, a sequence that has advanced, large objects, an extension, rights, settings.
const APPLICATION: &str = r#"
CREATE SCHEMA shop AUTHORIZATION owner;
CREATE EXTENSION citext;
SET ROLE owner;
CREATE TABLE shop.calls (id bigserial PRIMARY KEY, room text NOT NULL, at timestamptz NOT NULL DEFAULT now(), sound bytea);
INSERT INTO shop.calls (room, at, sound) SELECT 'room-' || n % 997, 'epoch'::timestamptz + n * interval '1 s',
  decode(md5(n::text) || md5((n + 1)::text), 'hex') FROM generate_series(1, @ROWS@) n;
CREATE INDEX calls_of_a_room ON shop.calls (room, at) WHERE room <> 'room-0';
CREATE TABLE shop."we""ird Name" (a int CHECK (a > 0), b text DEFAULT E'it''s \\ that');
INSERT INTO shop."we""ird Name" (a) VALUES (1), (2);
CREATE TABLE shop.days (day date NOT NULL, calls int) PARTITION BY RANGE (day);
CREATE TABLE shop.days_2026 PARTITION OF shop.days FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
INSERT INTO shop.days SELECT '2026-01-01'::date + n, n FROM generate_series(0, 99) n;
CREATE TABLE shop.nothing_yet (a int);
CREATE VIEW shop.busy AS SELECT room, count(*) FROM shop.calls GROUP BY room;
CREATE MATERIALIZED VIEW shop.rooms AS SELECT DISTINCT room FROM shop.calls;
CREATE SEQUENCE shop.tickets START 7;
SELECT nextval('shop.tickets'), nextval('shop.tickets');
CREATE FUNCTION shop.twice(a int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT a * 2';
GRANT SELECT ON shop.calls TO reader;
SELECT lo_from_bytea(0, decode(repeat('c0ffee', 100000), 'hex')) FROM generate_series(1, 3);
"#;

/// The server, and the operator's folder.
pub(crate) struct Postgres {
    folder: tempfile::TempDir,
    pub(crate) container: String,
}

impl Drop for Postgres {
    fn drop(&mut self) {
        docker(&["rm", "-fv", &self.container]);
    }
}

impl Postgres {
    pub(crate) fn start(rows: u32, more: &str) -> Self {
        let container = format!("gld-postgres-{:08x}", rand::random::<u32>());
        let postgres = Self { folder: tempfile::tempdir().expect("a folder"), container };
        let password = format!("POSTGRES_PASSWORD={PASSWORD}");
        let run = ["run", "-d", "--name", &postgres.container, "--label", "dev.greenlight.test=database"];
        done(&[&run[..], &["-p", "127.0.0.1::5432", "-e", &password, IMAGE, "sh", "-c", START]].concat());
        postgres.is_up();
        let made = postgres.psql_each(
            "postgres",
            &[
                "CREATE ROLE owner",
                "CREATE ROLE reader",
                "CREATE DATABASE application OWNER owner",
                "COMMENT ON DATABASE application IS 'it''s the application''s'",
                "ALTER DATABASE application SET search_path TO \"$user\", shop, public",
                "ALTER DATABASE application SET work_mem TO '8MB'",
                "ALTER ROLE reader IN DATABASE application SET statement_timeout TO '5s'",
                "REVOKE ALL ON DATABASE application FROM PUBLIC",
                "GRANT CONNECT ON DATABASE application TO reader",
            ],
        );
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        postgres.sql("application", &APPLICATION.replace("@ROWS@", &rows.to_string()));
        fs::write(postgres.path("key.txt"), format!("{IDENTITY}\n")).expect("written");
        fs::set_permissions(postgres.path("key.txt"), fs::Permissions::from_mode(0o600)).expect("rights");
        let said = postgres.greenlight(&["keygen", "--out", "sign"]);
        assert_eq!(said.0, Some(0), "{said:?}");
        postgres.in_its_container(more);
        postgres
    }

    /// It answers, which it does some time after its container runs.
    pub(crate) fn is_up(&self) {
        let end = Instant::now() + UP_MAX;
        while !self.psql("postgres", "SELECT 1").status.success() {
            assert!(Instant::now() < end, "Postgres does not come up");
            std::thread::park_timeout(LOOK_EVERY);
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// deployment.yaml with this `rollback: {database: …}`.
    fn configured(&self, place: &str) {
        // Nobody deploys here.
        let line = |name: &str| format!("        {name}: {{name: {name}, run: [\"false\"], timeout_s: 1}}\n");
        let lines: String =
            ["active", "start", "identify", "verify", "switch", "watch", "drain", "remove"].map(line).concat();
        let text = format!(
            "format: 1
keys: [sign.pub.pem]
state: records
environments:
  production:
    gate: {{report: report.json, required: [api.a], age_max_s: 3600}}
    artefact: {{program_sha256: {}}}
    driver:
      command:
{lines}    rollback:
      store: points
      recipients: [{RECIPIENT}]
      database: {{name: application, password_env: DATABASE_PASSWORD, {place}}}
",
            "0".repeat(64)
        );
        fs::write(self.path("deployment.yaml"), text).expect("written");
    }

    /// Its tools are those in its container.
    pub(crate) fn in_its_container(&self, more: &str) {
        self.configured(&format!("container: {}, host: 127.0.0.1, user: admin{more}", self.container));
    }

    /// More lines of `rollback:`.
    pub(crate) fn append(&self, lines: &str) {
        let text = fs::read_to_string(self.path("deployment.yaml")).expect("read");
        fs::write(self.path("deployment.yaml"), text + lines).expect("written");
    }

    /// This line says whether what serves has recovered.
    pub(crate) fn judged_by(&self, line: &str) {
        self.append(&format!("      verify: {{name: judge, run: [sh, -c, \"{line}\"], timeout_s: 60}}\n"));
    }

    /// Its tools are those of this machine.
    pub(crate) fn as_seen_from_outside(&self) {
        let port = done(&["port", &self.container, "5432/tcp"]);
        let port = port.rsplit(':').next().expect("a port");
        self.configured(&format!("host: 127.0.0.1, port: {port}, user: admin"));
    }

    pub(crate) fn as_user(&self, user: &str) {
        self.configured(&format!("container: {}, host: 127.0.0.1, user: {user}", self.container));
    }

    pub(crate) fn psql(&self, database: &str, statement: &str) -> std::process::Output {
        self.psql_each(database, &[statement])
    }

    /// One after the other, each by itself.
    fn psql_each(&self, database: &str, statements: &[&str]) -> std::process::Output {
        let password = format!("PGPASSWORD={PASSWORD}");
        let tool = ["exec", "-e", &password, &self.container, "psql", "-h127.0.0.1", "-Uadmin", "-XqAt"];
        let each: Vec<&str> = statements.iter().flat_map(|statement| ["-c", statement]).collect();
        docker(&[&tool[..], &["-v", "ON_ERROR_STOP=1", "-d", database], &each].concat())
    }

    pub(crate) fn sql(&self, database: &str, statement: &str) -> String {
        let output = self.psql(database, statement);
        assert!(output.status.success(), "{statement}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// The sum of everything that pg_dump writes of the database in clear text, its own rights and settings too. The lines
    /// that are left out hold a random word.
    pub(crate) fn seen(&self) -> String {
        let line = "set -o pipefail; pg_dump -h127.0.0.1 -Uadmin --create application | grep -v '^.\\(un\\)\\?restrict ' | sha256sum";
        done(&["exec", "-e", &format!("PGPASSWORD={PASSWORD}"), &self.container, "bash", "-c", line])
    }

    /// Every database there is, and whether it lets anybody in.
    pub(crate) fn databases(&self) -> String {
        let listed = "SELECT datname || ' ' || datallowconn FROM pg_database WHERE datname !~ '^(postgres|template.)$' ORDER BY 1";
        self.sql("postgres", listed).replace('\n', ", ")
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_greenlight"));
        command.args(arguments).current_dir(self.folder.path()).env("DATABASE_PASSWORD", PASSWORD);
        for name in ["GREENLIGHT_STORE", "GREENLIGHT_SIGN_KEY"] {
            command.env_remove(name);
        }
        if arguments.first() == Some(&"rollback") {
            command.args(["--environment", "production", "--config", "deployment.yaml"]);
        }
        command
    }

    pub(crate) fn greenlight(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let output = self.command(arguments).output().expect("it runs");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let said = text(&output.stdout) + &text(&output.stderr);
        assert!(!said.contains(PASSWORD), "{said}");
        (output.status.code(), said)
    }

    pub(crate) fn create(&self, point: &str) -> (Option<i32>, String) {
        self.greenlight(&["rollback", "create", point, "--sign-key", "sign.pem"])
    }

    /// `rollback run` but for `--yes`.
    pub(crate) fn run(point: &str) -> Vec<&str> {
        vec!["rollback", "run", point, "--key", "sign.pub.pem", "--identity", "key.txt"]
    }

    pub(crate) fn restore(&self, point: &str) -> (Option<i32>, String) {
        self.greenlight(&[&Self::run(point)[..], &["--yes"]].concat())
    }

    /// What a bad migration does.
    pub(crate) fn change(&self) {
        let change = "DROP TABLE shop.days; TRUNCATE shop.\"we\"\"ird Name\"; DROP INDEX shop.calls_of_a_room; \
                      UPDATE shop.calls SET room = 'lost' WHERE id % 2 = 0; INSERT INTO shop.calls (room) VALUES ('after'); \
                      CREATE TABLE shop.strange (a int); SELECT lo_unlink(oid) FROM pg_largeobject_metadata; SELECT nextval('shop.tickets')";
        self.sql("application", change);
        self.sql(
            "postgres",
            "ALTER DATABASE application SET work_mem TO '1MB'; GRANT CONNECT ON DATABASE application TO PUBLIC",
        );
    }
}
