//! The tools of Postgres, run where the server is: in its container, or here.

use super::names::connection;
use super::running::{Running, read};
use super::session::Session;
use crate::failure::Failure;
use crate::process::keep_secret;
use crate::rollback::site::Site;
use greenlight_clients::Secret;
use greenlight_config::DatabaseSpec;
use greenlight_reports::{printable, shorten};
use std::cell::Cell;
use std::process::{Command, Stdio};

const CONNECT_TIMEOUT_S: u32 = 10;
/// Postgres cuts a longer name.
const NAME_BYTES_MAX: usize = 63;
/// `DROP DATABASE … WITH (FORCE)` begins with this one.
const MAJOR_MIN: u32 = 13;

/// Whoever comes into a database is warned of settings that are not taken, and shown their values.
const ERRORS_ALONE: &str = "-c client_min_messages=error";
/// What `CREATE DATABASE` copies, if nobody is in it.
const OTHERS_COPY_IT: &str = "template1";

/// The tools, and whom they ask for what.
pub(super) struct Tools {
    spec: DatabaseSpec,
    password: Option<Secret>,
    /// By this name its sessions are known on the server.
    known_as: String,
    /// Whether what is known by that name and is not ours is ended.
    alone: bool,
    /// The one that stays open.
    session: Cell<Option<Session>>,
}

impl Tools {
    /// As deployment.yaml says.
    ///
    /// # Errors
    /// [`Failure`] of usage: it says nothing of a database, or the password is not there.
    pub(super) fn of(site: &Site) -> Result<Self, Failure> {
        let spec = site.spec().and_then(|spec| spec.database.clone()).ok_or_else(|| {
            Failure::usage(
                "nothing says where the database is; say it below `rollback: {database: …}` of the environment in deployment.yaml, and name that with --environment",
            )
        })?;
        let password = match &spec.password_env {
            None => None,
            Some(name) => {
                keep_secret([name.as_str()]);
                let value = std::env::var(name).map_err(|_| {
                    Failure::usage(format!("the variable {name} with the password of the database is not set; set it"))
                })?;
                Some(Secret::new(value))
            }
        };
        let known_as = format!("greenlight {}", spec.name);
        Ok(Self { spec, password, known_as, alone: false, session: Cell::new(None) })
    }

    /// Those of a restore: what one that was killed has left running on the server is ended before anything is asked, or it
    /// would go on beside this.
    ///
    /// # Errors
    /// As [`Tools::of`].
    pub(super) fn of_restore(site: &Site) -> Result<Self, Failure> {
        let mut tools = Self::of(site)?;
        tools.known_as = format!("greenlight restore {}", tools.spec.name).chars().take(NAME_BYTES_MAX).collect();
        tools.alone = true;
        Ok(tools)
    }

    /// What deployment.yaml says.
    pub(super) fn spec(&self) -> &DatabaseSpec {
        &self.spec
    }

    /// The database that serves.
    pub(super) fn live(&self) -> &str {
        &self.spec.name
    }

