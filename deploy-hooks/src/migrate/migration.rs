//! A migration: what it is about, where its records lie, and what it calls.

use super::journal::About;
use crate::audit;
use crate::configuration;
use crate::failure::Failure;
use crate::notify::{Notice, Notifier, State};
use crate::process::run;
use crate::rollback::Point;
use greenlight_config::{Deployment, Environment, MigrateSpec, RollbackSpec, Step};
use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use tokio::runtime::Runtime;

/// Who signs and opens, and where deployment.yaml is.
pub(super) struct Given {
    pub(super) name: String,
    pub(super) config: String,
    pub(super) sign_key: PathBuf,
    pub(super) identity: PathBuf,
    pub(super) key: Vec<PathBuf>,
    /// Whether what is said to be lost may be lost.
    pub(super) yes: bool,
}

/// Everything that its steps need.
pub(super) struct Migration<'a> {
    pub(super) given: &'a Given,
    pub(super) deployment: &'a Deployment,
    pub(super) environment: &'a Environment,
    pub(super) spec: &'a MigrateSpec,
    pub(super) rollback: &'a RollbackSpec,
    pub(super) about: About,
    pub(super) runtime: &'a Runtime,
    /// Public keys that are believed.
    keys: Vec<PathBuf>,
}

impl<'a> Migration<'a> {
    /// Of an environment that says what a migration changes.
    ///
    /// # Errors
    /// [`Failure`] of usage: it does not.
    pub(super) fn of(
        given: &'a Given,
        deployment: &'a Deployment,
        runtime: &'a Runtime,
        about: Option<About>,
    ) -> Result<Self, Failure> {
        let environment = configuration::environment(deployment, &given.name)?;
        let (Some(spec), Some(rollback)) = (&environment.migrate, &environment.rollback) else {
            return Err(Failure::usage(format!(
                "environment {} of {} does not say what a migration changes; write `migrate: {{folder: …}}` and `rollback:` into it (docs/migration.md)",
                given.name, given.config
            )));
        };
        let to = spec.to.clone().or_else(|| environment.artefact.version.clone());
        let about = match about {
            Some(about) => about,
            None => About {
                id: crate::deploy::new_id(),
                environment: given.name.clone(),
                to: to.ok_or_else(|| Failure::usage("to which version? write `migrate.to`, or artefact.version"))?,
                deploy: crate::deploy::new_id(),
                deploy_before: crate::deploy::last(deployment, &given.name)?.map(|last| last.id),
                may_lose: given.yes && spec.database,
            },
        };
        let pinned = deployment.keys.iter().map(|key| deployment.path(key));
        let keys = pinned.chain(given.key.iter().cloned()).collect();
        Ok(Self { given, deployment, environment, spec, rollback, about, runtime, keys })
    }

    /// Journal, lock, and a folder for each migration.
    pub(super) fn place(&self) -> PathBuf {
        self.deployment.path(&self.deployment.state).join(&self.given.name).join("migrate")
    }

    /// What it writes.
    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.place().join(&self.about.id).join(name)
    }

    /// Makes the folders.
    ///
    /// # Errors
    /// [`Failure`] of usage: they can't be made.
    pub(super) fn make_place(&self) -> Result<(), Failure> {
        let folder = self.place().join(&self.about.id);
        DirBuilder::new().recursive(true).mode(0o700).create(&folder).map_err(|error| {
            Failure::usage(format!(
                "cannot make the folder {}: {error}; see `state` in deployment.yaml",
                folder.display()
            ))
        })
    }

    /// The name of its point.
    pub(super) fn point_name(&self) -> String {
        format!("migrate-{}", self.about.id)
    }

    /// Its point.
    pub(super) fn point<'b>(&'b self, name: &'b str) -> Point<'b> {
        Point {
            config: &self.given.config,
            environment: &self.given.name,
            name,
            sign_key: &self.given.sign_key,
            keys: &self.keys,
            identity: &self.given.identity,
        }
    }

    /// The folder that is planned and corrected.
    pub(super) fn folder(&self) -> PathBuf {
        self.deployment.path(&self.spec.folder)
    }

    /// Environment files.
    pub(super) fn env_files(&self) -> Vec<PathBuf> {
        let files = if self.spec.env.is_empty() { &self.rollback.env } else { &self.spec.env };
        files.iter().map(|file| self.deployment.path(file)).collect()
    }

    /// Writes it down in the log that all commands share.
    ///
    /// # Errors
    /// [`Failure`] when it can't be written.
    pub(super) fn audit(&self, detail: &str) -> Result<(), Failure> {
        let file = self.deployment.path(&self.deployment.state).join("audit.jsonl");
        audit::append(&file, &self.given.name, "migrate", &format!("{} {detail}", self.about.id)).map(drop)
    }

    /// Tells whoever is to be told.
    pub(super) fn tell(&self, state: State, summary: &str) {
        self.runtime.block_on(async {
            let notifier = Notifier::start(self.deployment, &self.given.name);
            notifier.tell(Notice::now(&self.given.name, "migrate", state, summary, &self.about.id));
            notifier.finish().await;
        });
    }

    /// Runs a line of the operator's.
    ///
    /// # Errors
    /// [`Failure`]: it is red, or was interrupted.
    pub(super) fn line(&self, step: &Step) -> Result<(), Failure> {
        let told = [
            ("GREENLIGHT_ENVIRONMENT".to_owned(), self.given.name.clone()),
            ("GREENLIGHT_POINT".to_owned(), self.point_name()),
        ];
        say!("  running {}", step.run.join(" "));
        self.runtime.block_on(async {
            let interrupt = crate::interrupt::on_signal()?;
            Ok::<_, Failure>(run(step, &told, Stdio::null(), &interrupt).await?)
        })?;
        Ok(())
    }

    /// Whether a file is among what this migration corrects; then where it lies below the folder.
    pub(super) fn below_folder(&self, file: &Path) -> Option<PathBuf> {
        file.strip_prefix(self.folder()).ok().map(Path::to_owned)
    }
}
