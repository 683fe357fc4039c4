//! The exchange of a database that serves for one that was staged: two renames in one transaction.

use super::asking::Asking;
use super::copy::{drop_it, unsealed};
use super::head::Head;
use super::names::{beside, identifier, text};
use super::sql::{allowed, name, terminate};
use super::stage::{can_be_restored, copy_is_good, restored};
use super::tools::Tools;
use crate::rollback::archive::Opened;
use crate::rollback::exchange::Exchanging;
use crate::rollback::site::Site;
use serde::{Deserialize, Serialize};

/// A session that was told to end may need a moment, and Postgres itself waits five seconds for it each time.
const TRIES: usize = 6;
/// As it says then.
const OTHERS: &str = "being accessed by other users";

/// What is exchanged. Databases are known by their numbers: a name can be anybody's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::rollback) struct Swap {
    live: String,
    /// Where what comes is put together, and where it lies when it has come and was put back.
    stage: String,
    /// Where what was there lies until it is given up.
    aside: String,
    may_use_copy: bool,
    /// The copy of the point, if that is what comes. It stays if it does not come; once it has served it is no copy any more.
    copy: Option<String>,
    /// The number of what comes, once it is complete.
    comes: Option<u32>,
    /// What is replaced, if there is anything.
    replaces: Option<Replaced>,
    tables: usize,
    rows: u64,
    #[serde(skip)]
    asking: Asking,
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
    pub(super) fn new(tools: Tools, point: &str, may_use_copy: bool) -> Result<Self, String> {
        let [stage, aside] = ["new", "old"].map(|what| beside(point, what));
        for name in [&stage, &aside] {
            if tools.oid(name)?.is_some() {
                return Err(format!("there is a database {name} already, and nobody knows whose; rename or drop it"));
            }
        }
        let live = tools.live().to_owned();
        let asking = Asking::by(tools);
        let (copy, comes, replaces) = (None, None, None);
        Ok(Self { live, stage, aside, may_use_copy, copy, comes, replaces, tables: 0, rows: 0, asking })
    }

    /// Restores the archive where what comes is put together.
    fn put_together(&self, tools: &Tools, opened: &Opened<'_>, head: &Head) -> Result<Option<u32>, String> {
        restored(tools, opened, head, &self.stage)?;
        let comes = tools.oid(&self.stage)?;
        comes.map(Some).ok_or_else(|| format!("the database {} is gone again", self.stage))
    }

    /// The statements by which what comes gets its name.
    fn arrival(&self, tools: &Tools) -> Result<Vec<String>, String> {
        let comes = self.comes.ok_or("what comes is not complete")?;
        let found = tools.tell(name(comes))?;
        let is_copy = self.copy.as_ref() == Some(&found);
        if !is_copy && found != self.stage {
            return Err(format!("what comes is not called {} any more; somebody else is at work", self.stage));
        }
        let (from, live) = (identifier(&found), identifier(&self.live));
        let mut statements = vec![format!("ALTER DATABASE {from} RENAME TO {live}")];
        if is_copy {
            statements.push(unsealed(tools, &found, &self.live)?);
        }
        statements.push(format!("ALTER DATABASE {live} ALLOW_CONNECTIONS true"));
        Ok(statements)
    }

    /// What comes is where it belongs.
    fn is_there(&self, tools: &Tools) -> Result<bool, String> {
        Ok(self.comes.is_some() && tools.oid(&self.live)? == self.comes)
    }

    /// Nobody is let in any more, whoever is in it is shown out, and it is renamed: again, until nobody is in the way.
    fn rename(&self, tools: &Tools, emptied: Option<&str>, renames: &[String]) -> Result<(), String> {
        let mut last = Ok(());
        for _ in 0..TRIES {
            if let Some(name) = emptied {
                let closed = format!("ALTER DATABASE {} ALLOW_CONNECTIONS false", identifier(name));
                tools.tell(closed)?;
                tools.tell(terminate(name))?;
            }
            last = tools.tell_at_once(renames);
            match &last {
                // A prepared transaction can't be shown out.
                Err(what) if what.contains(OTHERS) && !what.contains("prepared transaction") => {}
                _ => break,
            }
        }
        last
    }
}

impl Exchanging for Swap {
    fn stage(&mut self, site: &Site, opened: &Opened<'_>) -> Result<(), String> {
        let head = Head::of(opened)?;
        (self.tables, self.rows) = (head.rows.len(), head.rows.values().sum());
        let tools = self.asking.of(site)?;
        let replaces = match tools.oid(&self.live)? {
            Some(oid) => Some(Replaced { oid, allowed: tools.tell(allowed(&self.live))? == "t" }),
            None => None,
        };
        let good = match (self.may_use_copy, &head.copy) {
            (true, Some(copied)) => copy_is_good(tools, &head).map(|oid| Some((copied.database.clone(), oid))),
            _ => Ok(None),
        };
        let (copy, comes) = match good {
            Ok(Some((copy, oid))) => (Some(copy), Some(oid)),
            Ok(None) => (None, self.put_together(tools, opened, &head)?),
            Err(why) => {
                say!("archive  the copy beside the database can't come back, the archive is restored: {why}");
                can_be_restored(tools, &head).map_err(|failure| failure.message)?;
                (None, self.put_together(tools, opened, &head)?)
            }
        };
        (self.replaces, self.copy, self.comes) = (replaces, copy, comes);
        Ok(())
    }