    /// The one from which others are renamed and dropped, which can't be done from within them.
    pub(super) fn beside(&self) -> &'static str {
        if self.spec.name == "postgres" { OTHERS_COPY_IT } else { "postgres" }
    }

    /// A tool, told where the server is. Passwords go by the environment, never by an argument.
    pub(super) fn command(&self, tool: &str, database: &str) -> Command {
        let variables = [
            format!("PGCONNECT_TIMEOUT={CONNECT_TIMEOUT_S}"),
            format!("PGAPPNAME={}", self.known_as),
            format!("PGOPTIONS={ERRORS_ALONE}"),
        ];
        let mut command = match &self.spec.container {
            Some(container) => {
                let mut command = Command::new("docker");
                command.args(["exec", "-i"]);
                variables.iter().for_each(|variable| _ = command.args(["-e", variable]));
                if self.password.is_some() {
                    command.args(["-e", "PGPASSWORD"]);
                }
                command.args([container, tool]);
                command
            }
            None => {
                let mut command = Command::new(tool);
                command.envs(variables.iter().filter_map(|variable| variable.split_once('=')));
                command
            }
        };
        if let Some(password) = &self.password {
            command.env("PGPASSWORD", password.expose());
        }
        command.arg("--no-password").arg(format!("--username={}", self.spec.user));
        self.spec.host.iter().for_each(|host| _ = command.arg(format!("--host={host}")));
        self.spec.port.iter().for_each(|port| _ = command.arg(format!("--port={port}")));
        command.arg(format!("--dbname={}", connection(database)));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        command
    }

    /// psql that prints bare values, and ends at the first error.
    pub(super) fn psql(&self, database: &str) -> Command {
        let mut command = self.command("psql", database);
        command.args(["--no-psqlrc", "--quiet", "--no-align", "--tuples-only", "--set=ON_ERROR_STOP=1"]);
        command.stdout(Stdio::piped());
        command
    }

    /// Asks in a database, by the session that stays open; after an error the next one who asks opens another.
    ///
    /// # Errors
    /// What psql says.
    pub(super) fn within<T>(
        &self,
        database: &str,
        asked: impl FnOnce(&mut Session) -> Result<T, String>,
    ) -> Result<T, String> {
        let mut session = match self.session.take().filter(Session::is_fresh) {
            Some(mut session) => {
                session.go_to(database)?;
                session
            }
            None => {
                let mut session = Session::open(self, database)?;
                if self.alone {
                    session.ask(&super::sql::end_sessions_of(&self.known_as))?;
                }
                session
            }
        };
        let answer = asked(&mut session)?;
        self.session.set(Some(session));
        Ok(answer)
    }

    /// The same, and then nobody of ours is in that database any more.
    ///
    /// # Errors
    /// What psql says.
    pub(super) fn visit<T>(
        &self,
        database: &str,
        asked: impl FnOnce(&mut Session) -> Result<T, String>,
    ) -> Result<T, String> {
        let answer = self.within(database, asked)?;
        self.within(self.beside(), |_| Ok(answer))
    }

    /// Runs one statement beside the database.
    ///
    /// # Errors
    /// What psql says.
    pub(super) fn tell(&self, statement: impl AsRef<str>) -> Result<String, String> {
        self.within(self.beside(), |session| session.ask(statement.as_ref()))
    }

    /// Runs statements beside the database: all of them or none.
    ///
    /// # Errors
    /// What psql says.
    pub(super) fn tell_at_once(&self, statements: &[String]) -> Result<(), String> {
        self.tell(format!("BEGIN;\n{};\nCOMMIT", statements.join(";\n"))).map(drop)
    }

    /// Ends the session if it is where nobody may be while others make databases: something that takes long comes now.
    pub(super) fn rest(&self) {
        if self.beside() == OTHERS_COPY_IT {
            drop(self.session.take());
        }
    }

    /// The number of a database, if there is one of that name.
    ///
    /// # Errors
    /// What psql says.
    pub(super) fn oid(&self, database: &str) -> Result<Option<u32>, String> {
        let said = self.tell(super::sql::oid(database))?;
        match said.as_str() {
            "" => Ok(None),
            number => number.parse().map(Some).map_err(|_| format!("psql said {number:?} where a number was expected")),
        }
    }

    /// The tools are those of the server's own version: a newer server can't be dumped by older tools, and what newer ones
    /// write an older server may not read.
    ///
    /// # Errors
    /// [`Failure`]: the server can't be reached, or they are not.
    pub(super) fn are_of_the_server(&self, tools: &[&'static str]) -> Result<(), Failure> {
        let mut running = Vec::new();
        for &tool in tools {
            let mut command = match &self.spec.container {
                Some(container) => {
                    let mut command = Command::new("docker");
                    command.args(["exec", container, tool]);
                    command
                }
                None => Command::new(tool),
            };
            command.arg("--version").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
            running.push((tool, Running::start(self, tool, &mut command).map_err(Failure::unknown)?));
        }
        // They start while psql does.
        let asked = self.tell("SHOW server_version_num").map_err(|what| Failure::unknown(self.unreachable(&what)))?;
        let server = asked.parse::<u32>().unwrap_or_default() / 10_000;
        if server < MAJOR_MIN {
            return Err(Failure::usage(format!(
                "the server is Postgres {server}, and points are made of Postgres {MAJOR_MIN} and newer"
            )));
        }
        for (tool, mut running) in running {
            let said = running.child.stdout.take().map(read).unwrap_or_default();
            running.end().map_err(Failure::unknown)?;
            let text = String::from_utf8_lossy(&said).trim().to_owned();
            if major(&text) != Some(server) {
                return Err(Failure::usage(format!(
                    "the server is Postgres {server}, and {tool} {} is {:?}; install the client tools of version {server}",
                    self.place(),
                    shorten(&printable(&text), 80)
                )));
            }
        }
        Ok(())
    }

    /// Where the tools run, for people.
    pub(super) fn place(&self) -> String {
        self.spec
            .container
            .as_ref()
            .map_or("of this machine".to_owned(), |container| format!("in container {container}"))
    }

    fn unreachable(&self, what: &str) -> String {
        format!(
            "the database server can't be asked by psql {}: {what}; look at user, password, host and port below `rollback.database`",
            self.place()
        )
    }

    /// A tool that does not start.
    pub(super) fn cannot_run(&self, tool: &str, error: &std::io::Error) -> String {
        match &self.spec.container {
            Some(_) => format!("cannot run docker for {tool}: {error}; install the docker client"),
            None => format!("cannot run {tool}: {error}; install the client tools of the server's version"),
        }
    }
}

/// `pg_dump (PostgreSQL) 15.18 (Debian …)`.
fn major(text: &str) -> Option<u32> {
    let version = text.split(") ").nth(1)?;
    version.chars().take_while(char::is_ascii_digit).collect::<String>().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::major;

    #[test]
    fn versions_as_the_tools_print_them() {
        assert_eq!(major("pg_dump (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)"), Some(15));
        assert_eq!(major("pg_restore (PostgreSQL) 18beta1"), Some(18));
        assert_eq!(major("pg_dump 15"), None);
    }
}
