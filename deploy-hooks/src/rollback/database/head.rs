//! What an archive of a database begins with: all that is needed to make a database like it, and what must be in it then.

use super::copy::Copied;
use super::names::{identifier, text};
use super::part::NAME;
use super::session::Session;
use super::sql::DESCRIBE;
use super::tools::Tools;
use crate::rollback::archive::Opened;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io;

/// The stream with the head, and the one with the dump as `pg_dump -Fc` writes it.
pub(super) const HEAD: &str = "head";
/// See [`HEAD`].
pub(super) const DUMP: &str = "dump";
/// A name and a count for each of a hundred thousand tables.
const HEAD_BYTES_MAX: usize = 64 << 20;

/// What the server says of a database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Described {
    pub(super) server: String,
    pub(super) name: String,
    pub(super) owner: String,
    pub(super) encoding: String,
    pub(super) collate: String,
    pub(super) ctype: String,
    /// `c`, `i` or `b`; servers before 15 know only the first.
    pub(super) provider: Option<String>,
    /// Of the providers `i` and `b`.
    pub(super) locale: Option<String>,
    pub(super) tablespace: String,
    pub(super) bytes: u64,
    pub(super) large_objects: u64,
    pub(super) extensions: BTreeMap<String, String>,
    /// Whoever owns something in it, or may do something there.
    pub(super) roles: Vec<String>,
    /// Statements: what stands before and behind the name of the database.
    pub(super) properties: Vec<(String, String)>,
}

/// The head.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Head {
    pub(super) described: Described,
    /// Of each table, as it is written in SQL.
    pub(super) rows: BTreeMap<String, u64>,
    /// The copy beside it, if one was made.
    pub(super) copy: Option<Copied>,
}

/// The end of an archive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Tail {
    /// Whether the dump was restored into a copy while it was written.
    pub(super) restored: bool,
}

impl Described {
    /// The database of a session.
    ///
    /// # Errors
    /// What psql says.
    pub(super) fn by(session: &mut Session) -> Result<Self, String> {
        serde_json::from_str(&session.ask(DESCRIBE)?)
            .map_err(|error| format!("what psql says of the database is no JSON as expected: {error}"))
    }

    /// Makes an empty one like it.
    pub(super) fn create(&self, name: &str) -> String {
        let locale = match (self.provider.as_deref(), &self.locale) {
            (Some("i"), Some(locale)) => format!(" LOCALE_PROVIDER icu ICU_LOCALE {}", text(locale)),
            (Some("b"), Some(locale)) => format!(" LOCALE_PROVIDER builtin BUILTIN_LOCALE {}", text(locale)),
            _ => String::new(),
        };
        format!(
            "CREATE DATABASE {} TEMPLATE template0 OWNER {} ENCODING {} LC_COLLATE {} LC_CTYPE {}{locale} TABLESPACE {}",
            identifier(name),
            identifier(&self.owner),
            text(&self.encoding),
            text(&self.collate),
            text(&self.ctype),
            identifier(&self.tablespace),
        )
    }

