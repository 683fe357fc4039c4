//! Where a point is made or restored: the environment of deployment.yaml, if one is named.

use crate::configuration;
use crate::failure::Failure;
use clap::Args;
use greenlight_config::{Deployment, Environment, RollbackSpec};
use std::future::Future;
use std::path::{Path, PathBuf};
use tokio::runtime::Runtime;

/// Where points are kept if nobody says where.
const STORE: &str = "greenlight-points";

/// Which environment.
#[derive(Debug, Args)]
pub(crate) struct SiteArgs {
    /// The environment of deployment.yaml whose `rollback:` says what a point holds. Without it only what is named on the
    /// command line.
    #[arg(long, value_name = "NAME")]
    pub(crate) environment: Option<String>,

    /// The deployment.yaml; read only with --environment.
    #[arg(long, value_name = "FILE", default_value = "config/deployment.yaml")]
    pub(crate) config: String,
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
    /// As an environment of deployment.yaml means it.
    pub(super) fn of(deployment: &Deployment, name: &str, store: &str) -> Self {
        let is_address = store.contains("://");
        let here = || deployment.path(Path::new(store)).to_string_lossy().into_owned();
        Self {
            store: if is_address { store.to_owned() } else { here() },
            state: deployment.path(&deployment.state).join(format!("rollback-{name}")),
        }
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
        match (named, self.environment.as_ref().zip(self.spec())) {
            (named, Some(((name, deployment), spec))) => Place::of(deployment, name, named.unwrap_or(&spec.store)),
            (named, None) => Place { store: named.unwrap_or(STORE).to_owned(), state: PathBuf::from(STORE) },
        }
    }

    /// A path of deployment.yaml as one for this process.
    pub(super) fn path(&self, path: &Path) -> PathBuf {
        self.deployment().map_or_else(|| path.to_owned(), |deployment| deployment.path(path))
    }
}
