//! `LIVEKIT_CONFIG` and `SIP_CONFIG_BODY`: a whole configuration in a variable.

use super::variables::Variable;
use crate::lint::facts::Facts;
use crate::lint::finding::FileKind;
use crate::lint::findings::{Findings, words};
use crate::lint::run::lint;

pub(super) fn check(variables: &[Variable], facts: &Facts, findings: &mut Findings) {
    let set = |name: &str| variables.iter().any(|variable| variable.name == name && !variable.value.is_empty());
    for variable in variables.iter().filter(|variable| variable.name == "LIVEKIT_CONFIG" && !variable.value.is_empty())
    {
        if facts.config_file_present == Some(true) {
            let what = "a configuration file is given too, and it is ignored in silence: only this variable is read";
            let fix = "remove the variable, or --config with its file";
            findings.wrong("env_config_wins", variable.line, words("LIVEKIT_CONFIG", what, fix));
        }
        let mut inner = lint(FileKind::LivekitYaml, &variable.value, facts);
        inner.retain(|finding| !(finding.rule == "redis_missing" && set("REDIS_HOST")));
        findings.nested(inner, variable.lines);
    }
    for variable in variables.iter().filter(|variable| variable.name == "SIP_CONFIG_BODY" && !variable.value.is_empty())
    {
        findings.nested(lint(FileKind::SipYaml, &variable.value, facts), variable.lines);
    }
}
