//! The tools of Postgres, run where the server is: in its container, or here.

use crate::failure::Failure;
use crate::process::{keep_secret, secrets_of_the_environment};
use crate::rollback::site::Site;
use greenlight_clients::Secret;
use greenlight_config::DatabaseSpec;
use greenlight_reports::{printable, shorten};
use std::io::Read;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::JoinHandle;

const CONNECT_TIMEOUT_S: u32 = 10;
/// So much of what a tool says is kept.
const ERRORS_BYTES_MAX: u64 = 64 << 10;
/// So much of it is quoted.
const QUOTE_BYTES_MAX: usize = 2_000;
/// Postgres cuts a longer name.
const NAME_BYTES_MAX: usize = 63;
/// `DROP DATABASE … WITH (FORCE)` begins with this one.
const MAJOR_MIN: u32 = 13;

/// The tools, and whom they ask for what.
pub(super) struct Tools {
    spec: DatabaseSpec,
    password: Option<Secret>,
    /// By this name its sessions are known on the server.
    known_as: String,
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
        Ok(Self { spec, password, known_as })
    }

    /// Those of a restore: what one that was killed has left running on the server is ended, or it would go on beside this.
    ///
    /// # Errors
    /// [`Failure`] of usage, or the server can't be asked.
    pub(super) fn of_restore(site: &Site) -> Result<Self, Failure> {
        let mut tools = Self::of(site)?;
        tools.known_as = format!("greenlight restore {}", tools.spec.name).chars().take(NAME_BYTES_MAX).collect();
        tools.tell(super::sql::end_sessions_of(&tools.known_as)).map_err(Failure::unknown)?;
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
        if self.spec.name == "postgres" { "template1" } else { "postgres" }
    }

    /// A tool, told where the server is. Passwords go by the environment, never by an argument.
    pub(super) fn command(&self, tool: &str, database: &str) -> Command {
        let variables = [format!("PGCONNECT_TIMEOUT={CONNECT_TIMEOUT_S}"), format!("PGAPPNAME={}", self.known_as)];
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
        command.arg(format!("--dbname={database}"));
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

    /// Runs statements, one after the other and each a transaction of its own, and returns what they print.
    ///
    /// # Errors
    /// What psql says.
    pub(super) fn ask(&self, database: &str, statements: &[String]) -> Result<String, String> {
        let mut command = self.psql(database);
        // Nobody who holds a lock holds this up for ever.
        command.args(["-c", "SET lock_timeout = '60s'; SET client_encoding = 'UTF8'"]);
        statements.iter().for_each(|statement| _ = command.args(["-c", statement]));
        let output = command.output().map_err(|error| self.cannot_run("psql", &error))?;
        match output.status.success() {
            true => Ok(String::from_utf8_lossy(&output.stdout).trim_end().to_owned()),
            false => Err(said("psql", output.status, &output.stderr)),
        }
    }

    /// Runs one statement beside the database.
    ///
    /// # Errors
    /// What psql says.
    pub(super) fn tell(&self, statement: impl Into<String>) -> Result<String, String> {
        self.ask(self.beside(), &[statement.into()])
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
    pub(super) fn are_of_the_server(&self) -> Result<(), Failure> {
        let asked = self.tell("SHOW server_version_num").map_err(|what| Failure::unknown(self.unreachable(&what)))?;
        let server = asked.parse::<u32>().unwrap_or_default() / 10_000;
        if server < MAJOR_MIN {
            return Err(Failure::usage(format!(
                "the server is Postgres {server}, and points are made of Postgres {MAJOR_MIN} and newer"
            )));
        }
        for tool in ["pg_dump", "pg_restore"] {
            let mut command = match &self.spec.container {
                Some(container) => {
                    let mut command = Command::new("docker");
                    command.args(["exec", container, tool]);
                    command
                }
                None => Command::new(tool),
            };
            let output = command.arg("--version").output();
            let output = output.map_err(|error| Failure::unknown(self.cannot_run(tool, &error)))?;
            if !output.status.success() {
                return Err(Failure::unknown(said(tool, output.status, &output.stderr)));
            }
            let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
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

/// A tool that is running, and what it complains of.
pub(super) struct Running {
    tool: &'static str,
    /// The process; whoever wants its pipes takes them.
    pub(super) child: Child,
    errors: Option<JoinHandle<Vec<u8>>>,
}

impl Running {
    /// Starts it.
    ///
    /// # Errors
    /// It does not start.
    pub(super) fn start(tools: &Tools, tool: &'static str, command: &mut Command) -> Result<Self, String> {
        let mut child = command.spawn().map_err(|error| tools.cannot_run(tool, &error))?;
        let errors = child.stderr.take().map(|errors| std::thread::spawn(move || read(errors)));
        Ok(Self { tool, child, errors })
    }

    /// Why it is over, when it should not be.
    pub(super) fn why(&mut self) -> String {
        self.wait().err().unwrap_or_else(|| format!("{} ended too early", self.tool))
    }

    /// Waits for its end. Its input is closed.
    ///
    /// # Errors
    /// What it says, if it has not succeeded.
    pub(super) fn end(mut self) -> Result<(), String> {
        self.wait()
    }

    fn wait(&mut self) -> Result<(), String> {
        drop(self.child.stdin.take());
        let status = self.child.wait().map_err(|error| format!("{}: {error}", self.tool))?;
        let errors = self.errors.take().and_then(|errors| errors.join().ok()).unwrap_or_default();
        match status.success() {
            true => Ok(()),
            false => Err(said(self.tool, status, &errors)),
        }
    }
}

impl Drop for Running {
    /// What was not waited for is not wanted.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// To its end, or the tool would wait for us; the beginning is kept.
fn read(mut from: impl Read) -> Vec<u8> {
    let mut kept = Vec::new();
    let _ = from.by_ref().take(ERRORS_BYTES_MAX).read_to_end(&mut kept);
    let _ = std::io::copy(&mut from, &mut std::io::sink());
    kept
}

/// What a tool says, without secrets.
fn said(tool: &str, status: ExitStatus, errors: &[u8]) -> String {
    let text = String::from_utf8_lossy(errors);
    // The wrapper of Debian complains of a locale that nobody asked for.
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim_start().starts_with("perl: warning")).collect();
    let text = secrets_of_the_environment().text(lines.join("; ").trim());
    format!("{tool} ended with {status}: {}", shorten(&printable(&text), QUOTE_BYTES_MAX))
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
