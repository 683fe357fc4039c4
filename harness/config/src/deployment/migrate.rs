//! What `greenlight migrate` changes in an environment, and how it is brought back.

use super::environment::Environment;
use super::step::Step;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// A move to another version of livekit-server.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MigrateSpec {
    /// The folder with the deployment's files: what `greenlight plan` reads and corrects. Its files must be part of
    /// `rollback.files`.
    pub folder: PathBuf,
    /// livekit-server's version now. Without it, the oldest one that an image names.
    pub from: Option<String>,
    /// The version to move to. Without it `artefact.version`.
    pub to: Option<String>,
    /// Environment files in which names are moved to those that the version reads. Without any those of `rollback.env`.
    #[serde(default)]
    pub env: Vec<PathBuf>,
    /// Variables that get these values in each of them. Secrets never stand here.
    #[serde(default)]
    pub set: BTreeMap<String, String>,
    /// Whether this machine's containers are looked at when it is planned.
    #[serde(default = "yes")]
    pub engine: bool,
    /// Whether the way back brings the database of `rollback.database` too, once the deploy has begun. What is written to it
    /// in the meantime is lost then, and `greenlight migrate` wants `--yes`. Without it the way back leaves it alone.
    #[serde(default)]
    pub database: bool,
    /// What says, besides `greenlight validate`, that what serves afterwards works.
    pub validate: Option<Step>,
    /// Gives the traffic back to the build before, after a deploy that came through. It is told the point by
    /// GREENLIGHT_POINT, and must do nothing, successfully, if that has been done already. Without it only a point with
    /// `services` brings that build back.
    pub back: Option<Step>,
}

fn yes() -> bool {
    true
}

impl MigrateSpec {
    pub(super) fn problems(&self, environment: &Environment) -> Vec<String> {
        let mut problems = Vec::new();
        let Some(rollback) = &environment.rollback else {
            return vec![
                "migrate has no `rollback:` beside it, and would lead nowhere back; write what a point holds"
                    .to_owned(),
            ];
        };
        if self.folder.as_os_str().is_empty() {
            problems
                .push("migrate.folder is empty; write the folder with livekit.yaml and what belongs to it".to_owned());
        }
        if self.to.is_none() && environment.artefact.version.is_none() {
            problems.push("migrate says not to which version; write `to:`, or artefact.version".to_owned());
        }
        let root = |path: &PathBuf| rollback.files.iter().any(|root| path.starts_with(root));
        if !root(&self.folder) {
            problems.push(format!(
                "migrate.folder {} is in none of rollback.files, so that nothing would bring it back; add it there",
                self.folder.display()
            ));
        }
        for file in self.env.iter().filter(|file| !root(file) && !rollback.env.contains(file)) {
            problems.push(format!(
                "migrate.env {} is neither in rollback.env nor in rollback.files; add it there",
                file.display()
            ));
        }
        if self.database && rollback.database.is_none() {
            problems.push(
                "migrate.database is true, and there is no `rollback.database` to bring back; write it, or leave it out"
                    .to_owned(),
            );
        }
        if self.database && environment.driver.is_none() {
            problems.push(
                "migrate.database is about what a deploy changes, and there is no `driver:`; leave it out".to_owned(),
            );
        }
        if rollback.verify.is_none() && environment.target.is_none() {
            problems.push(
                "migrate would not know whether a way back has helped: write `rollback.verify`, or `target: {url: …}`"
                    .to_owned(),
            );
        }
        problems.extend(self.validate.iter().chain(&self.back).flat_map(|step| step.problems("migrate")));
        problems
    }
}
