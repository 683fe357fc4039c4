//! A session of psql that stays open: to start one takes a fifth of a second, to ask it takes a thousandth. Statements go to
//! its input and never onto a command line, where everybody on the machine could read them.

use super::names::{connection, identifier};
use super::running::Running;
use super::sql::{SETTINGS, SNAPSHOT, TABLES};
use super::tools::Tools;
use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{ChildStdout, Stdio};
use std::time::{Duration, Instant};

/// So many tables are counted with one question.
const TABLES_AT_ONCE: usize = 100;
/// What has said nothing for so long may have been forgotten on the way by a firewall.
const IDLE_MAX: Duration = Duration::from_secs(30);

/// A session.
pub(super) struct Session {
    running: Running,
    out: BufReader<ChildStdout>,
    /// Printed after each answer. Nobody can guess it, so no name or comment in an answer ends it.
    end: String,
    database: String,
    used: Instant,
}

impl Session {
    /// Opens it in a database.
    ///
    /// # Errors
    /// What psql says.
    pub(super) fn open(tools: &Tools, database: &str) -> Result<Self, String> {
        let mut command = tools.psql(database);
        command.stdin(Stdio::piped());
        let mut running = Running::start(tools, "psql", &mut command)?;
        let out = BufReader::new(running.child.stdout.take().ok_or("psql has no output")?);
        let end = format!("-- greenlight: the answer ends here {:032x} --", rand::random::<u128>());
        let mut session = Self { running, out, end, database: database.to_owned(), used: Instant::now() };
        session.ask(SETTINGS)?;
        Ok(session)
    }

    /// Goes on in another database, by a connection that is new to the server.
    ///
    /// # Errors
    /// It is not let in; the session is over then.
    pub(super) fn go_to(&mut self, database: &str) -> Result<(), String> {
        if self.database != database {
            self.send(&format!("\\connect -reuse-previous=on {}", identifier(&connection(database))))?;
            self.ask(SETTINGS)?;
            database.clone_into(&mut self.database);
        }
        Ok(())
    }

    /// Whether it was asked something a moment ago.
    pub(super) fn is_fresh(&self) -> bool {
        self.used.elapsed() < IDLE_MAX
    }

    /// From here on everything is answered from one snapshot, and row security hides no rows: it is an error if it would.
    ///
    /// # Errors
    /// What psql says.
    pub(super) fn snapshot(&mut self) -> Result<(), String> {
        self.ask(SNAPSHOT).map(drop)
    }

    /// What it answers.
    ///
    /// # Errors
    /// What psql says; the session is over then.
    pub(super) fn ask(&mut self, statement: &str) -> Result<String, String> {
        self.send(&format!("{statement};"))
    }

    /// What it answers. Of an error it says the number alone: the server's words quote what it does not like.
    ///
    /// # Errors
    /// The number; the session is over then.
    pub(super) fn ask_discreetly(&mut self, statement: &str) -> Result<String, String> {
        self.send(&format!("\\set VERBOSITY sqlstate\n{statement};\n\\set VERBOSITY default"))
    }

    fn send(&mut self, lines: &str) -> Result<String, String> {
        self.used = Instant::now();
        let input = self.running.child.stdin.as_mut().ok_or("psql has no input")?;
        // psql that has ended has said why; its output ends below.
        let _ = input.write_all(format!("{lines}\n\\echo '{}'\n", self.end).as_bytes()).and_then(|()| input.flush());
        let mut answer = String::new();
        loop {
            let mut line = String::new();
            let length = self.out.read_line(&mut line).map_err(|error| format!("psql: {error}"))?;
            match line.trim_end() {
                _ if length == 0 => return Err(self.over()),
                end if end == self.end => break,
                _ => answer.push_str(&line),
            }
        }
        self.used = Instant::now();
        Ok(answer.trim_end().to_owned())
    }

    /// Why it is over.
    fn over(&mut self) -> String {
        drop(self.running.child.stdin.take());
        self.running.why()
    }

    /// Rows of each table, counted.
    ///
    /// # Errors
    /// What psql says.
    pub(super) fn rows(&mut self) -> Result<BTreeMap<String, u64>, String> {
        let tables: Vec<String> = serde_json::from_str(&self.ask(TABLES)?)
            .map_err(|error| format!("psql lists tables as no JSON: {error}"))?;
        let mut rows = BTreeMap::new();
        for tables in tables.chunks(TABLES_AT_ONCE) {
            // Their names came quoted from the server.
            let counts: Vec<String> = tables.iter().map(|table| format!("SELECT count(*) FROM ONLY {table}")).collect();
            let counted = self.ask(&counts.join(";\n"))?;
            let counts: Option<Vec<u64>> = counted.lines().map(|count| count.parse().ok()).collect();
            let counts = counts.filter(|counts| counts.len() == tables.len());
            let counts = counts.ok_or_else(|| format!("psql counts {} tables as {counted:?}", tables.len()))?;
            rows.extend(tables.iter().cloned().zip(counts));
        }
        Ok(rows)
    }

    /// How many large objects there are.
    ///
    /// # Errors
    /// What psql says.
    pub(super) fn large_objects(&mut self) -> Result<u64, String> {
        let count = self.ask("SELECT count(*) FROM pg_catalog.pg_largeobject_metadata")?;
        count.parse().map_err(|_| format!("psql counts {count:?} large objects"))
    }

    /// Ends it.
    ///
    /// # Errors
    /// What psql says: the snapshot was lost before.
    pub(super) fn end(self) -> Result<(), String> {
        self.running.end()
    }
}
