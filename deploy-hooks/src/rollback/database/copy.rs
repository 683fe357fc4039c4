//! The copy of a database that a point may keep beside it: restored from the very dump that is being written.

use super::head::{Described, Head};
use super::names::{beside, identifier, text};
use super::running::Running;
use super::session::Session;
use super::sql::{comment, terminate};
use super::stage::restoring;
use super::tools::Tools;
use crate::rollback::site::Site;
use serde::{Deserialize, Serialize};
use std::io::{self, Read, Write as _};
use std::process::ChildStdin;

/// So begins the comment of a copy that is complete. The transaction follows that let nobody in any more, and on the next
/// line what its comment will be.
pub(super) const SEAL: &str = "greenlight sealed this copy in transaction ";

/// A copy, by its name and number: another database of that name is none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::rollback) struct Copied {
    pub(in crate::rollback) database: String,
    pub(in crate::rollback) oid: u32,
}

/// A copy that is being restored.
pub(super) struct Copying {
    pub(super) copied: Copied,
    /// Its comment until then.
    mark: String,
    running: Running,
}

impl Copying {
    /// Makes it, still empty. What a point of that name that was killed in the making has left is removed.
    ///
    /// # Errors
    /// What psql says, or there is a database of that name which nobody knows.
    pub(super) fn begin(tools: &Tools, like: &Described, point: &str) -> Result<Self, String> {
        let database = beside(point, "copy");
        let mark = format!("greenlight is making the point {point} of {}", tools.live());
        let marked = text(&mark);
        let found = tools.tell(format!(
            "SELECT coalesce(shobj_description(oid, 'pg_database'), '') = {marked} FROM pg_catalog.pg_database WHERE datname = {}",
            text(&database)
        ))?;
        match found.as_str() {
            "" => {}
            "t" => _ = tools.tell(drop_it(&database))?,
            _ => {
                return Err(format!(
                    "there is a database {database} already, and it is not being made by this; drop it, or choose another name for the point"
                ));
            }
        }
        tools.tell(like.create(&database))?;
        tools.tell(format!("COMMENT ON DATABASE {} IS {marked}", identifier(&database)))?;
        let oid = tools.oid(&database)?.ok_or_else(|| format!("{database} is gone again"))?;
        let running = restoring(tools, &database)?;
        Ok(Self { copied: Copied { database, oid }, mark, running })
    }

    /// Where the dump goes.
    pub(super) fn input(&mut self) -> Option<ChildStdin> {
        self.running.child.stdin.take()
    }

    /// Why it has ended too early.
    pub(super) fn why(&mut self) -> String {
        self.running.why()
    }

    /// The whole dump was handed on: it is in it, to the last row, and nobody is let in until it is wanted. By its seal it is
    /// known whether that was so all the time.
    ///
    /// # Errors
    /// What is not.
    pub(super) fn end(self, tools: &Tools, head: &Head) -> Result<(), String> {
        self.running.end()?;
        let name = &self.copied.database;
        head.is_in(tools, name)?;
        head.described.settle(tools, name, |session| seal(session, name, &self.mark))?;
        tools.tell(terminate(name)).map(drop)
    }
}

/// In the transaction that lets nobody in any more.
fn seal(session: &mut Session, name: &str, mark: &str) -> Result<(), String> {
    let own = commented(&session.ask(&comment(name))?)?.filter(|own| own != mark).unwrap_or_default();
    let by = session.ask(&format!("SELECT xmin FROM pg_catalog.pg_database WHERE datname = {}", text(name)))?;
    let sealed = text(&format!("{SEAL}{by}\n{own}"));
    session.ask(&format!("COMMENT ON DATABASE {} IS {sealed}", identifier(name))).map(drop)
}

/// The statement that gives a copy its own comment, under the name by which it comes.
///
/// # Errors
/// What psql says.
pub(super) fn unsealed(tools: &Tools, copy: &str, comes_as: &str) -> Result<String, String> {
    let comment = commented(&tools.tell(comment(copy))?)?.unwrap_or_default();
    let own = comment.split_once('\n').map_or("", |(_, own)| own);
    Ok(format!("COMMENT ON DATABASE {} IS {}", identifier(comes_as), text(own)))
}

fn commented(said: &str) -> Result<Option<String>, String> {
    serde_json::from_str(said).map_err(|error| format!("what psql says of a comment is no JSON: {error}"))
}

/// Drops a database, whoever is in it.
pub(super) fn drop_it(database: &str) -> String {
    format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", identifier(database))
}

/// Removes the copy of a point that is no more, and says whether it was there.
///
/// # Errors
/// It can't be reached or removed.
pub(in crate::rollback) fn forget(site: &Site, copied: &Copied) -> Result<bool, String> {
    let tools = Tools::of(site).map_err(|failure| failure.message)?;
    let there = tools.oid(&copied.database)? == Some(copied.oid) && copied.database != tools.live();
    if there {
        tools.tell(drop_it(&copied.database))?;
    }
    Ok(there)
}

/// Hands on what is read.
pub(super) struct Tee<R> {
    pub(super) from: R,
    pub(super) to: Option<ChildStdin>,
    /// It could not be handed on.
    pub(super) failed: bool,
}

impl<R: Read> Read for Tee<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.from.read(buffer)?;
        if let Some(to) = &mut self.to {
            let handed = to.write_all(&buffer[..length]);
            self.failed = handed.is_err();
            handed?;
        }
        Ok(length)
    }
}
