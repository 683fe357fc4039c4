//! What comes, beside what is there: a database into which the archive is restored while it is read.

use super::head::{DUMP, Head, Tail};
use super::names::identifier;
use super::part::NAME;
use super::tools::{Running, Tools};
use crate::rollback::archive::Opened;
use std::io::{self, Write as _};
use std::process::Stdio;

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
    head.described.settle(tools, database)?;
    tools.tell(format!("ALTER DATABASE {} ALLOW_CONNECTIONS false", identifier(database)))?;
    Ok(())
}

/// Whether the copy beside the database is still the one that was made, to the last row.
///
/// # Errors
/// Why not.
pub(super) fn copy_is_good(tools: &Tools, head: &Head) -> Result<u32, String> {
    let copied = head.copy.as_ref().ok_or("none was made")?;
    let name = &copied.database;
    match tools.oid(name)? {
        None => return Err(format!("{name} is not there any more")),
        Some(oid) if oid != copied.oid => return Err(format!("{name} is another database than the one that was made")),
        Some(_) => {}
    }
    let let_in = |yes: bool| tools.tell(format!("ALTER DATABASE {} ALLOW_CONNECTIONS {yes}", identifier(name)));
    let_in(true)?;
    let good = head.is_in(tools, name);
    let_in(false)?;
    good.map(|()| copied.oid)
}
