//! What was told last of each subject, and who has not got it yet. It lies in the environment's folder, so that a restart
//! tells nothing twice.

use super::notice::Notice;
use crate::files::write_whole;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{OpenOptions, TryLockError};
use std::io;
use std::path::PathBuf;
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

const FORMAT: u32 = 1;
/// Others hold the lock for one write. One that was stopped in it must not keep a deploy waiting.
const LOCK_MAX: Duration = Duration::from_secs(2);
const LOCK_TURN: Duration = Duration::from_millis(20);

/// The files of one environment.
#[derive(Debug, Clone)]
pub(super) struct Memory {
    folder: PathBuf,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Remembered {
    format: u32,
    subjects: BTreeMap<String, Told>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Told {
    /// See [`Notice::key`].
    key: String,
    at: String,
    /// Receivers that have not got it yet. They get it when the same is to be told again, which a watch does at each turn.
    pending: BTreeSet<String>,
    /// Receivers about whom the audit log says so already.
    complained: BTreeSet<String>,
}

impl Memory {
    /// The memory that lies in this folder, which exists.
    pub(super) fn of(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// Who is to get a notice: everybody if it is news, whoever has not got it yet if it is not. A first `passing` is no
    /// change, and nobody is told.
    ///
    /// # Errors
    /// When it can't be read or written.
    pub(super) async fn note(&self, notice: &Notice, everybody: &BTreeSet<String>) -> io::Result<BTreeSet<String>> {
        self.change(|subjects| {
            let first_passing = !subjects.contains_key(&notice.what) && notice.state == super::State::Passing;
            let fresh = Told {
                key: notice.key(),
                at: notice.at.clone(),
                pending: if first_passing { BTreeSet::new() } else { everybody.clone() },
                complained: BTreeSet::new(),
            };
            let told = subjects.entry(notice.what.clone()).or_insert_with(|| fresh.clone());
            if told.key != fresh.key {
                *told = fresh;
            }
            told.pending.intersection(everybody).cloned().collect()
        })
        .await
    }

    /// Somebody has got it.
    ///
    /// # Errors
    /// When it can't be written.
    pub(super) async fn delivered(&self, notice: &Notice, who: &str) -> io::Result<()> {
        self.change(|subjects| {
            if let Some(told) = subjects.get_mut(&notice.what).filter(|told| told.key == notice.key()) {
                told.pending.remove(who);
            }
        })
        .await
    }

    /// Somebody has not got it. True the first time: then the audit log is to say so.
    ///
    /// # Errors
    /// When it can't be written.
    pub(super) async fn complain(&self, notice: &Notice, who: &str) -> io::Result<bool> {
        self.change(|subjects| {
            let told = subjects.get_mut(&notice.what).filter(|told| told.key == notice.key());
            told.is_none_or(|told| told.complained.insert(who.to_owned()))
        })
        .await
    }

    /// Reads, changes and writes it, whole or not at all, while no other process does.
    async fn change<T>(&self, change: impl FnOnce(&mut BTreeMap<String, Told>) -> T) -> io::Result<T> {
        let lock =
            OpenOptions::new().write(true).create(true).truncate(false).open(self.folder.join("notices.lock"))?;
        let deadline = Instant::now() + LOCK_MAX;
        while let Err(error) = lock.try_lock() {
            match error {
                TryLockError::WouldBlock if Instant::now() < deadline => sleep_until(Instant::now() + LOCK_TURN).await,
                error => return Err(error.into()),
            }
        }
        let path = self.folder.join("notices.json");
        let mut remembered = match std::fs::read(&path) {
            Ok(bytes) => serde_json::from_slice::<Remembered>(&bytes)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Remembered::default(),
            Err(error) => return Err(error),
        };
        if !matches!(remembered.format, 0 | FORMAT) {
            return Err(io::Error::other(format!("it has format {} and not {FORMAT}", remembered.format)));
        }
        remembered.format = FORMAT;
        let changed = change(&mut remembered.subjects);
        write_whole(&path, &serde_json::to_vec_pretty(&remembered)?)?;
        Ok(changed)
    }
}

#[cfg(test)]
mod tests {
    use super::Memory;
    use crate::notify::{Notice, State};
    use std::collections::BTreeSet;

    #[tokio::test]
    async fn only_changes_are_told_and_what_was_not_sent_is_sent_later() {
        let folder = tempfile::tempdir().expect("folder");
        let memory = || Memory::of(folder.path().to_owned());
        let everybody: BTreeSet<String> = ["slack", "mail"].map(str::to_owned).into();
        let one: BTreeSet<String> = ["mail".to_owned()].into();
        let none = BTreeSet::new();
        let watch = |state| Notice::now("staging", "watch smoke", state, "", "k3f9a");
        let note = async |notice: Notice| memory().note(&notice, &everybody).await.expect("noted");
        assert_eq!(note(watch(State::Passing)).await, none, "a first pass is no change");
        assert_eq!(note(watch(State::Unknown)).await, everybody);
        memory().delivered(&watch(State::Unknown), "slack").await.expect("written");
        assert!(memory().complain(&watch(State::Unknown), "mail").await.expect("written"));
        assert_eq!(note(watch(State::Unknown)).await, one);
        assert!(!memory().complain(&watch(State::Unknown), "mail").await.expect("written"), "said once");
        assert_eq!(note(watch(State::Passing)).await, everybody);
        // Another subject, and each deploy is one of its own.
        let deploy = |id| Notice::now("staging", "deploy", State::New, "", id);
        assert_eq!(note(deploy("a")).await, everybody);
        for who in &everybody {
            memory().delivered(&deploy("a"), who).await.expect("written");
        }
        assert_eq!(note(deploy("a")).await, none);
        assert_eq!(note(deploy("b")).await, everybody);
    }

    #[tokio::test]
    async fn a_first_failure_is_told() {
        let folder = tempfile::tempdir().expect("folder");
        let everybody: BTreeSet<String> = ["slack".to_owned()].into();
        let notice = Notice::now("staging", "watch smoke", State::Failing, "", "");
        assert_eq!(Memory::of(folder.path().to_owned()).note(&notice, &everybody).await.expect("noted"), everybody);
    }
}
