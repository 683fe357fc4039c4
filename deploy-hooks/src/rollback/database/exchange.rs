//! The exchange of a database that serves for one that was staged: two renames in one transaction.

use super::copy::drop_it;
use super::head::Head;
use super::names::{beside, identifier, text};
use super::sql::{allowed, terminate};
use super::stage::{copy_is_good, restored};
use super::tools::Tools;
use crate::rollback::archive::Opened;
use crate::rollback::exchange::Exchanging;
use crate::rollback::site::Site;
use serde::{Deserialize, Serialize};

/// A session that was told to end may need a moment, and Postgres itself waits five seconds for it each time.
const TRIES: usize = 6;

/// What is exchanged. Databases are known by their numbers: a name can be anybody's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::rollback) struct Swap {
    live: String,
    /// Where what comes is put together.
    stage: String,
    /// Where what was there lies until it is given up.
    aside: String,
    may_use_copy: bool,
    /// Whether what comes is the copy of the point. It stays if it does not come.
    is_copy: bool,
    /// The number of what comes, once it is complete.
    comes: Option<u32>,
    /// What is replaced, if there is anything.
    replaces: Option<Replaced>,
    tables: usize,
    rows: u64,
}

/// The database that is replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Replaced {
    oid: u32,
    /// Whether it let anybody in.
    allowed: bool,
}

impl Swap {
    /// Nothing is staged yet. From here on databases of these names are ours.
    ///
    /// # Errors
    /// There is one of such a name.
    pub(super) fn new(tools: &Tools, point: &str, may_use_copy: bool) -> Result<Self, String> {
        let [stage, aside] = ["new", "old"].map(|what| beside(point, what));
        for name in [&stage, &aside] {
            if tools.oid(name)?.is_some() {
                return Err(format!("there is a database {name} already, and nobody knows whose; rename or drop it"));
            }
        }
        let live = tools.live().to_owned();
        let (is_copy, comes, replaces) = (false, None, None);
        Ok(Self { live, stage, aside, may_use_copy, is_copy, comes, replaces, tables: 0, rows: 0 })
    }

    fn tools(site: &Site) -> Result<Tools, String> {
        Tools::of_restore(site).map_err(|failure| failure.message)
    }

    /// What comes is where it belongs.
    fn is_there(&self, tools: &Tools) -> Result<bool, String> {
        Ok(self.comes.is_some() && tools.oid(&self.live)? == self.comes)
    }

    /// Nobody is let in any more, whoever is in it is shown out, and it is renamed: again, until nobody is in the way.
    fn rename(&self, tools: &Tools, emptied: Option<&str>, renames: &str) -> Result<(), String> {
        let mut last = Ok(());
        for _ in 0..TRIES {
            if let Some(name) = emptied {
                let closed = format!("ALTER DATABASE {} ALLOW_CONNECTIONS false", identifier(name));
                tools.ask(tools.beside(), &[closed, terminate(name)])?;
            }
            last = tools.tell(renames).map(drop);
            match &last {
                Err(what) if what.contains("being accessed by other users") => {}
                _ => break,
            }
        }
        last
    }
}

impl Exchanging for Swap {
    fn stage(&mut self, site: &Site, opened: &Opened<'_>) -> Result<(), String> {
        let tools = Self::tools(site)?;
        let head = Head::of(opened)?;
        (self.tables, self.rows) = (head.rows.len(), head.rows.values().sum());
        if let Some(oid) = tools.oid(&self.live)? {
            self.replaces = Some(Replaced { oid, allowed: tools.tell(allowed(&self.live))? == "t" });
        }
        if let (true, Some(copied)) = (self.may_use_copy, &head.copy) {
            match copy_is_good(&tools, &head) {
                Ok(oid) => {
                    (self.stage, self.is_copy, self.comes) = (copied.database.clone(), true, Some(oid));
                    return Ok(());
                }
                Err(why) => {
                    say!("archive  the copy beside the database can't come back, the archive is restored: {why}")
                }
            }
        }
        restored(&tools, opened, &head, &self.stage)?;
        self.comes = tools.oid(&self.stage)?;
        self.comes.map(drop).ok_or_else(|| format!("the database {} is gone again", self.stage))
    }

