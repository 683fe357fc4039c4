//! All rules over the values of each chart.

use super::charts::{Chart, charts};
use super::defaults::with_defaults;
use crate::lint::container::{GRACE_S_MIN, Program};
use crate::lint::facts::Facts;
use crate::lint::finding::FileKind;
use crate::lint::findings::{Findings, words};
use crate::lint::parse::parse;
use crate::lint::run::tree;
use crate::lint::scalars::is_template;

/// What is right in values and wrong in a file of the server's own, and what something else fills in.
const NOT_HERE: [&str; 2] = ["chart_only_key", "variable_not_expanded"];

/// Everything that is wrong with values. A text with templates in it is no values yet, and not judged.
pub(crate) fn check(text: &str, facts: &Facts, findings: &mut Findings) {
    let document = match parse(text) {
        Ok(document) => document,
        Err(_) if text.contains("{{") => return,
        Err(error) => {
            let what = "helm can't read the file, and installs nothing";
            let fix = "mend the line, or the one above it; a value with `: `, `#` or a leading `{` needs quotes";
            return findings.wrong("yaml_syntax", error.line, words(error.problem, what, fix));
        }
    };
    for (key, line) in &document.duplicates {
        let what = "the key stands twice in one section: the last one wins in silence, or the file is refused";
        findings.wrong("duplicate_key", *line, words(key, what, "keep one of the two"));
    }
    for chart in charts(&document.root) {
        image(&chart, findings);
        grace(&chart, findings);
        match chart.program {
            Program::LiveKitServer => server(&chart, facts, findings),
            Program::Sip => {
                let mut inner = Findings::default();
                tree(FileKind::SipYaml, &chart.config.value, facts, &mut inner);
                findings.extend(inner.without(&NOT_HERE));
            }
            _ => {}
        }
    }
}

fn image(chart: &Chart<'_>, findings: &mut Findings) {
    // Without a tag the chart's own version decides, which somebody has pinned.
    let Some(tag) = chart.values.at("image.tag") else { return };
    if chart.image().floats() {
        let found = tag.value.text().unwrap_or_default();
        let what = "without a version the next pull brings another program, on some machines earlier than on others, \
                    and nothing in this file says which one was tested";
        let fix = "write the version that was tested, as in tag: v1.13.5, or none, which is the chart's own";
        findings.risky("image_floating", tag.line, words(found, what, fix));
    }
}

fn grace(chart: &Chart<'_>, findings: &mut Findings) {
    let Some(entry) = chart.values.at("terminationGracePeriodSeconds") else { return };
    if entry.value.integer().is_some_and(|seconds| (seconds as f64) < GRACE_S_MIN) {
        let what = "at an update or a drain of the machine the pod is asked to end, waits for its calls, and is killed \
                    when this time is over: whoever is on a call loses it";
        let fix = "remove it, so that the chart's own 18000 (5 hours) holds, or write the longest call that may be waited \
                   for";
        findings.risky("stop_grace_short", entry.value.line, words(entry.value.text().unwrap_or_default(), what, fix));
    }
}

fn server(chart: &Chart<'_>, facts: &Facts, findings: &mut Findings) {
    let mut inner = Findings::default();
    tree(FileKind::LivekitYaml, &with_defaults(chart.config), facts, &mut inner);
    let is = |path: &str, wanted: &str| {
        chart.values.at(path).and_then(|entry| entry.value.text()).is_some_and(|text| text == wanted)
    };
    // The chart makes a balancer that forwards 443 to tls_port.
    let no_balancer = is("turnLoadbalancer.enable", "false") || is("livekit.turn.loadBalancerType", "disable");
    let mut left = inner.without(&NOT_HERE);
    left.retain(|finding| finding.rule != "turn_tls_port" || no_balancer);
    findings.extend(left);
    secrets(chart, findings);
    let config = &chart.config.value;
    if let Some(enabled) = chart.values.at("storeKeysInSecret.enabled").filter(|entry| entry.value.is_true())
        && config.at("key_file").is_none()
    {
        let what = "the chart mounts the keys at livekit.key_file, and there is none: Kubernetes refuses the pod";
        let fix = "write key_file: keys.yaml below livekit:";
        findings.wrong("helm_key_file_missing", enabled.line, words("no livekit.key_file", what, fix));
    }
}

fn secrets(chart: &Chart<'_>, findings: &mut Findings) {
    let literal = |text: Option<&str>| text.is_some_and(|text| !text.is_empty() && !is_template(text));
    let config = &chart.config.value;
    let keys = config.at("keys").filter(|keys| keys.value.entries().iter().any(|key| literal(key.value.text())));
    let password = config.at("redis.password").filter(|entry| literal(entry.value.text()));
    let fix_of_keys = "write them below storeKeysInSecret.keys:, with enabled: true and livekit.key_file, or name a Secret \
                       in storeKeysInSecret.existingSecret";
    let fix_of_redis = "hand it in when it is installed, from a file of values that is not committed";
    for (entry, name, fix) in [(keys, "livekit.keys", fix_of_keys), (password, "livekit.redis.password", fix_of_redis)]
    {
        let Some(entry) = entry else { continue };
        let what = "the chart writes this into a ConfigMap: whoever may read that, this file, or the repository that it \
                    lies in, can sign tokens for every room, or read and change what Redis holds";
        findings.risky("secret_literal", entry.line, words(format!("{name} with its value"), what, fix));
    }
}
