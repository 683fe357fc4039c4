//! The linter on what really runs: the livekit.yaml and the environment of every node, with what the machine knows.

use crate::configured::Configured;
use crate::ctx::Ctx;
use crate::verdict::{Halt, Verdict, failed};
use anyhow::{Context as _, Result};
use greenlight_clients::read_certificate;
use greenlight_config::lint::{CertificateFacts, Facts, FileKind, Finding, RULES, lint};
use greenlight_reports::Limit::AtLeast;
use std::collections::BTreeSet;
use std::time::{SystemTime, UNIX_EPOCH};

/// Where nothing can be found, because nothing can be read.
const UNREADABLE: &[&str] = &["yaml_syntax", "empty_document"];

/// What the linter says of a target.
pub struct Linted {
    files: usize,
    values: usize,
    variables: usize,
    /// Whether a rule about variables was asked for.
    of_environment: bool,
    findings: Vec<(String, Finding)>,
}

impl Ctx {
    /// Lints the files and environments of all nodes, and keeps what these rules found.
    ///
    /// # Errors
    /// Skipped when nothing can be read here; errored when a rule does not exist, or a file is no YAML.
    pub async fn lint(&self, rules: &[&str]) -> Result<Linted, Halt> {
        let is = |kind: FileKind| move |id: &&str| RULES.iter().any(|rule| rule.id == *id && rule.kind == kind);
        for id in rules {
            if !is(FileKind::LivekitYaml)(id) && !is(FileKind::Environment)(id) {
                return Err(Halt::Errored(format!("the linter has no rule {id}")));
            }
        }
        let of_environment = rules.iter().any(is(FileKind::Environment));
        let mut linted = Linted { files: 0, values: 0, variables: 0, of_environment, findings: vec![] };
        for node in self.configured().await? {
            let facts = self.facts(&node, rules).await?;
            linted.files += 1;
            linted.values += node.settings().len();
            linted.variables += node.environment.len();
            for (place, finding) in findings(&node, &facts) {
                if UNREADABLE.contains(&finding.rule) && !rules.contains(&finding.rule) {
                    return Err(Halt::Errored(format!(
                        "{place} can't be linted: {} ({})",
                        finding.found, finding.what
                    )));
                }
                if rules.contains(&finding.rule) {
                    linted.findings.push((place, finding));
                }
            }
        }
        Ok(linted)
    }

    /// What the linter can't see in the text. Files are asked for only where a rule wants them.
    async fn facts(&self, node: &Configured, rules: &[&str]) -> Result<Facts> {
        let operator = self.operator().map_err(|_| anyhow::anyhow!("nobody to ask for files"))?;
        let part = &node.file.part;
        let mut facts = Facts {
            cpus: cpus(),
            today_unix_s: SystemTime::now().duration_since(UNIX_EPOCH).ok().map(|time| time.as_secs()),
            config_file_present: Some(node.command.iter().any(|word| word.starts_with("--config"))),
            ..Facts::default()
        };
        let key_file =
            node.setting("key_file").filter(|path| rules.contains(&"key_file_mode") && path.starts_with('/'));
        if let Some(path) = key_file {
            let read = operator.read(part, path).await.with_context(|| format!("reading {path} of {part}"))?;
            facts.key_file_mode = Some(read.1);
        }
        let wanted = rules.iter().any(|rule| rule.starts_with("turn_") && rule.contains("certificate"));
        if let Some(path) = node.setting("turn.cert_file").filter(|_| wanted) {
            let read = operator.read(part, path).await.with_context(|| format!("reading {path} of {part}"))?;
            let seen = read_certificate(&read.0).with_context(|| format!("{path} of {part}"))?;
            facts.certificates.push(CertificateFacts {
                path: path.to_owned(),
                dns_names: seen.dns_names,
                not_after_unix_s: u64::try_from(seen.not_after).unwrap_or_default(),
            });
        }
        Ok(facts)
    }
}

impl Linted {
    /// What was found in a file beside livekit.yaml.
    pub(crate) fn of_one_file(values: usize, findings: Vec<(String, Finding)>) -> Self {
        Self { files: 1, values, variables: 0, of_environment: false, findings }
    }

    /// A pass that counts what was looked at, or a failure that names the first finding, its place and its fix.
    ///
    /// # Errors
    /// Failed when there is a finding; errored when there was nothing to look at.
    #[track_caller]
    #[expect(clippy::cast_precision_loss, reason = "counts of variables are far below 2^52")]
    pub fn verdict(self, ctx: &Ctx) -> Verdict {
        if let Some((place, finding)) = self.findings.first() {
            let more = match self.findings.len() {
                1 => String::new(),
                count => format!(" (and {} more)", count - 1),
            };
            let found = format!("{place}: {}{more}", finding.found);
            let expected = format!("no finding of the rule {}", finding.rule);
            return Err(failed(&finding.what, found, expected, &finding.fix, None));
        }
        let pass = ctx.pass().counted("files_linted", self.files, AtLeast(1.0));
        let pass = pass?.counted("values_linted", self.values, AtLeast(1.0))?;
        match self.of_environment {
            // A container made of one program has no variables: that its environment was looked at is what counts.
            true => pass.measured("variables_linted", self.variables as f64, AtLeast(0.0), self.files),
            false => Ok(pass),
        }
    }
}

