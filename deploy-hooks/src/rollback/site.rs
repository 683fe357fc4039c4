//! Where a point is made or restored: the environment of deployment.yaml, if one is named.

use crate::configuration;
use crate::failure::Failure;
use clap::Args;
use greenlight_config::{Deployment, Environment, RollbackSpec};
use greenlight_reports::hex;
use sha2::{Digest as _, Sha256};
use std::future::Future;
use std::path::{Path, PathBuf};
use tokio::runtime::Runtime;

/// A path without links as far as it is there.
fn there(path: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    for above in path.ancestors() {
        if let (Ok(resolved), Ok(rest)) = (std::fs::canonicalize(above), path.strip_prefix(above)) {
            return resolved.join(rest);
        }
    }
    path
}

/// Where points are kept if nobody says where.
const STORE: &str = "greenlight-points";
const CONFIG: &str = "config/deployment.yaml";

/// Which environment.
#[derive(Debug, Clone, Args)]
pub(crate) struct SiteArgs {
    /// The environment of deployment.yaml whose `rollback:` says what a point holds. Without it only what is named on the
    /// command line.
    #[arg(long, value_name = "NAME")]
    pub(crate) environment: Option<String>,

    /// The deployment.yaml; read only with --environment.
    #[arg(long, value_name = "FILE", default_value = CONFIG)]
    pub(crate) config: String,
}

impl SiteArgs {
    /// The options that name the same environment again, each with a space before it.
    pub(super) fn as_typed(&self) -> String {
        let Some(environment) = &self.environment else { return String::new() };
        let config = if self.config == CONFIG { String::new() } else { format!(" --config {}", self.config) };
        format!(" --environment {environment}{config}")
    }
}

/// The environment, and whatever talks to it.
pub(super) struct Site {
    runtime: Runtime,
    environment: Option<(String, Deployment)>,
    file: String,
    identity: Option<age::x25519::Identity>,
    emergency: Option<String>,
    journal: Option<PathBuf>,
}

/// Where points are.
pub(super) struct Place {
    /// A folder, or the address of a bucket.
    pub(super) store: String,
    /// Where locks and journals lie if it is a bucket.
    pub(super) state: PathBuf,
}

impl Place {
    /// As it is written in deployment.yaml.
    pub(super) fn of(deployment: &Deployment, store: &str) -> Self {
        match store.contains("://") {
            true => Self::named(store),
            false => Self::named(&deployment.path(Path::new(store)).to_string_lossy()),
        }
    }

    /// As it is named on the command line. Locks and journals of a bucket lie in one place for everybody on this machine who
    /// uses it, wherever that one stands, and whatever environment is meant.
    fn named(store: &str) -> Self {
        let home = || std::env::home_dir().map_or_else(|| PathBuf::from("/var/lib"), |home| home.join(".local/state"));
        let states = std::env::var_os("XDG_STATE_HOME").filter(|state| !state.is_empty());
        let states = states.map_or_else(home, PathBuf::from);
        let sum = hex(&Sha256::digest(store.trim_end_matches('/').as_bytes()));
        Self { store: store.to_owned(), state: states.join("greenlight").join(format!("points-{}", &sum[..16])) }
    }

    /// Where locks, journals and the audit log are.
    pub(super) fn folder(&self) -> &Path {
        if self.store.contains("://") { &self.state } else { Path::new(&self.store) }
    }
}

impl Site {
    /// Reads deployment.yaml if an environment is named.
    ///
    /// # Errors
    /// [`Failure`] of usage.
    pub(super) fn open(args: &SiteArgs) -> Result<Self, Failure> {
        let environment = match &args.environment {
            None => None,
            Some(name) => {
                let deployment = configuration::read(&args.config)?;
                let rollback = &configuration::environment(&deployment, name)?.rollback;
                if rollback.is_none() {
                    return Err(Failure::usage(format!(
                        "environment {name} of {} has no `rollback:`; say there what a point holds, or name files with --files and leave --environment out",
                        args.config
                    )));
                }
                Some((name.clone(), deployment))
            }
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::unknown)?;
        Ok(Self { runtime, environment, file: args.config.clone(), identity: None, emergency: None, journal: None })
    }

