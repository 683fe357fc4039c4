//! All rules over all objects.

use super::manifests::Manifests;
use super::{config_maps, pods, probes, service_links};
use crate::lint::container;
use crate::lint::facts::Facts;
use crate::lint::findings::{Findings, words};
use crate::lint::parse::{Documents, parse_all};

/// Everything that is wrong with manifests. A chart's template that nobody rendered is no YAML, and not judged.
pub(crate) fn check(text: &str, facts: &Facts, findings: &mut Findings) {
    let Documents { roots, duplicates } = match parse_all(text) {
        Ok(read) => read,
        Err(_) if text.contains("{{") => return,
        Err(error) => {
            let what = "kubectl can't read the file, and applies nothing of it, or only what stands before";
            let fix = "mend the line, or the one above it; a value with `: `, `#` or a leading `{` needs quotes";
            return findings.wrong("yaml_syntax", error.line, words(error.problem, what, fix));
        }
    };
    for (key, line) in &duplicates {
        let what = "the key stands twice in one section: the last one wins in silence, or the file is refused";
        findings.wrong("duplicate_key", *line, words(key, what, "keep one of the two"));
    }
    let manifests = Manifests::of(&roots);
    config_maps::check(&manifests, facts, findings);
    for pod in manifests.pods() {
        for member in &pod.members {
            container::check(&member.container, facts, findings);
            probes::check(member, findings);
        }
        pods::check(&pod, &manifests, findings);
        service_links::check(&pod, &manifests, findings);
    }
}