    fn forward(&self, site: &Site) -> Result<(), String> {
        let tools = Self::tools(site)?;
        if self.is_there(&tools)? {
            return Ok(());
        }
        let there = tools.oid(&self.live)?;
        if there != self.replaces.map(|replaced| replaced.oid) {
            return Err(format!("{} is another database than a moment ago; somebody else is at work", self.live));
        }
        let [live, stage, aside] = [&self.live, &self.stage, &self.aside].map(|name| identifier(name));
        let away = there.map_or(String::new(), |_| format!("ALTER DATABASE {live} RENAME TO {aside}; "));
        let renames =
            format!("{away}ALTER DATABASE {stage} RENAME TO {live}; ALTER DATABASE {live} ALLOW_CONNECTIONS true");
        self.rename(&tools, there.map(|_| self.live.as_str()), &renames)
    }

    fn back(&self, site: &Site) -> Result<(), String> {
        let tools = Self::tools(site)?;
        let [live, stage, aside] = [&self.live, &self.stage, &self.aside].map(|name| identifier(name));
        let Some(replaced) = self.replaces else {
            return match self.is_there(&tools)? {
                true => self.rename(&tools, Some(&self.live), &format!("ALTER DATABASE {live} RENAME TO {stage}")),
                false => Ok(()),
            };
        };
        let let_in = format!("ALTER DATABASE {live} ALLOW_CONNECTIONS {}", replaced.allowed);
        if self.is_there(&tools)? {
            let renames =
                format!("ALTER DATABASE {live} RENAME TO {stage}; ALTER DATABASE {aside} RENAME TO {live}; {let_in}");
            return self.rename(&tools, Some(&self.live), &renames);
        }
        match tools.oid(&self.live)? == Some(replaced.oid) {
            true => tools.tell(let_in).map(drop),
            false => Err(format!("{} is neither what was there nor what comes; somebody else is at work", self.live)),
        }
    }

    fn has_come(&self, site: &Site) -> Result<bool, String> {
        self.is_there(&Self::tools(site)?)
    }

    /// What came was counted to the last row before anybody was let in; by now whoever writes there may have begun again.
    fn verified(&self, site: &Site, _: &Opened<'_>) -> Result<(), String> {
        let tools = Self::tools(site)?;
        let asked = format!("SELECT oid FROM pg_catalog.pg_database WHERE datname = {}", text(&self.live));
        let found = tools.ask(&self.live, &[asked])?;
        match found.parse().ok() == self.comes {
            true => Ok(()),
            false => Err(format!("{} is not the database that was restored", self.live)),
        }
    }

    /// Staging has counted it.
    fn rehearsed(&self, site: &Site, opened: &Opened<'_>) -> Result<(), String> {
        let tools = Self::tools(site)?;
        let let_in =
            |yes: bool| tools.tell(format!("ALTER DATABASE {} ALLOW_CONNECTIONS {yes}", identifier(&self.stage)));
        let_in(true)?;
        Head::of(opened)?.is_in(&tools, &self.stage)
    }

    fn end(&self, site: &Site) -> Result<(), String> {
        let tools = Self::tools(site)?;
        if self.is_there(&tools)? {
            return match self.replaces {
                Some(replaced) if tools.oid(&self.aside)? == Some(replaced.oid) => {
                    tools.tell(drop_it(&self.aside)).map(drop)
                }
                _ => Ok(()),
            };
        }
        match (self.is_copy, self.comes, tools.oid(&self.stage)?) {
            (true, ..) | (_, _, None) => Ok(()),
            (false, Some(comes), Some(oid)) if comes != oid => {
                Err(format!("{} is another database than the one that was staged; look at it", self.stage))
            }
            (false, _, Some(_)) => tools.tell(drop_it(&self.stage)).map(drop),
        }
    }

    fn about(&self) -> Vec<String> {
        let from = if self.is_copy { "the copy beside it" } else { "its archive" };
        vec![format!("{}: {} tables, {} rows, from {from}", self.live, self.tables, self.rows)]
    }
}
