//! A session of psql that stays open: everything that is asked in it is answered from one snapshot, and a dump can be made
//! from the same one.

use super::sql::TABLES;
use super::tools::{Running, Tools};
use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{ChildStdout, Stdio};

/// Printed after each answer.
const END: &str = "-- greenlight: the answer ends here --";

/// A session.
pub(super) struct Session {
    running: Running,
    out: BufReader<ChildStdout>,
}

impl Session {
    /// Opens it in a database. Row security does not hide rows from it: it is an error if that would.
    ///
    /// # Errors
    /// What psql says.
    pub(super) fn open(tools: &Tools, database: &str) -> Result<Self, String> {
        let mut command = tools.psql(database);
        command.arg("--file=-").stdin(Stdio::piped());
        let mut running = Running::start(tools, "psql", &mut command)?;
        let out = running.child.stdout.take().ok_or("psql has no output")?;
        let mut session = Self { running, out: BufReader::new(out) };
        session.ask(
            "SET client_encoding = 'UTF8'; SET row_security = off; SET search_path = ''; SET statement_timeout = 0; \
             SET idle_in_transaction_session_timeout = 0; BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        )?;
        Ok(session)
    }

    /// What it answers.
    ///
    /// # Errors
    /// What psql says; the session is over then.
    pub(super) fn ask(&mut self, statement: &str) -> Result<String, String> {
        let input = self.running.child.stdin.as_mut().ok_or("psql has no input")?;
        // psql that has ended has said why; its output ends below.
        let _ = input.write_all(format!("{statement};\n\\echo '{END}'\n").as_bytes()).and_then(|()| input.flush());
        let mut answer = String::new();
        loop {
            let mut line = String::new();
            let length = self.out.read_line(&mut line).map_err(|error| format!("psql: {error}"))?;
            match line.trim_end() {
                _ if length == 0 => return Err(self.over()),
                END => return Ok(answer.trim_end().to_owned()),
                _ => answer.push_str(&line),
            }
        }
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
        for table in tables {
            // Its name came quoted from the server.
            let count = self.ask(&format!("SELECT count(*) FROM ONLY {table}"))?;
            let count = count.parse().map_err(|_| format!("psql counts {count:?} rows in {table}"))?;
            rows.insert(table, count);
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
