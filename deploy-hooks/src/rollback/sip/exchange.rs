//! Trunks and rules come back by many calls. What is to come and what was there before lie meanwhile beside the journal,
//! encrypted for whoever restores; how far it is lies there in clear text.

use super::super::archive::Opened;
use super::super::exchange::Exchanging;
use super::super::site::Site;
use super::super::stage::sync_above;
use super::api::Api;
use super::held::Held;
use super::part::read;
use super::reconcile::{reconcile, same};
use crate::files::{read_at_most, remove_if_there, write_new, write_whole};
use serde::{Deserialize, Serialize};
use std::io;
use std::path::{Path, PathBuf};

/// Who comes, and what was there.
const COMES: &str = "sip-comes.age";
const BEFORE: &str = "sip-before.age";
/// How far it is: nothing here, nothing was changed yet.
const STATE: &str = "sip-exchange";
const BEGUN: &str = "begun";
const COME: &str = "come";
const BYTES_MAX: u64 = 256 << 20;

/// What is exchanged: how many of each kind come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct Trunks {
    inbound: usize,
    outbound: usize,
    rules: usize,
}

impl Trunks {
    pub(super) fn new([inbound, outbound, rules]: [usize; 3]) -> Self {
        Self { inbound, outbound, rules }
    }
}

impl Exchanging for Trunks {
    fn stage(&mut self, site: &Site, opened: &Opened<'_>) -> Result<(), String> {
        let kept = read(opened)?;
        let api = Api::of(site).map_err(|failure| failure.to_string())?;
        let before = site.wait(api.list()).map_err(|failure| failure.to_string())?;
        let (before, _) = before.without_double();
        remove(&file(site, STATE)?)?;
        for (name, held) in [(COMES, &kept), (BEFORE, &before)] {
            let file = file(site, name)?;
            remove(&file)?;
            encrypted(&file, held, &opened.identity.to_public())?;
        }
        Ok(())
    }

    fn forward(&self, site: &Site) -> Result<(), String> {
        if state(site)?.as_deref() == Some(COME) {
            return Ok(());
        }
        let comes = decrypted(site, COMES)?;
        reach(site, &comes)?;
        say(site, COME)
    }

    fn back(&self, site: &Site) -> Result<(), String> {
        if state(site)?.is_none() {
            return Ok(());
        }
        let before = decrypted(site, BEFORE)?;
        reach(site, &before)?;
        remove(&file(site, STATE)?)
    }

    fn has_come(&self, site: &Site) -> Result<bool, String> {
        Ok(state(site)?.as_deref() == Some(COME))
    }

    fn verified(&self, site: &Site, opened: &Opened<'_>) -> Result<(), String> {
        let kept = read(opened)?;
        let api = Api::of(site).map_err(|failure| failure.to_string())?;
        site.wait(same(&api, &kept))
    }

    /// The API has no place for trunks that do not serve: it was asked for what is there, and what is to come was read again.
    fn rehearsed(&self, site: &Site, opened: &Opened<'_>) -> Result<(), String> {
        match decrypted(site, COMES)? == read(opened)? {
            true => Ok(()),
            false => Err("what was staged is not what was kept".to_owned()),
        }
    }

    fn end(&self, site: &Site) -> Result<(), String> {
        [COMES, BEFORE, STATE].iter().try_for_each(|name| remove(&file(site, name)?))
    }

    fn about(&self) -> Vec<String> {
        let Self { inbound, outbound, rules } = self;
        vec![format!("{inbound} inbound trunks, {outbound} outbound trunks, {rules} dispatch rules")]
    }
}

/// Makes it so, and looks at it again. Before the first call it is written down that something is being changed.
fn reach(site: &Site, wanted: &Held) -> Result<(), String> {
    let api = Api::of(site).map_err(|failure| failure.to_string())?;
    say(site, BEGUN)?;
    site.wait(async {
        reconcile(&api, wanted).await?;
        same(&api, wanted).await
    })
}

fn file(site: &Site, name: &str) -> Result<PathBuf, String> {
    let folder = site.beside_the_journal().ok_or("nothing says where the journal is")?;
    Ok(folder.join(name))
}

fn state(site: &Site) -> Result<Option<String>, String> {
    let file = file(site, STATE)?;
    match read_at_most(&file, 64) {
        Ok(text) => Ok(Some(String::from_utf8_lossy(&text).into_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(format!("cannot read {}: {error}", file.display())),
    }
}

fn say(site: &Site, state: &str) -> Result<(), String> {
    let file = file(site, STATE)?;
    write_whole(&file, state.as_bytes())
        .and_then(|()| sync_above(&file))
        .map_err(|error| cannot("write", &file, &error))
}

/// Only who restores can read it: the passwords of all trunks are in it.
fn encrypted(file: &Path, held: &Held, recipient: &age::x25519::Recipient) -> Result<(), String> {
    let text = serde_json::to_vec(held).map_err(|error| error.to_string())?;
    let bytes =
        age::encrypt(recipient, &text).map_err(|error| format!("cannot encrypt {}: {error}", file.display()))?;
    write_new(file, 0o600, &bytes).and_then(|()| sync_above(file)).map_err(|error| cannot("write", file, &error))
}

fn decrypted(site: &Site, name: &str) -> Result<Held, String> {
    let file = file(site, name)?;
    let Some(identity) = site.identity() else {
        return Err(format!("{} is encrypted; name the identity that opens the point with --identity", file.display()));
    };
    let bytes = read_at_most(&file, BYTES_MAX).map_err(|error| cannot("read", &file, &error))?;
    let text = age::decrypt(identity, &bytes).map_err(|error| {
        format!("{} can't be opened ({error}); name the identity with which the restore was begun", file.display())
    })?;
    serde_json::from_slice(&text).map_err(|_| format!("{} is not what was written there", file.display()))
}

fn remove(file: &Path) -> Result<(), String> {
    remove_if_there(file).and_then(|()| sync_above(file)).map_err(|error| cannot("remove", file, &error))
}

fn cannot(what: &str, file: &Path, error: &io::Error) -> String {
    format!("cannot {what} {}: {error}", file.display())
}
