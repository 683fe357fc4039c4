//! Where an environment's journal, lock and state lie.

use super::phase::Colour;
use crate::failure::Failure;
use crate::files::write_whole;
use greenlight_config::Deployment;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

const FORMAT: u32 = 1;

/// The files of one environment.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    folder: PathBuf,
    /// Shared by all environments.
    pub audit: PathBuf,
}

/// What the last deploy that ended has left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct State {
    format: u32,
    /// Who has the traffic.
    pub active: Option<Colour>,
    /// The deploy that gave it to it.
    pub deploy: String,
    /// What it runs, as a driver prints it.
    pub runs: Vec<String>,
    /// When, RFC 3339.
    pub since: String,
}

impl State {
    /// At this moment.
    pub(crate) fn now(active: Option<Colour>, deploy: &str, runs: Vec<String>) -> Self {
        Self { format: FORMAT, active, deploy: deploy.to_owned(), runs, since: crate::clock::timestamp() }
    }
}

impl Place {
    /// The place of an environment; its folder is made.
    ///
    /// # Errors
    /// When it can't be made.
    pub(crate) fn of(deployment: &Deployment, environment: &str) -> Result<Self, Failure> {
        let state = deployment.path(&deployment.state);
        let folder = state.join(environment);
        std::fs::create_dir_all(&folder).map_err(|error| {
            Failure::usage(format!(
                "cannot make the folder {}: {error}; see `state` in deployment.yaml",
                folder.display()
            ))
        })?;
        Ok(Self { folder, audit: state.join("audit.jsonl") })
    }

    /// The journal of the deploy under way, or of the last one.
    pub(crate) fn journal(&self) -> PathBuf {
        self.folder.join("journal.jsonl")
    }

    /// The lock.
    pub(crate) fn lock(&self) -> PathBuf {
        self.folder.join("lock")
    }

    fn state_file(&self) -> PathBuf {
        self.folder.join("state.json")
    }

    /// What the last deploy has left; `None` before the first.
    ///
    /// # Errors
    /// When the file can't be read or is none.
    pub(crate) fn state(&self) -> Result<Option<State>, Failure> {
        let path = self.state_file();
        let shown = path.display();
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Failure::unknown(format!("cannot read {shown}: {error}"))),
        };
        serde_json::from_slice(&bytes)
            .map(Some)
            .map_err(|error| Failure::unknown(format!("{shown} is no state: {error}")))
    }

    /// Writes it, whole or not at all.
    ///
    /// # Errors
    /// When it can't be written.
    pub(crate) fn set_state(&self, state: &State) -> Result<(), Failure> {
        let path = self.state_file();
        let bytes = serde_json::to_vec_pretty(state).map_err(Failure::unknown)?;
        write_whole(&path, &bytes)
            .map_err(|error| Failure::unknown(format!("cannot write {}: {error}", path.display())))
    }
}
