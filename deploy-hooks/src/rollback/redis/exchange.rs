//! All keys that last are exchanged in one transaction, and which ones are in place is written in the same.

use super::super::archive::Opened;
use super::super::exchange::Exchanging;
use super::super::site::Site;
use super::keys::{All, HASHES, all, beginning, contents, differences, present};
use super::part::read;
use super::server::{connect, said, would_take};
use crate::failure::Failure;
use rand::random;
use redis::aio::MultiplexedConnection;
use redis::{Cmd, RedisError, cmd, pipe};
use serde::{Deserialize, Serialize};

/// A transaction that somebody has written into is begun again; LiveKit writes these keys when somebody changes a trunk.
const TRIES: usize = 20;

/// What is exchanged: names only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct Keys {
    /// The point's name: keys that are not LiveKit's carry it.
    point: String,
    /// What the mark holds when what comes is in place: another restore has another.
    mark: String,
    /// The names of what comes.
    comes: Vec<String>,
}

impl Keys {
    pub(super) fn new(point: &str, comes: Vec<String>) -> Self {
        Self { point: point.to_owned(), mark: format!("{:016x}", random::<u64>()), comes }
    }

    fn marked(&self) -> String {
        format!("greenlight:{}:come", self.point)
    }

    fn staged(&self, key: &str) -> String {
        format!("greenlight:{}:new:{key}", self.point)
    }

    fn replaced(&self, key: &str) -> String {
        format!("greenlight:{}:old:{key}", self.point)
    }

    /// Nobody else is at it, and Redis would take every command.
    ///
    /// # Errors
    /// [`Failure`]: it can't come. Nothing was changed.
    pub(super) async fn can_come(
        &self,
        connection: &mut MultiplexedConnection,
        kept: &All,
        there: &[String],
    ) -> Result<(), Failure> {
        let of_another = |error: RedisError| said(&error);
        let mark: Option<String> = cmd("GET").arg(self.marked()).query_async(connection).await.map_err(of_another)?;
        let old = beginning(connection, &self.replaced("")).await.map_err(of_another)?;
        if mark.is_some() || !old.is_empty() {
            return Err(Failure::usage(format!(
                "Redis has keys greenlight:{}:…, so a restore of this point is under way from another store; end it there (`greenlight rollback resume` or `abort`), or remove those keys if that store is gone",
                self.point
            )));
        }
        let mut commands = Vec::new();
        for (key, held) in kept {
            let staged = self.staged(key);
            commands.extend(held.written(&staged).map_err(Failure::refused)?);
            commands.push(rename(&staged, key));
            commands.push(rename(key, &staged));
            commands.push(cmd("DEL").arg(&staged).clone());
        }
        for key in there {
            commands.push(rename(key, &self.replaced(key)));
            commands.push(rename(&self.replaced(key), key));
            commands.push(cmd("DEL").arg(self.replaced(key)).clone());
        }
        commands.push(cmd("SET").arg(self.marked()).arg(&self.mark).clone());
        commands.push(cmd("DEL").arg(self.marked()).clone());
        would_take(connection, &commands).await
    }

    /// Whether what comes is in place.
    async fn come(&self, connection: &mut MultiplexedConnection) -> Result<bool, String> {
        let mark: Option<String> = cmd("GET").arg(self.marked()).query_async(connection).await.map_err(text)?;
        match mark {
            None => Ok(false),
            Some(mark) if mark == self.mark => Ok(true),
            Some(_) => Err(format!("{} belongs to a restore from another store; end that first", self.marked())),
        }
    }

    /// One way or the other, unless it was gone already. Whatever is looked at is watched: if anybody writes in between,
    /// Redis does nothing and all is looked at again.
    async fn moved(&self, site: &Site, forward: bool) -> Result<(), String> {
        let mut connection = connect(site).await.map_err(|failure| failure.to_string())?;
        let connection = &mut connection;
        for _ in 0..TRIES {
            let mut watch = cmd("WATCH");
            watch.arg(self.marked()).arg(&HASHES);
            let () = watch.query_async(connection).await.map_err(text)?;
            if self.come(connection).await? == forward {
                let () = cmd("UNWATCH").query_async(connection).await.map_err(text)?;
                return Ok(());
            }
            let there: Vec<String> = present(connection).await.map_err(text)?.into_keys().collect();
            if !there.is_empty() {
                let () = cmd("WATCH").arg(&there).query_async(connection).await.map_err(text)?;
            }
            let commands =
                if forward { self.forth(connection, &there).await? } else { self.back(connection, &there).await? };
            let mut exchange = pipe();
            exchange.atomic();
            commands.into_iter().for_each(|command| _ = exchange.add_command(command).ignore());
            let done: Option<()> = exchange.query_async(connection).await.map_err(text)?;
            if done.is_some() {
                return Ok(());
            }
        }
        Err(format!(
            "LiveKit's keys were written {TRIES} times while they were exchanged; run it again when nobody changes trunks"
        ))
    }