    fn forward(&self, site: &Site) -> Result<(), String> {
        let tools = self.asking.of(site)?;
        if self.is_there(tools)? {
            return Ok(());
        }
        let there = tools.oid(&self.live)?;
        if there != self.replaces.map(|replaced| replaced.oid) {
            return Err(format!("{} is another database than a moment ago; somebody else is at work", self.live));
        }
        let [live, aside] = [&self.live, &self.aside].map(|name| identifier(name));
        let away = there.map(|_| format!("ALTER DATABASE {live} RENAME TO {aside}"));
        let renames: Vec<String> = away.into_iter().chain(self.arrival(tools)?).collect();
        self.rename(tools, there.map(|_| self.live.as_str()), &renames)
    }

    fn back(&self, site: &Site) -> Result<(), String> {
        let tools = self.asking.of(site)?;
        let [live, stage, aside] = [&self.live, &self.stage, &self.aside].map(|name| identifier(name));
        let Some(replaced) = self.replaces else {
            return match self.is_there(tools)? {
                true => self.rename(tools, Some(&self.live), &[format!("ALTER DATABASE {live} RENAME TO {stage}")]),
                false => Ok(()),
            };
        };
        let let_in = format!("ALTER DATABASE {live} ALLOW_CONNECTIONS {}", replaced.allowed);
        if self.is_there(tools)? {
            let away = format!("ALTER DATABASE {live} RENAME TO {stage}");
            let back = format!("ALTER DATABASE {aside} RENAME TO {live}");
            return self.rename(tools, Some(&self.live), &[away, back, let_in]);
        }
        match tools.oid(&self.live)? == Some(replaced.oid) {
            true => tools.tell(let_in).map(drop),
            false => Err(format!("{} is neither what was there nor what comes; somebody else is at work", self.live)),
        }
    }

    fn has_come(&self, site: &Site) -> Result<bool, String> {
        let tools = self.asking.of(site)?;
        let has_come = self.is_there(tools)?;
        // Now the suites are asked, perhaps.
        tools.rest();
        Ok(has_come)
    }

    /// What came was counted to the last row before anybody was let in; by now whoever writes there may have begun again.
    fn verified(&self, site: &Site, _: &Opened<'_>) -> Result<(), String> {
        let tools = self.asking.of(site)?;
        let asked = format!("SELECT oid FROM pg_catalog.pg_database WHERE datname = {}", text(&self.live));
        let found = tools.visit(&self.live, |session| session.ask(&asked))?;
        tools.rest();
        match found.parse().ok() == self.comes {
            true => Ok(()),
            false => Err(format!("{} is not the database that was restored", self.live)),
        }
    }

    /// Staging has counted it.
    fn rehearsed(&self, site: &Site, opened: &Opened<'_>) -> Result<(), String> {
        let tools = self.asking.of(site)?;
        let let_in =
            |yes: bool| tools.tell(format!("ALTER DATABASE {} ALLOW_CONNECTIONS {yes}", identifier(&self.stage)));
        let_in(true)?;
        Head::of(opened)?.is_in(tools, &self.stage)
    }

    fn end(&self, site: &Site) -> Result<(), String> {
        let tools = self.asking.of(site)?;
        if self.is_there(tools)? {
            return match self.replaces {
                Some(replaced) if tools.oid(&self.aside)? == Some(replaced.oid) => {
                    tools.tell(drop_it(&self.aside)).map(drop)
                }
                _ => Ok(()),
            };
        }
        match (self.comes, tools.oid(&self.stage)?) {
            (_, None) => Ok(()),
            (Some(comes), Some(oid)) if comes != oid => {
                Err(format!("{} is another database than the one that was staged; look at it", self.stage))
            }
            (_, Some(_)) => {
                tools.tell(drop_it(&self.stage))?;
                if let Some(copy) = &self.copy {
                    say!("dropped  {copy} has served and is no copy any more; the next restore takes the archive");
                }
                Ok(())
            }
        }
    }

    fn about(&self) -> Vec<String> {
        let from = if self.copy.is_some() { "the copy beside it" } else { "its archive" };
        vec![format!("{}: {} tables, {} rows, from {from}", self.live, self.tables, self.rows)]
    }
}
