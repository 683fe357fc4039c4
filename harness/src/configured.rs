//! What a node is told to be: its livekit.yaml, environment and command line, as they are where it runs.

use crate::ctx::Ctx;
use crate::operator::PartState;
use crate::target::ConfigFile;
use crate::verdict::Halt;
use greenlight_clients::Secret;
use greenlight_config::lint::values;
use std::collections::BTreeMap;

/// Holds a whole livekit.yaml; a server that has it does not read its file.
const BODY: &str = "LIVEKIT_CONFIG";

/// The configuration of one node.
pub struct Configured {
    /// Where its livekit.yaml lies.
    pub file: ConfigFile,
    /// The text of it.
    pub text: Secret,
    /// Mode bits of the file.
    pub mode: u32,
    /// Its environment: name and value.
    pub environment: Vec<(String, Secret)>,
    /// Its command line.
    pub command: Vec<String>,
    values: BTreeMap<String, String>,
}

impl Ctx {
    /// The configuration of every node of which the operator has the file.
    ///
    /// # Errors
    /// Skipped when nothing can be read here; errored when a part does not let itself be read.
    pub async fn configured(&self) -> Result<Vec<Configured>, Halt> {
        let mut nodes = Vec::new();
        for (file, text, mode) in self.configuration().await? {
            let PartState { environment, command, .. } = self.operator()?.state(&file.part).await?;
            nodes.push(Configured::new(file, text, mode, &environment, command));
        }
        Ok(nodes)
    }
}

impl Configured {
    pub(crate) fn new(file: ConfigFile, text: Secret, mode: u32, environment: &[String], command: Vec<String>) -> Self {
        let pair = |variable: &String| {
            let (name, value) = variable.split_once('=').unwrap_or((variable, ""));
            (name.to_owned(), Secret::new(value))
        };
        let environment: Vec<_> = environment.iter().map(pair).collect();
        let body = environment.iter().find(|(name, value)| name == BODY && !value.expose().is_empty());
        let values = values(body.map_or(text.expose(), |(_, body)| body.expose()));
        Self { file, text, mode, environment, command, values }
    }

    /// Whether variables or arguments change what the file says. Which variables the server listens to depends on its
    /// version, so every one counts that is not known to be the system's.
    pub(crate) fn is_overridden(&self) -> bool {
        const OF_SYSTEM: [&str; 13] = [
            BODY,
            "PATH",
            "HOME",
            "HOSTNAME",
            "LANG",
            "TZ",
            "TERM",
            "USER",
            "SHLVL",
            "PWD",
            "GOMAXPROCS",
            "GOMEMLIMIT",
            "GOGC",
        ];
        let foreign = |name: &str| !OF_SYSTEM.contains(&name) && !name.starts_with("LC_");
        let variable = self.environment.iter().any(|(name, value)| foreign(name) && !value.expose().is_empty());
        // The file itself, and where it lies.
        let arguments = self.command.iter().filter(|word| *word != "--config" && **word != self.file.path);
        variable || arguments.count() > 0
    }

    /// The text that the server reads: its environment's, if that holds a whole one.
    pub(crate) fn effective(&self) -> &str {
        self.variable(BODY).unwrap_or(self.text.expose())
    }

    /// The value at a path of the configuration that the server reads, such as `rtc.udp_port`.
    pub fn setting(&self, path: &str) -> Option<&str> {
        self.values.get(path).map(String::as_str)
    }

    /// Every value of it by its path. Some are secret: keys, passwords and credentials.
    pub fn settings(&self) -> &BTreeMap<String, String> {
        &self.values
    }

    /// The value of a variable, unless it is empty.
    pub fn variable(&self, name: &str) -> Option<&str> {
        let found = self.environment.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.expose()).filter(|value| !value.is_empty())
    }
}
