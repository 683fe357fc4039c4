//! Keeping a database, and what must be true before it comes back.

use super::copy::{Copied, Copying, Tee, drop_it};
use super::exchange::Swap;
use super::head::{DUMP, Described, HEAD, Head, Tail};
use super::names::beside;
use super::room::room;
use super::running::Running;
use super::session::Session;
use super::sql::missing;
use super::stage::{can_be_restored, copy_is_good};
use super::tools::Tools;
use crate::failure::Failure;
use crate::rollback::archive::{Opened, end_part};
use crate::rollback::exchange::Exchange;
use crate::rollback::part::{Kept, Part};
use crate::rollback::site::Site;
use crate::rollback::writer::Writer;
use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::process::Stdio;

/// As it is written in `--only`.
pub(super) const NAME: &str = "database";
/// A migration that holds a table must not hold up the point for ever.
const LOCK_TIMEOUT_MS: u32 = 60_000;

/// The database that deployment.yaml names.
pub(in crate::rollback) struct Database<'a> {
    site: &'a Site,
    /// The point that is being made; nothing when one comes back.
    point: String,
    /// The copy that was made for it.
    made: RefCell<Option<Copied>>,
    /// Whoever makes it asks the server by these.
    tools: OnceCell<Tools>,
}

impl<'a> Database<'a> {
    /// For a point that is made, or, without a name, for one that comes back.
    pub(in crate::rollback) fn new(site: &'a Site, point: &str) -> Self {
        Self { site, point: point.to_owned(), made: RefCell::new(None), tools: OnceCell::new() }
    }

    fn tools(&self) -> Result<&Tools, Failure> {
        if self.tools.get().is_none() {
            let _ = self.tools.set(Tools::of(self.site)?);
        }
        self.tools.get().ok_or_else(|| Failure::unknown("nobody can ask the database"))
    }

    /// Dumps it, and restores the dump into a copy on the way if one is wanted.
    fn dump(&self, tools: &Tools, archive: &mut Writer) -> Result<Kept, String> {
        let mut session = Session::open(tools, tools.live())?;
        session.snapshot()?;
        let described = Described::by(&mut session)?;
        let rows = session.rows()?;
        let snapshot = session.ask("SELECT pg_export_snapshot()")?;
        let mut copying = match tools.spec().keep_copy {
            true => Some(Copying::begin(tools, &described, &self.point)?),
            false => None,
        };
        tools.rest();
        let copy = copying.as_ref().map(|copying| copying.copied.clone());
        self.made.replace(copy.clone());
        let head = Head { described, rows, copy: copy.clone() };
        let unwritten = |error: io::Error| format!("cannot write the archive: {error}");
        let text = serde_json::to_vec(&head).map_err(|error| error.to_string())?;
        let mut streams = BTreeMap::from([(HEAD.to_owned(), archive.stream(HEAD, &text[..]).map_err(unwritten)?)]);
        let mut command = tools.command("pg_dump", tools.live());
        command.args(["--format=custom", "--compress=0", &format!("--snapshot={snapshot}")]);
        command.arg(format!("--lock-wait-timeout={LOCK_TIMEOUT_MS}")).stdout(Stdio::piped());
        let mut dump = Running::start(tools, "pg_dump", &mut command)?;
        let from = dump.child.stdout.take().ok_or("pg_dump has no output")?;
        let mut tee = Tee { from, to: copying.as_mut().and_then(Copying::input), failed: false };
        let streamed = archive.stream(DUMP, &mut tee);
        let failed = tee.failed;
        drop(tee);
        let unrestored =
            |what: String| format!("the dump can't be restored into {}: {what}", beside(&self.point, "copy"));
        let streamed = match (streamed, &mut copying) {
            (Err(_), Some(copying)) if failed => return Err(unrestored(copying.why())),
            (streamed, _) => streamed.map_err(unwritten)?,
        };
        // A dump that ends early ends with an error, and so does one whose snapshot was lost.
        dump.end()?;
        session.end()?;
        let plain_bytes = streamed.bytes;
        streams.insert(DUMP.to_owned(), streamed);
        let restored = copying.is_some();
        copying.map_or(Ok(()), |copying| copying.end(tools, &head).map_err(unrestored))?;
        end_part(archive, NAME, streams, &Tail { restored }).map_err(unwritten)?;
        Ok(Kept { entries: head.rows.len(), plain_bytes, passed_over: vec![], copy })
    }

    /// What must be true before anything is made.
    fn ready(&self, opened: &Opened<'_>) -> Result<(Tools, Head), Failure> {
        let tools = Tools::of_restore(self.site)?;
        let head = Head::of(opened).map_err(Failure::refused)?;
        tools.are_of_the_server(&[])?;
        let about = &head.described;
        if about.name != tools.live() {
            return Err(Failure::usage(format!(
                "it was made of the database {}, and `rollback.database.name` is {}; write the right one",
                about.name,
                tools.live()
            )));
        }
        let extensions: Vec<&String> = about.extensions.keys().collect();
        let asked = missing(&about.roles, &extensions, &about.owner, &about.tablespace);
        let missing = tools.tell(asked).map_err(Failure::unknown)?;
        if !missing.is_empty() {
            return Err(Failure::usage(format!(
                "the server has not what the database needs: {}; make or grant it there first",
                missing.lines().collect::<Vec<_>>().join(", ")
            )));
        }
        Ok((tools, head))
    }
}

impl Part for Database<'_> {
    fn name(&self) -> &'static str {
        NAME
    }

    fn estimate(&self) -> Result<u64, Failure> {
        let tools = self.tools()?;
        tools.are_of_the_server(&["pg_dump", "pg_restore"])?;
        let asked = tools.visit(tools.live(), |session| session.ask("SELECT pg_database_size(current_database())"));
        let bytes = asked.map_err(Failure::unknown)?;
        let bytes = bytes.parse().map_err(|_| Failure::unknown(format!("psql says {bytes:?} of its size")))?;
        if tools.spec().keep_copy {
            room(tools, bytes)?;
        }
        Ok(bytes)
    }

    fn keep(&self, archive: &mut Writer) -> Result<Kept, Failure> {
        self.dump(self.tools()?, archive).map_err(Failure::unknown)
    }

    fn undo(&self) -> Result<(), String> {
        match self.made.take() {
            None => Ok(()),
            Some(copied) => self
                .tools()
                .map_err(|failure| failure.message)
                .and_then(|tools| tools.tell(drop_it(&copied.database)).map(drop))
                .map_err(|what| format!("the database {} is left: {what}; drop it", copied.database)),
        }
    }

    fn exchange(&self, opened: &Opened<'_>, point: &str) -> Result<Exchange, Failure> {
        let (tools, head) = self.ready(opened)?;
        if copy_is_good(&tools, &head).is_err() {
            can_be_restored(&tools, &head)?;
        }
        Ok(Exchange::Database(Swap::new(tools, point, true).map_err(Failure::usage)?))
    }

    /// Beside what is there, always from the archive: the copy is no proof of it.
    fn rehearsal(&self, opened: &Opened<'_>, point: &str, _: &Path) -> Result<Exchange, Failure> {
        let (tools, head) = self.ready(opened)?;
        can_be_restored(&tools, &head)?;
        Ok(Exchange::Database(Swap::new(tools, point, false).map_err(Failure::usage)?))
    }
}
