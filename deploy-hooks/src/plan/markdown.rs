//! A plan for people.

use super::analyse::counts;
use super::document::{Plan, Risk, Severity, Step};
use super::steps::minutes_of;
use std::fmt::Write as _;

/// How every plan begins.
pub(super) const TITLE: &str = "# From livekit-server ";

/// The same as the JSON, to be read from top to bottom.
pub(super) fn markdown(plan: &Plan) -> String {
    let mut out = format!("{TITLE}{} to {}\n\n", plan.from.version, plan.to);
    let [high, medium, low] = counts(plan).map(|(_, word, count)| format!("{count} {word}"));
    let _ = writeln!(
        out,
        "Risks: {high}, {medium}, {low}. {} steps, about {} minutes of work (rules of thumb, not measured). The version now was seen in {}.\n",
        plan.steps.len(),
        minutes_of(plan),
        code(&plan.from.seen)
    );
    components(plan, &mut out);
    out.push_str("## Steps\n\n");
    plan.steps.iter().enumerate().for_each(|(index, step)| one_step(index + 1, step, &mut out));
    out.push_str("## Risks\n\n");
    for (severity, word, count) in counts(plan) {
        if count > 0 {
            let _ = writeln!(out, "### {word}\n");
            risks(plan, severity, &mut out);
        }
    }
    keys(plan, &mut out);
    libraries(plan, &mut out);
    sip(plan, &mut out);
    if !plan.changelog.is_empty() {
        out.push_str("## What the change log calls changed or removed\n\n");
        for entry in &plan.changelog {
            let _ = writeln!(
                out,
                "- {} {}: {} ({})",
                entry.version,
                entry.section.to_lowercase(),
                escaped(&entry.text),
                entry.source
            );
        }
        out.push('\n');
    }
    if !plan.not_seen.is_empty() {
        out.push_str("## Not seen\n\n");
        plan.not_seen.iter().for_each(|one| _ = writeln!(out, "- {}", escaped(one)));
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

fn components(plan: &Plan, out: &mut String) {
    if plan.components.is_empty() {
        return;
    }
    out.push_str("## What is there\n\n| name | program | version | image | seen |\n|---|---|---|---|---|\n");
    for one in &plan.components {
        let image = one.image.as_deref().map(code).unwrap_or_default();
        let version = one.version.as_deref().unwrap_or("unknown");
        let _ =
            writeln!(out, "| {} | {} | {version} | {image} | {} |", escaped(&one.name), one.program, code(&one.seen));
    }
    out.push('\n');
}

fn one_step(number: usize, step: &Step, out: &mut String) {
    let _ = writeln!(out, "### {number}. {} (`{}`, about {} min)\n", step.title, step.id, step.estimate_min);
    if !step.needs.is_empty() {
        let _ = writeln!(out, "After {}.\n", step.needs.join(", "));
    }
    step.what.iter().for_each(|line| _ = writeln!(out, "- [ ] {}", escaped(line)));
    let _ = writeln!(out, "\nDone when `{}` succeeds. Undo: {}.\n", step.check, escaped(&step.undo));
}

fn risks(plan: &Plan, severity: Severity, out: &mut String) {
    for risk in plan.risks.iter().filter(|risk| risk.severity == severity) {
        let Risk { rule, at, found, what, fix, source, step, found_by, .. } = risk;
        let _ = writeln!(out, "- **{rule}** at {}: {}", code(at), code(found));
        let _ = writeln!(out, "  - hurts: {}", escaped(what));
        let _ = writeln!(out, "  - fix: {} (step `{step}`)", escaped(fix));
        let _ = writeln!(out, "  - known from: {}", escaped(source));
        let _ = writeln!(out, "  - found again by `{found_by}`");
    }
    out.push('\n');
}

fn keys(plan: &Plan, out: &mut String) {
    out.push_str("## Keys and tokens\n\n");
    for key in &plan.jwt.keys {
        let secret = match key.secret_characters {
            Some(count) => format!("a secret of {count} characters"),
            None => "its secret stands elsewhere".to_owned(),
        };
        let _ = writeln!(out, "- {} uses {} ({}), {secret}", key.component, code(&key.key), code(&key.seen));
    }
    let jwt = &plan.jwt;
    let _ = writeln!(out, "- {} tokens looked at, {} of them never end\n", jwt.tokens, jwt.tokens_without_end);
}

fn libraries(plan: &Plan, out: &mut String) {
    for (title, sdks) in
        [("Applications that call the API", &plan.api), ("Applications that join rooms", &plan.clients)]
    {
        let _ = writeln!(out, "## {title}\n");
        if sdks.is_empty() {
            out.push_str("None was found in package.json, Cargo.lock, go.mod or requirements.txt.\n\n");
            continue;
        }
        out.push_str("| package | version | seen | works with the new version | because |\n|---|---|---|---|---|\n");
        for sdk in sdks {
            let _ = writeln!(
                out,
                "| {} | {} | {} | {} | {} |",
                escaped(&sdk.package),
                escaped(&sdk.version),
                code(&sdk.seen),
                sdk.works,
                sdk.because
            );
        }
        out.push('\n');
    }
}

fn sip(plan: &Plan, out: &mut String) {
    let sip = &plan.sip;
    if !sip.seen && sip.codecs.is_empty() {
        return;
    }
    out.push_str("## SIP\n\n");
    for trunk in &sip.inbound {
        let door = if trunk.password_set { "with a password" } else { "without a password" };
        let from = if trunk.allowed_addresses.is_empty() {
            "from everywhere".to_owned()
        } else {
            format!("from {}", escaped(&trunk.allowed_addresses.join(", ")))
        };
        let _ = writeln!(
            out,
            "- in: {} {} {}, {from}, {door}, encryption {}",
            code(&trunk.id),
            escaped(&trunk.name),
            escaped(&trunk.numbers.join(", ")),
            trunk.encryption
        );
    }
    for trunk in &sip.outbound {
        let _ = writeln!(
            out,
            "- out: {} {} to {}, {}, transport {}, encryption {}",
            code(&trunk.id),
            escaped(&trunk.name),
            code(&trunk.address),
            escaped(&trunk.numbers.join(", ")),
            trunk.transport,
            trunk.encryption
        );
    }
    for rule in &sip.rules {
        let trunks =
            if rule.trunks.is_empty() { "every trunk, and none".to_owned() } else { escaped(&rule.trunks.join(", ")) };
        let pin = if rule.pin_set { ", with a PIN" } else { "" };
        let _ = writeln!(
            out,
            "- rule: {} {} for {trunks}: {} {}{pin}",
            code(&rule.id),
            escaped(&rule.name),
            rule.kind,
            code(&rule.room)
        );
    }
    sip.codecs.iter().for_each(|codec| _ = writeln!(out, "- codec {}", code(codec)));
    out.push('\n');
}

/// What others wrote must not become markup.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '|' | '*' | '_' | '<' | '>' | '[' | ']' | '\\' => out.extend(['\\', c]),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

fn code(text: &str) -> String {
    format!("`{}`", text.replace('`', "'").replace(|c: char| c.is_control(), " ").replace('|', "\\|"))
}
