//! What a migration wants of rollback points: one before it changes anything, and the way back.

use super::command::{CreateArgs, EndArgs, PointArgs, RunArgs, StoreArgs, VerifyArgs};
use super::journal::Journal;
use super::manifest::{FILE, Manifest};
use super::recovered::{Recovered, recovered};
use super::site::{Site, SiteArgs};
use super::store::Store;
use super::{create, restore, show};
use crate::failure::Failure;
use greenlight_reports::Exit;
use std::path::{Path, PathBuf};

/// The point of a migration, and what makes and opens it.
pub(crate) struct Point<'a> {
    /// deployment.yaml, as it was named.
    pub(crate) config: &'a str,
    /// The environment.
    pub(crate) environment: &'a str,
    /// Its name.
    pub(crate) name: &'a str,
    /// The private key that signs it.
    pub(crate) sign_key: &'a Path,
    /// Public keys that are believed.
    pub(crate) keys: &'a [PathBuf],
    /// What opens it.
    pub(crate) identity: &'a Path,
}

impl Point<'_> {
    fn place(&self) -> StoreArgs {
        let site = SiteArgs { environment: Some(self.environment.to_owned()), config: self.config.to_owned() };
        StoreArgs { store: None, site }
    }

    fn store(&self, make: bool) -> Result<Store, Failure> {
        Store::open(&Site::open(&self.place().site)?.place(None), make)
    }

    /// Everything without which it could be made and not be brought back.
    ///
    /// # Errors
    /// [`Failure`] of usage.
    pub(crate) fn could_come_back(&self) -> Result<(), Failure> {
        let site = Site::open(&self.place().site)?;
        let signer = create::signer(self.sign_key)?;
        if !restore::keys(self.keys)?.contains(&signer.verifier()) {
            return Err(Failure::usage(format!(
                "nobody would believe a point that {} signs; add its public half to `keys` of {}, or name it with --key",
                self.sign_key.display(),
                self.config
            )));
        }
        let recipient = restore::identity(self.identity)?.to_public().to_string();
        let recipients = site.spec().map(|spec| spec.recipients.clone()).unwrap_or_default();
        create::recipients(&recipients)?;
        if !recipients.contains(&recipient) {
            return Err(Failure::usage(format!(
                "the identity {} would not open the point: it is {recipient}, and rollback.recipients has {}; add it there",
                self.identity.display(),
                recipients.join(", ")
            )));
        }
        // One that is not there yet is made with the point; a bucket is asked then.
        if Path::new(&site.place(None).store).exists()
            && let Some(left) = Journal::left(&self.store(false)?)?
        {
            return Err(Failure::usage(format!(
                "a restore of {:?} was cut short; `greenlight rollback resume` ends it, `greenlight rollback abort` takes it back",
                left.point
            )));
        }
        Ok(())
    }

    /// Makes it, unless it is there, and reads it to its end.
    ///
    /// # Errors
    /// [`Failure`]; a point that can't be read back is none.
    pub(crate) fn make(&self) -> Result<(), Failure> {
        if !self.store(true)?.names()?.iter().any(|there| there == self.name) {
            let point = PointArgs {
                name: self.name.to_owned(),
                description: "before a migration".to_owned(),
                recipient: vec![],
                sign_key: self.sign_key.to_owned(),
                place: self.place(),
            };
            create::create(&CreateArgs { point, only: vec![], files: vec![], env: vec![] })?;
        }
        let verify = VerifyArgs {
            name: self.name.to_owned(),
            key: self.keys.to_vec(),
            identity: Some(self.identity.to_owned()),
            place: self.place(),
        };
        show::verify(&verify, false).map(drop)
    }

    /// What it holds, and where its manifest lies.
    ///
    /// # Errors
    /// [`Failure`]: it is not there, or not to be believed.
    pub(crate) fn held(&self) -> Result<(Vec<String>, PathBuf), Failure> {
        let folder = self.store(false)?.existing(self.name)?;
        let manifest = Manifest::read(&folder, self.name, &restore::keys(self.keys)?)?;
        Ok((manifest.components.into_keys().collect(), folder.join(FILE)))
    }

    /// Whether a restore brings these components of it, and is in the middle of that.
    fn is_brought_by(&self, restore: &Journal, only: &[String]) -> bool {
        let brings = |name: &String| restore.components.iter().any(|component| &component.name == name);
        restore.point == self.name && restore.is_exchanging() && only.iter().all(brings)
    }

    /// Whether a restore that was cut short brings this component of it back.
    ///
    /// # Errors
    /// [`Failure`]: the store can't be read.
    pub(crate) fn is_coming_back(&self, component: &str) -> Result<bool, Failure> {
        let left = Journal::left(&self.store(false)?)?;
        Ok(left.is_some_and(|left| self.is_brought_by(&left, &[component.to_owned()])))
    }

    /// Brings these components of it back, or ends a restore of them that was cut short. `before` is done when they are back
    /// and before anybody is asked whether that has helped. That a database may lose what was written since was said before
    /// it was put among them.
    ///
    /// # Errors
    /// [`Failure`]: a person is needed. That nobody can be asked is one too.
    pub(crate) fn bring_back(&self, only: &[String], before: &dyn Fn() -> Result<(), Failure>) -> Result<(), Failure> {
        let ask = |site: &Site| {
            before()?;
            match recovered(site)? {
                Recovered::NobodyAsked => Err(Failure::unknown("nobody says whether what serves has recovered")),
                yes @ Recovered::Yes(_) => Ok(yes),
            }
        };
        match Journal::left(&self.store(false)?)? {
            Some(left) if self.is_brought_by(&left, only) => {
                let args = EndArgs { place: self.place(), identity: Some(self.identity.to_owned()) };
                return restore::go_on(&args, &ask).map(drop);
            }
            // What was only put together, or is being removed, or somebody else's, is ended first.
            Some(_) => {
                let args = EndArgs { place: self.place(), identity: Some(self.identity.to_owned()) };
                restore::go_on(&args, &ask)?;
            }
            None => {}
        }
        let args = RunArgs {
            emergency: false,
            yes: only.iter().any(|name| name == "database"),
            reason: None,
            name: self.name.to_owned(),
            only: only.to_vec(),
            key: self.keys.to_vec(),
            identity: self.identity.to_owned(),
            place: self.place(),
        };
        match restore::bring(&args, &ask)? {
            Exit::Passed => Ok(()),
            other => Err(Failure::new(other, "it was not brought back")),
        }
    }
}