/// All findings of a node, with their places: file and line, or the name of the variable.
fn findings(node: &Configured, facts: &Facts) -> Vec<(String, Finding)> {
    let (part, path) = (&node.file.part, &node.file.path);
    let mut all = Vec::new();
    let not_read = node.variable("LIVEKIT_CONFIG").is_some();
    for finding in lint(FileKind::LivekitYaml, node.text.expose(), facts) {
        // A server with a whole configuration in a variable does not read its file.
        if not_read || (finding.rule == "redis_missing" && node.variable("REDIS_HOST").is_some()) {
            continue;
        }
        let place = match finding.line {
            0 => format!("{part}, {path}"),
            line => format!("{part}, {path}:{line}"),
        };
        all.push((place, finding));
    }
    let (text, starts) = environment(node);
    for finding in lint(FileKind::Environment, &text, facts) {
        let name = starts.iter().rev().find(|(line, _)| *line <= finding.line.max(1)).map_or("", |(_, name)| name);
        all.push((format!("{part}, environment, {name}"), finding));
    }
    all
}

/// The variables as lines that the linter reads, with the line on which each starts.
fn environment(node: &Configured) -> (String, Vec<(usize, String)>) {
    let (mut text, mut starts) = (String::new(), Vec::new());
    for (name, value) in &node.environment {
        starts.push((text.lines().count() + 1, name.clone()));
        let value = value.expose();
        // A quote at the end of a line would end a value of several lines.
        let quote = if value.lines().any(|line| line.trim_end().ends_with('"')) { '\'' } else { '"' };
        match value.contains('\n') {
            true => text.push_str(&format!("{name}={quote}{value}{quote}\n")),
            false => text.push_str(&format!("{name}={value}\n")),
        }
    }
    (text, starts)
}

/// CPUs of this machine, on which the containers of a staging run: a server counts all that it may use, whatever share
/// of their time its container gets.
fn cpus() -> Option<usize> {
    let text = std::fs::read_to_string("/proc/cpuinfo").ok()?;
    let processors: BTreeSet<&str> = text.lines().filter(|line| line.starts_with("processor")).collect();
    (!processors.is_empty()).then_some(processors.len())
}

#[cfg(test)]
mod tests {
    use super::{Facts, environment, findings};
    use crate::configured::Configured;
    use crate::target::ConfigFile;
    use greenlight_clients::Secret;

    fn node(yaml: &str, variables: &[&str]) -> Configured {
        let file = ConfigFile { part: "livekit-b".into(), path: "/livekit.yaml".into() };
        let variables: Vec<String> = variables.iter().map(|variable| (*variable).to_owned()).collect();
        Configured::new(file, Secret::new(yaml), 0o600, &variables, vec!["--config".into(), "/livekit.yaml".into()])
    }

    fn found(yaml: &str, variables: &[&str]) -> Vec<(String, &'static str)> {
        let facts = Facts { config_file_present: Some(true), ..Facts::default() };
        let found = findings(&node(yaml, variables), &facts).into_iter();
        found.map(|(place, finding)| (place, finding.rule)).filter(|(_, rule)| *rule != "public_stun").collect()
    }

    #[test]
    fn a_finding_has_part_file_and_line() {
        let yaml = "port: 7880\nredis:\n  address: redis:6379\nlog_level: inof\n";
        assert_eq!(found(yaml, &[]), [("livekit-b, /livekit.yaml:4".into(), "log_level_unknown")]);
        assert_eq!(found("port: 7880\n", &[]), [("livekit-b, /livekit.yaml".into(), "redis_missing")]);
        assert_eq!(found("port: 7880\n", &["REDIS_HOST=redis:6379"]), []);
    }

    /// Seen on livekit-server 1.13.5: with `LIVEKIT_CONFIG` the file is ignored in silence.
    #[test]
    fn a_file_that_is_not_read_has_no_findings() {
        let body = "LIVEKIT_CONFIG=redis:\n  address: \"redis:6379\"\nlog_level: inof\n";
        let place = || "livekit-b, environment, LIVEKIT_CONFIG".to_owned();
        let expected = [(place(), "env_config_wins"), (place(), "log_level_unknown")];
        assert_eq!(found("log_level: bogus\n", &["A=1", body, "UDP_PORT=7882"]), expected);
        let node = node("log_level: bogus\n", &["A=1", body]);
        assert_eq!((node.setting("log_level"), node.setting("redis.address")), (Some("inof"), Some("redis:6379")));
    }

    #[test]
    fn a_variable_of_several_lines_keeps_its_name() {
        let (text, starts) = environment(&node("", &["A=1", "LIVEKIT_CONFIG=a: \"1\"\nb: 2", "C="]));
        assert_eq!(text, "A=1\nLIVEKIT_CONFIG='a: \"1\"\nb: 2'\nC=\n");
        assert_eq!(starts, [(1, "A".into()), (2, "LIVEKIT_CONFIG".into()), (4, "C".into())]);
    }
}
