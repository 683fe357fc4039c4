//! All rules over all services.

use super::project::{Project, Service};
use super::{config, lifecycle, media, network, redis};
use crate::lint::container;
use crate::lint::facts::Facts;
use crate::lint::findings::{Findings, words};
use crate::lint::parse::parse;

/// A rule about one service, which may look at its neighbours.
type Check = fn(&Service<'_>, &Project<'_>, &mut Findings);

const CHECKS: &[Check] =
    &[lifecycle::check, lifecycle::health, network::check, media::check, config::check, redis::server, redis::itself];

/// Everything that is wrong with a compose file.
pub(crate) fn check(text: &str, facts: &Facts, findings: &mut Findings) {
    let document = match parse(text) {
        Ok(document) => document,
        Err(error) => {
            let what = "Compose can't read the file, and starts and stops nothing";
            let fix = "mend the line, or the one above it; a value with `: `, `#` or a leading `{` needs quotes";
            return findings.wrong("yaml_syntax", error.line, words(error.problem, what, fix));
        }
    };
    for (key, line) in &document.duplicates {
        let what = "the key stands twice in one section: Compose refuses the file";
        findings.wrong("duplicate_key", *line, words(key, what, "keep one of the two"));
    }
    let mut project = Project::of(&document.root);
    project.services.iter_mut().for_each(|service| service.mount(&facts.files));
    for service in &project.services {
        container::check(&service.container, facts, findings);
        CHECKS.iter().for_each(|check| check(service, &project, findings));
    }
}
