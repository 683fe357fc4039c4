//! What the SIP bridge is told to be: its sip.yaml as the operator has it, alone and against the deployment.

use crate::ctx::Ctx;
use crate::lint::Linted;
use crate::verdict::Halt;
use greenlight_clients::Secret;
use greenlight_config::lint::{Facts, FileKind, RULES, lint, values};
use std::collections::BTreeMap;

/// Where nothing can be found, because nothing can be read.
const UNREADABLE: &str = "yaml_syntax";

/// The configuration of the bridge.
pub struct Bridge {
    /// Part and path of its file, for messages.
    pub place: String,
    /// Host and port of the balancer, as the bridge is to reach it.
    pub entry: String,
    text: Secret,
    values: BTreeMap<String, String>,
}

impl Ctx {
    /// The configuration of the SIP bridge as it is now.
    ///
    /// # Errors
    /// Skipped when no such file is known; errored when it can't be read.
    pub async fn bridge(&self) -> Result<Bridge, Halt> {
        let Some(target) = self.bridge_target() else {
            return Err(Halt::Skipped("no sip.yaml of a bridge is known".into()));
        };
        let (text, _) = self.operator()?.read(&target.file.part, &target.file.path).await?;
        let place = format!("{}, {}", target.file.part, target.file.path);
        Ok(Bridge { place, entry: target.entry.clone(), values: values(&text), text: Secret::new(text) })
    }

    /// Lints sip.yaml, and keeps what these rules found.
    ///
    /// # Errors
    /// Skipped when no such file is known; errored when a rule does not exist, or the file is no YAML.
    pub async fn lint_bridge(&self, rules: &[&str]) -> Result<Linted, Halt> {
        for id in rules {
            if !RULES.iter().any(|rule| rule.id == *id && rule.kind == FileKind::SipYaml) {
                return Err(Halt::Errored(format!("the linter has no rule {id} of sip.yaml")));
            }
        }
        let bridge = self.bridge().await?;
        let mut findings = Vec::new();
        for finding in lint(FileKind::SipYaml, bridge.text.expose(), &Facts::default()) {
            let place = match finding.line {
                0 => bridge.place.clone(),
                line => format!("{}:{line}", bridge.place),
            };
            if finding.rule == UNREADABLE && !rules.contains(&UNREADABLE) {
                let why = format!("{place} can't be linted: {} ({})", finding.found, finding.what);
                return Err(Halt::Errored(why));
            }
            if rules.contains(&finding.rule) {
                findings.push((place, finding));
            }
        }
        Ok(Linted::of_one_file(bridge.values.len(), findings))
    }
}

impl Bridge {
    /// The value at a path, such as `redis.address`.
    pub fn setting(&self, path: &str) -> Option<&str> {
        self.values.get(path).map(String::as_str)
    }

    /// Every value of it by its path. Some are secret: passwords and the API secret.
    pub fn settings(&self) -> &BTreeMap<String, String> {
        &self.values
    }
}
