//! The whole file.

use super::environment::Environment;
use super::lines::with_lines;
use super::notification::Sink;
use crate::error::ConfigError;
use crate::nearest::did_you_mean;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

const FORMAT: u32 = 1;

/// The whole file. Paths in it are relative to the folder in which it lies.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deployment {
    format: u32,
    /// Files with public keys in PEM: whose signature on a report is believed.
    pub keys: Vec<PathBuf>,
    /// Folder for journals, locks, states and the audit log.
    pub state: PathBuf,
    /// Each environment by its name.
    pub environments: BTreeMap<String, Environment>,
    /// Environments one after the other, each gated by a report of its own.
    #[serde(default)]
    pub pipelines: BTreeMap<String, Vec<String>>,
    /// Who is told when an environment changes. Without it nobody is.
    #[serde(default)]
    pub notifications: Vec<Sink>,
    /// The folder in which this file lies.
    #[serde(skip)]
    base: PathBuf,
}

impl Deployment {
    /// Reads the file.
    ///
    /// # Errors
    /// [`ConfigError`] names file, line and remedy.
    pub fn read(file: &str) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(file).map_err(|source| ConfigError::Read { file: file.into(), source })?;
        Self::parse(file, &text)
    }

    /// Reads a text; the name stands for the file in which it lies.
    ///
    /// # Errors
    /// [`ConfigError`] names file, line and remedy.
    pub fn parse(file: &str, text: &str) -> Result<Self, ConfigError> {
        let mut parsed: Self =
            serde_saphyr::from_str(text).map_err(|error| ConfigError::of_yaml(file, text, &error))?;
        parsed.base = Path::new(file).parent().unwrap_or_else(|| Path::new("")).to_owned();
        let mut problems = Vec::new();
        if parsed.format != FORMAT {
            problems.push(format!("format is {} and must be {FORMAT}; write `format: {FORMAT}`", parsed.format));
        }
        if parsed.environments.is_empty() {
            problems
                .push("environments is empty; a gate needs at least one, and `greenlight init` writes one".to_owned());
        }
        for (name, environment) in &parsed.environments {
            if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_') {
                problems
                    .push(format!("environments has {name:?}; use letters, digits, - and _, since it names a folder"));
            }
            problems.extend(environment.problems().map(|problem| format!("environments.{name}.{problem}")));
        }
        for (name, stages) in &parsed.pipelines {
            for stage in stages.iter().filter(|stage| !parsed.environments.contains_key(*stage)) {
                problems.push(format!(
                    "pipelines.{name} names {stage:?}, and there is no such environment{}",
                    did_you_mean(stage, parsed.environments.keys().map(String::as_str))
                ));
            }
            if stages.is_empty() {
                problems.push(format!("pipelines.{name} has no stage; name an environment, or leave the pipeline out"));
            }
        }
        for (index, sink) in parsed.notifications.iter().enumerate() {
            problems.extend(sink.problems().iter().map(|problem| format!("notifications[{index}]: {problem}")));
        }
        match problems.is_empty() {
            true => Ok(parsed),
            false => Err(ConfigError::invalid(file, with_lines(text, problems).join("\n"))),
        }
    }

    /// The environment of this name.
    ///
    /// # Errors
    /// A sentence with the known names.
    pub fn environment(&self, name: &str) -> Result<&Environment, String> {
        self.environments.get(name).ok_or_else(|| {
            let known: Vec<&str> = self.environments.keys().map(String::as_str).collect();
            format!("deployment.yaml has no environment {name:?}; it has {}", known.join(", "))
        })
    }

    /// A path of the file as one for this process.
    pub fn path(&self, path: &Path) -> PathBuf {
        self.base.join(path)
    }
}
