//! What comes, beside what is there: a database into which the archive is restored while it is read.

use super::copy::SEAL;
use super::head::{DUMP, Head, Tail};
use super::part::NAME;
use super::room::room;
use super::running::Running;
use super::sql::sealed;
use super::tools::Tools;
use crate::failure::Failure;
use crate::rollback::archive::Opened;
use std::io::{self, Write as _};
use std::process::Stdio;

/// What the archive wants and a copy does not: the tool, and room.
///
/// # Errors
/// [`Failure`]: one is missing.
pub(super) fn can_be_restored(tools: &Tools, head: &Head) -> Result<(), Failure> {
    tools.are_of_the_server(&["pg_restore"])?;
    room(tools, head.described.bytes)
}

/// `pg_restore` into an empty database, in one transaction: an error leaves it empty.
///
/// # Errors
/// It does not start.
pub(super) fn restoring(tools: &Tools, database: &str) -> Result<Running, String> {
    let mut command = tools.command("pg_restore", database);
    command.args(["--exit-on-error", "--single-transaction"]).stdin(Stdio::piped());
    Running::start(tools, "pg_restore", &mut command)
}

/// Makes the database and restores the archive into it. What is in it then is what was kept, and nobody is let in.
///
/// # Errors
/// What fails. The caller drops the database.
pub(super) fn restored(tools: &Tools, opened: &Opened<'_>, head: &Head, database: &str) -> Result<(), String> {
    tools.tell(head.described.create(database))?;
    tools.rest();
    let mut running = restoring(tools, database)?;
    let mut input = running.child.stdin.take().ok_or("pg_restore has no input")?;
    let mut refused = false;
    let read = opened.part::<Tail>(NAME, |stream, bytes| match stream {
        DUMP => input.write_all(bytes).inspect_err(|_| refused = true),
        _ => Ok::<(), io::Error>(()),
    });
    drop(input);
    match (read, refused) {
        (Err(_), true) => return Err(running.why()),
        (Err(what), false) => return Err(what),
        (Ok(_), _) => running.end()?,
    }
    head.is_in(tools, database)?;
    head.described.settle(tools, database, |_| Ok(()))
}

/// Whether the copy beside the database is still the one that was made: nobody was let into it since, so every row in it is
/// as it was when they were counted.
///
/// # Errors
/// Why not.
pub(super) fn copy_is_good(tools: &Tools, head: &Head) -> Result<u32, String> {
    let copied = head.copy.as_ref().ok_or("none was made")?;
    let name = &copied.database;
    let said = tools.tell(sealed(name, SEAL))?;
    match said.split_once('|') {
        None => Err(format!("{name} is not there any more")),
        Some((oid, _)) if oid.parse() != Ok(copied.oid) => {
            Err(format!("{name} is another database than the one that was made"))
        }
        Some((_, "t")) => Ok(copied.oid),
        Some(_) => Err(format!("{name} was altered since it was made, and somebody may have been let in")),
    }
}