    async fn forth(&self, connection: &mut MultiplexedConnection, there: &[String]) -> Result<Vec<Cmd>, String> {
        let staged = beginning(connection, &self.staged("")).await.map_err(text)?;
        if let Some(lost) = self.comes.iter().find(|key| !staged.contains(&self.staged(key))) {
            return Err(format!(
                "{} is gone, so Redis has lost what was put there; `greenlight rollback abort`, then run it again",
                self.staged(lost)
            ));
        }
        let mut commands: Vec<Cmd> = there.iter().map(|key| rename(key, &self.replaced(key))).collect();
        commands.extend(self.comes.iter().map(|key| rename(&self.staged(key), key)));
        commands.push(cmd("SET").arg(self.marked()).arg(&self.mark).clone());
        Ok(commands)
    }

    async fn back(&self, connection: &mut MultiplexedConnection, there: &[String]) -> Result<Vec<Cmd>, String> {
        let before = self.replaced("");
        let old = beginning(connection, &before).await.map_err(text)?;
        let mut commands: Vec<Cmd> = there.iter().map(|key| rename(key, &self.staged(key))).collect();
        commands.extend(old.iter().map(|name| rename(name, &name[before.len()..])));
        commands.push(cmd("DEL").arg(self.marked()).clone());
        Ok(commands)
    }

    async fn put_together(&self, site: &Site, kept: &All) -> Result<(), String> {
        let mut connection = connect(site).await.map_err(|failure| failure.to_string())?;
        if self.come(&mut connection).await? {
            return Err("what comes is in place already".to_owned());
        }
        remove(&mut connection, &self.staged("")).await?;
        for (key, held) in kept {
            for command in held.written(&self.staged(key))? {
                let _: redis::Value = command.query_async(&mut connection).await.map_err(text)?;
            }
        }
        Ok(())
    }

    async fn ended(&self, site: &Site) -> Result<(), String> {
        let mut connection = connect(site).await.map_err(|failure| failure.to_string())?;
        // Not what another restore has put there; and never what was replaced while it is not known that what comes is there.
        let come = self.come(&mut connection).await?;
        if !come && !beginning(&mut connection, &self.replaced("")).await.map_err(text)?.is_empty() {
            return Err(format!(
                "{} is gone, and what was replaced still lies as {}…; Redis has lost or evicted keys, so rename them back by hand",
                self.marked(),
                self.replaced("")
            ));
        }
        remove(&mut connection, &self.staged("")).await?;
        remove(&mut connection, &self.replaced("")).await?;
        let _: u64 = cmd("DEL").arg(self.marked()).query_async(&mut connection).await.map_err(text)?;
        Ok(())
    }
}

impl Exchanging for Keys {
    fn stage(&mut self, site: &Site, opened: &Opened<'_>) -> Result<(), String> {
        let kept = read(opened)?;
        if !kept.keys().eq(&self.comes) {
            return Err("the archive is not what it was a moment ago".to_owned());
        }
        site.wait(self.put_together(site, &kept))
    }

    fn forward(&self, site: &Site) -> Result<(), String> {
        site.wait(self.moved(site, true))
    }

    fn back(&self, site: &Site) -> Result<(), String> {
        site.wait(self.moved(site, false))
    }

    fn has_come(&self, site: &Site) -> Result<bool, String> {
        site.wait(async {
            let mut connection = connect(site).await.map_err(|failure| failure.to_string())?;
            self.come(&mut connection).await
        })
    }

    fn verified(&self, site: &Site, opened: &Opened<'_>) -> Result<(), String> {
        let kept = read(opened)?;
        let there = site.wait(async {
            let mut connection = connect(site).await.map_err(|failure| failure.to_string())?;
            all(&mut connection).await.map_err(text)
        })?;
        same(&kept, &there)
    }

    fn rehearsed(&self, site: &Site, opened: &Opened<'_>) -> Result<(), String> {
        let kept = read(opened)?;
        let staged = site.wait(async {
            let mut connection = connect(site).await.map_err(|failure| failure.to_string())?;
            contents(&mut connection, &self.comes, &self.staged("")).await.map_err(text)
        })?;
        same(&kept, &staged)
    }

    fn end(&self, site: &Site) -> Result<(), String> {
        site.wait(self.ended(site))
    }

    fn about(&self) -> Vec<String> {
        match self.comes.is_empty() {
            true => vec!["no trunks, rules and ingress".to_owned()],
            false => self.comes.clone(),
        }
    }
}

fn same(kept: &All, there: &All) -> Result<(), String> {
    let differences = differences(kept, there);
    if differences.is_empty() { Ok(()) } else { Err(differences.join(", ")) }
}

fn rename(from: &str, to: &str) -> Cmd {
    cmd("RENAME").arg(from).arg(to).clone()
}

async fn remove(connection: &mut MultiplexedConnection, beginning_with: &str) -> Result<(), String> {
    let names = beginning(connection, beginning_with).await.map_err(text)?;
    if !names.is_empty() {
        let _: u64 = cmd("DEL").arg(names).query_async(connection).await.map_err(text)?;
    }
    Ok(())
}

fn text(error: RedisError) -> String {
    said(&error).to_string()
}