    /// Gives it its rights and settings, which a dump does not hold, and lets nobody in: all of it or nothing. Values of
    /// settings may be secrets; no error quotes one.
    ///
    /// # Errors
    /// Which one is refused.
    pub(super) fn settle(
        &self,
        tools: &Tools,
        database: &str,
        last: impl FnOnce(&mut Session) -> Result<(), String>,
    ) -> Result<(), String> {
        let name = identifier(database);
        tools.within(tools.beside(), |session| {
            session.ask("BEGIN")?;
            for (before, behind) in &self.properties {
                let statement = format!("{before}{name}{behind}");
                session.ask_discreetly(&statement).map_err(|why| unsettled(before, behind, &why))?;
            }
            session.ask(&format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false"))?;
            last(session)?;
            session.ask("COMMIT").map(drop)
        })
    }
}

/// A statement up to its value, and what became of it.
fn unsettled(before: &str, behind: &str, why: &str) -> String {
    let words = format!("{before}…{}", behind.split('\'').next().unwrap_or_default());
    format!(
        "the server refuses `{} …`, whose value is not shown: {why}, which is an SQLSTATE; mend what is missing there, or take it from the database with RESET and make the point again",
        words.trim_end()
    )
}

impl Head {
    /// Holds what is in a database against it.
    ///
    /// # Errors
    /// What is not as it was.
    pub(super) fn is_in(&self, tools: &Tools, database: &str) -> Result<(), String> {
        let (rows, large) = tools.visit(database, |session| {
            session.snapshot()?;
            Ok((session.rows()?, session.large_objects()?))
        })?;
        for (table, wanted) in &self.rows {
            match rows.get(table) {
                Some(found) if found == wanted => {}
                Some(found) => return Err(format!("{table} has {found} rows in {database}, and {wanted} were kept")),
                None => return Err(format!("{table} is not in {database}, and {wanted} rows of it were kept")),
            }
        }
        if let Some(more) = rows.keys().find(|table| !self.rows.contains_key(*table)) {
            return Err(format!("{more} is in {database}, and was not kept"));
        }
        match large == self.described.large_objects {
            true => Ok(()),
            false => {
                Err(format!("{large} large objects are in {database}, and {} were kept", self.described.large_objects))
            }
        }
    }

    /// At the beginning of an archive that is believed.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn of(opened: &Opened<'_>) -> Result<Self, String> {
        read(&opened.first(HEAD, HEAD_BYTES_MAX)?)
    }
}

fn read(text: &[u8]) -> Result<Head, String> {
    serde_json::from_slice(text).map_err(|error| format!("its head is none: {error}"))
}

/// What is in an archive, a line each.
///
/// # Errors
/// What is wrong with it.
pub(in crate::rollback) fn held(opened: &Opened<'_>) -> Result<Vec<String>, String> {
    let (mut text, mut begin) = (Vec::new(), Vec::new());
    let tail: Tail = opened.part(NAME, |stream, bytes| {
        match stream {
            HEAD if text.len() + bytes.len() <= HEAD_BYTES_MAX => text.extend_from_slice(bytes),
            DUMP if begin.len() < MAGIC.len() => begin.extend_from_slice(bytes),
            DUMP => {}
            _ => return Err(io::Error::other("a stream that nobody put in")),
        }
        Ok(())
    })?;
    if !begin.starts_with(MAGIC) {
        return Err("what it holds was not written by pg_dump".to_owned());
    }
    let Head { described: about, rows, .. } = read(&text)?;
    let mut lines = vec![
        format!(
            "{} of Postgres {}, owner {}, {} {} {}",
            about.name, about.server, about.owner, about.encoding, about.collate, about.ctype
        ),
        format!("{} bytes on disk, {} large objects", about.bytes, about.large_objects),
    ];
    lines.extend(about.extensions.iter().map(|(name, version)| format!("extension {name} {version}")));
    lines.extend(rows.iter().map(|(table, rows)| format!("table {table}: {rows} rows")));
    lines.push(match tail.restored {
        true => "it was restored into a copy while it was written".to_owned(),
        false => "nobody has restored it yet".to_owned(),
    });
    Ok(lines)
}

/// With which a dump in the custom format begins.
const MAGIC: &[u8] = b"PGDMP";

#[cfg(test)]
mod tests {
    use super::Described;
    use std::collections::BTreeMap;

    /// As the manual of Postgres 15 has it, CREATE DATABASE.
    #[test]
    fn a_database_like_it() {
        let described = Described {
            server: "15.18".into(),
            name: "application".into(),
            owner: "ow\"ner".into(),
            encoding: "UTF8".into(),
            collate: "C".into(),
            ctype: "C.utf8".into(),
            provider: Some("i".into()),
            locale: Some("de-DE".into()),
            tablespace: "pg_default".into(),
            bytes: 1,
            large_objects: 0,
            extensions: BTreeMap::new(),
            roles: vec![],
            properties: vec![],
        };
        assert_eq!(
            described.create("glt_a_new"),
            r#"CREATE DATABASE "glt_a_new" TEMPLATE template0 OWNER "ow""ner" ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C.utf8' LOCALE_PROVIDER icu ICU_LOCALE 'de-DE' TABLESPACE "pg_default""#
        );
    }
}