    /// For a test of what needs no environment.
    ///
    /// # Errors
    /// [`Failure`]: there is no runtime.
    #[cfg(test)]
    pub(super) fn nowhere() -> Result<Self, Failure> {
        Self::open(&SiteArgs { environment: None, config: String::new() })
    }

    /// With the folder in which points, journal, locks and audit log are.
    #[must_use]
    pub(super) fn keeping(mut self, folder: &Path) -> Self {
        self.journal = Some(folder.to_owned());
        self
    }

    /// Whether a file or folder may be exchanged: not if what says how to come back lies within it.
    ///
    /// # Errors
    /// [`Failure`] of usage.
    pub(super) fn may_exchange(&self, root: &Path) -> Result<(), Failure> {
        let root = there(root);
        let state = self.deployment().map(|deployment| deployment.path(&deployment.state));
        for (what, folder) in [("the store of points", self.journal.clone()), ("`state` of deployment.yaml", state)] {
            if let Some(folder) = folder.map(|folder| there(&folder)).filter(|folder| folder.starts_with(&root)) {
                return Err(Failure::usage(format!(
                    "{} holds {what}, {}: a restore would take its own journal away; put that elsewhere, or name what else is in it",
                    root.display(),
                    folder.display()
                )));
            }
        }
        Ok(())
    }

    /// For a restore: with what opens points, if it was given, and the folder in which the journal is.
    #[must_use]
    pub(super) fn restoring(mut self, identity: Option<age::x25519::Identity>, journal: &Path) -> Self {
        self.identity = identity;
        self.journal = Some(journal.to_owned());
        self
    }

    /// With the reason for which containers are stopped and made again, if they are to be.
    #[must_use]
    pub(super) fn with_emergency(mut self, reason: Option<String>) -> Self {
        self.emergency = reason;
        self
    }

    /// Why containers are stopped and made again, if they are to be.
    pub(super) fn emergency(&self) -> Option<&str> {
        self.emergency.as_deref()
    }

    /// The folder in which the journal of a restore is.
    pub(super) fn beside_the_journal(&self) -> Option<&Path> {
        self.journal.as_deref()
    }

    /// What opens points, where it was given.
    pub(super) fn identity(&self) -> Option<&age::x25519::Identity> {
        self.identity.as_ref()
    }

    /// deployment.yaml, as it was named.
    pub(super) fn file(&self) -> &str {
        &self.file
    }

    /// Waits for it.
    pub(super) fn wait<T>(&self, for_it: impl Future<Output = T>) -> T {
        self.runtime.block_on(for_it)
    }

    /// Its name, if there is one.
    pub(super) fn name(&self) -> Option<&str> {
        self.environment.as_ref().map(|(name, _)| name.as_str())
    }

    /// The environment, if one is named.
    pub(super) fn environment(&self) -> Option<&Environment> {
        let (name, deployment) = self.environment.as_ref()?;
        deployment.environments.get(name)
    }

    /// Its `rollback:`.
    pub(super) fn spec(&self) -> Option<&RollbackSpec> {
        self.environment()?.rollback.as_ref()
    }

    /// deployment.yaml, if an environment is named.
    pub(super) fn deployment(&self) -> Option<&Deployment> {
        self.environment.as_ref().map(|(_, deployment)| deployment)
    }

    /// Where points are kept: as named, else as deployment.yaml says, else beside where this runs.
    pub(super) fn place(&self, named: Option<&str>) -> Place {
        match (named, self.deployment().zip(self.spec())) {
            (Some(named), _) => Place::named(named),
            (None, Some((deployment, spec))) => Place::of(deployment, &spec.store),
            (None, None) => Place::named(STORE),
        }
    }

    /// A path of deployment.yaml as one for this process.
    pub(super) fn path(&self, path: &Path) -> PathBuf {
        self.deployment().map_or_else(|| path.to_owned(), |deployment| deployment.path(path))
    }
}
