//! Keys and tokens: who signs with what, and what is wrong with it. Requirement 1.1.

use super::document::{Jwt, KeyUse, Risk, Severity};
use super::inputs::{Kind, Read};
use greenlight_clients::tokens_of;
use greenlight_config::env_file::EnvFile;
use greenlight_config::lint::{FileKind, Inside, Program, SECRET_CHARACTERS_MIN, keys_of, values};

/// A key somewhere, with its secret, which stays in here.
struct Use {
    key: String,
    component: &'static str,
    seen: String,
    secret: Option<String>,
}

/// What a plan says of keys, and the risks in it.
pub(super) fn look(files: &[Read], services: &[(String, Inside)], tokens: Option<&str>) -> (Jwt, Vec<Risk>) {
    let mut uses = Vec::new();
    for read in files {
        of_file(read.kind, &read.path, &read.text, 0, &mut uses);
    }
    for (path, service) in services {
        let text: String = service.environment.iter().map(|(name, value, _)| line(name, value)).collect();
        let first = service.environment.first().map_or(service.line, |(_, _, line)| *line);
        of_environment(path, &text, Some(first), &mut uses);
        if let (Some((config, line)), Some(kind)) = (&service.config_text, config_of(service.program)) {
            of_file(kind, path, config, line.saturating_sub(1), &mut uses);
        }
    }
    let mut risks = of_uses(&uses);
    let mut keys: Vec<KeyUse> = uses
        .iter()
        .filter(|one| !one.key.is_empty())
        .map(|one| KeyUse {
            key: one.key.clone(),
            component: one.component.to_owned(),
            seen: one.seen.clone(),
            secret_characters: one.secret.as_ref().map(|secret| secret.chars().count()),
        })
        .collect();
    keys.sort();
    keys.dedup();
    let tokens = tokens.map(tokens_of).unwrap_or_default();
    let endless =
        tokens.iter().filter(|token| token.lint(&[], 0.0, f64::MAX).iter().any(|finding| finding.found == "no exp"));
    let endless = endless.count();
    if endless > 0 {
        risks.push(risk(
            Severity::High,
            "token_without_exp",
            "--token-file",
            &format!("{endless} of {} tokens never end", tokens.len()),
            "livekit-server 1.13.5 accepts them for ever; from protocol 1.54 on they are refused, and their users can't join",
            "let the application that issues them set `exp`, some hours ahead at most",
            "seen on livekit-server 1.13.5; livekit/protocol pull request 1706",
            "greenlight verify --token-file FILE",
        ));
    }
    (Jwt { keys, tokens: tokens.len(), tokens_without_end: endless }, risks)
}

/// Whose configuration a program is given.
fn config_of(program: Program) -> Option<Kind> {
    match program {
        Program::LiveKitServer => Some(Kind::Linted(FileKind::LivekitYaml)),
        Program::Sip => Some(Kind::Linted(FileKind::SipYaml)),
        Program::Egress => Some(Kind::Egress),
        Program::Ingress => Some(Kind::Ingress),
        _ => None,
    }
}

fn line(name: &str, value: &str) -> String {
    format!("{name}='{}'\n", value.replace('\'', "\\'"))
}

fn of_file(kind: Kind, path: &str, text: &str, offset: usize, uses: &mut Vec<Use>) {
    let component = match kind {
        Kind::Linted(FileKind::Environment) => return of_environment(path, text, None, uses),
        Kind::Linted(FileKind::LivekitYaml) => "server",
        Kind::Linted(FileKind::SipYaml) => "sip",
        Kind::Egress => "egress",
        Kind::Ingress => "ingress",
        _ => return,
    };
    let (lines, values) = (keys_of(text), values(text));
    let place = |key: &str| {
        let line = lines.iter().find(|(path, _)| path == key).map_or(0, |(_, line)| *line);
        format!("{path}:{}", line + offset)
    };
    if component != "server" {
        if let Some(key) = values.get("api_key") {
            let secret = values.get("api_secret").filter(|secret| is_written(secret)).cloned();
            uses.push(Use { key: key.clone(), component, seen: place("api_key"), secret });
        }
        return;
    }
    for (name, value) in values.iter().filter_map(|(name, value)| Some((name.strip_prefix("keys.")?, value))) {
        let secret = is_written(value).then(|| value.clone());
        let key = if is_written(name) { name.to_owned() } else { String::new() };
        uses.push(Use { key, component, seen: place(&format!("keys.{name}")), secret });
    }
    // Its keys stand in a file that is not looked at.
    if values.contains_key("key_file") {
        uses.push(Use { key: String::new(), component, seen: place("key_file"), secret: None });
    }
    if let Some(key) = values.get("webhook.api_key") {
        uses.push(Use { key: key.clone(), component: "webhook", seen: place("webhook.api_key"), secret: None });
    }
}

/// `line`: where all of it stands, when the text was put together from somewhere else.
fn of_environment(path: &str, text: &str, line: Option<usize>, uses: &mut Vec<Use>) {
    let file = EnvFile::parse(text);
    let secret = file.get("LIVEKIT_API_SECRET").filter(|secret| is_written(secret));
    for one in file.assignments() {
        let seen = format!("{path}:{}", line.unwrap_or(one.line));
        match one.name.as_str() {
            // Filled in by something else: the server has keys, and nobody here knows which.
            "LIVEKIT_KEYS" if !is_written(&one.value()) => {
                uses.push(Use { key: String::new(), component: "server", seen, secret: None });
            }
            "LIVEKIT_KEYS" => {
                // A text that is no `id: secret` has no id; the linter says so.
                for (key, value) in values(&one.value()).into_iter().filter(|(key, _)| !key.is_empty()) {
                    let secret = is_written(&value).then_some(value);
                    uses.push(Use { key, component: "server", seen: seen.clone(), secret });
                }
            }
            "LIVEKIT_API_KEY" if !one.value().is_empty() && is_written(&one.value()) => {
                uses.push(Use { key: one.value(), component: "application", seen, secret: secret.clone() });
            }
            _ => {}
        }
    }
}

/// Filled in by something else, it can't be judged.
fn is_written(text: &str) -> bool {
    let placeholder =
        (text.starts_with('<') && text.ends_with('>')) || (text.starts_with("__") && text.ends_with("__"));
    !placeholder && !text.contains("${") && !text.contains("{{") && !text.starts_with('$')
}

fn of_uses(uses: &[Use]) -> Vec<Risk> {
    let mut risks = Vec::new();
    let servers: Vec<&Use> = uses.iter().filter(|one| one.component == "server").collect();
    for one in uses {
        let short =
            one.secret.as_ref().map(|secret| secret.chars().count()).filter(|length| *length < SECRET_CHARACTERS_MIN);
        if let Some(length) = short {
            risks.push(risk(
                Severity::High,
                "key_secret_short",
                &one.seen,
                &format!("{}: {length} characters", one.key),
                "a secret this short can be guessed, and whoever has it signs tokens for every room",
                "rotate the key: add one of `livekit-server generate-keys`, let everybody sign with it, then remove this one",
                "seen on livekit-server 1.13.5, which runs and logs an error",
                "greenlight validate --category auth --level config",
            ));
        }
        // With keys that are filled in elsewhere nobody can say that one is missing.
        if one.component == "server" || servers.is_empty() || servers.iter().any(|server| server.key.is_empty()) {
            continue;
        }
        let known: Vec<&&Use> = servers.iter().filter(|server| server.key == one.key).collect();
        if known.is_empty() {
            risks.push(risk(
                Severity::High,
                "key_unknown",
                &one.seen,
                &format!("{} signs with {}", one.component, one.key),
                "no server here has this key: whatever is signed with it is refused with 401",
                "write a key that `keys` of livekit.yaml, or LIVEKIT_KEYS, has",
                "seen on livekit-server 1.13.5",
                "greenlight validate --category auth --level config",
            ));
        } else if let Some(secret) = &one.secret
            && known.iter().all(|server| server.secret.as_ref().is_some_and(|known| known != secret))
        {
            risks.push(risk(
                Severity::High,
                "key_secret_differs",
                &one.seen,
                &format!("{} has another secret for {}", one.component, one.key),
                "whatever it signs is refused with 401",
                "take the secret that the server has",
                "seen on livekit-server 1.13.5",
                "greenlight validate --category auth --level config",
            ));
        }
    }
    risks
}

#[expect(clippy::too_many_arguments, reason = "a risk says all of this, and a builder would only hide the order")]
fn risk(
    severity: Severity,
    rule: &str,
    at: &str,
    found: &str,
    what: &str,
    fix: &str,
    source: &str,
    found_by: &str,
) -> Risk {
    Risk {
        severity,
        rule: rule.to_owned(),
        at: at.to_owned(),
        found: found.to_owned(),
        what: what.to_owned(),
        fix: fix.to_owned(),
        source: source.to_owned(),
        step: "jwt".to_owned(),
        found_by: found_by.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{FileKind, Kind, Read, look};
    use crate::plan::versions::services;

    #[test]
    fn keys_are_held_against_each_other() {
        let read = |path: &str, kind, text: &str| Read { path: path.into(), kind, text: text.into() };
        let long = "WUDnXb3vYc1qLr8TgZ5sKe7hFa2jMp9oQi4wRx6y";
        let files = [
            read(
                "livekit.yaml",
                Kind::Linted(FileKind::LivekitYaml),
                &format!("keys:\n  APIa: {long}\n  APIb: short\nwebhook:\n  api_key: APIx\n"),
            ),
            read("sip.yaml", Kind::Linted(FileKind::SipYaml), &format!("api_key: APIa\napi_secret: {long}x\n")),
            read("egress.yaml", Kind::Egress, "api_key: APIa\napi_secret: ${SECRET}\n"),
            read(
                "app.env",
                Kind::Linted(FileKind::Environment),
                &format!("LIVEKIT_API_KEY=APIa\nLIVEKIT_API_SECRET={long}\n"),
            ),
        ];
        let (jwt, risks) = look(&files, &[], None);
        let seen: Vec<String> = risks.iter().map(|risk| format!("{} {}", risk.rule, risk.at)).collect();
        assert_eq!(
            seen,
            ["key_secret_short livekit.yaml:3", "key_unknown livekit.yaml:5", "key_secret_differs sip.yaml:1"]
        );
        assert_eq!(jwt.keys.len(), 6);
        assert!(!format!("{jwt:?}{risks:?}").contains(long));
        // Keys that are filled in somewhere else: nothing can be missing.
        let files = [
            read("server.env", Kind::Linted(FileKind::Environment), "LIVEKIT_KEYS=${KEYS}\n"),
            read(
                "app.env",
                Kind::Linted(FileKind::Environment),
                "LIVEKIT_API_KEY=APIx\nLIVEKIT_API_SECRET=<your secret>\n",
            ),
            read("old.env", Kind::Linted(FileKind::Environment), "LIVEKIT_KEYS=devkey:secret\n"),
        ];
        let (jwt, risks) = look(&files, &[], None);
        assert_eq!((jwt.keys.len(), risks.len()), (1, 0), "{risks:?}");
    }

    /// What stands inside of a compose file is held against the server too, and a key file may hold any key.
    #[test]
    fn a_bridge_inside_of_a_compose_file_is_no_server() {
        let compose = "services:\n  sip:\n    image: livekit/sip:v1.10.0\n    environment:\n      SIP_CONFIG_BODY: |\n        api_key: APIb\n        api_secret: short\n        ws_url: ws://a\n";
        let read =
            |path: &str, kind, text: &str| Read { path: path.into(), kind: Kind::Linted(kind), text: text.into() };
        let server = "keys:\n  APIa: WUDnXb3vYc1qLr8TgZ5sKe7hFa2jMp9oQi4wRx6y\n";
        let mut files = vec![
            read("docker-compose.yml", FileKind::Compose, compose),
            read("livekit.yaml", FileKind::LivekitYaml, server),
        ];
        let seen = |files: &[Read]| -> Vec<String> {
            let (_, risks) = look(files, &services(files), None);
            risks.iter().map(|risk| format!("{} {}", risk.rule, risk.at)).collect()
        };
        let short = "key_secret_short docker-compose.yml:6".to_owned();
        assert_eq!(seen(&files), [short.clone(), "key_unknown docker-compose.yml:6".to_owned()]);
        files.push(read("b/livekit.yaml", FileKind::LivekitYaml, "key_file: keys.yaml\n"));
        assert_eq!(seen(&files), [short]);
    }

    /// The first token has `exp`, the second has none (RFC 7519, section 4.1.4); neither is signed with anything real.
    #[test]
    fn tokens_that_never_end_are_counted() {
        let tokens = "eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjIwMDAwMDAwMDAsImlzcyI6ImEiLCJzdWIiOiJ1In0.c2ln\neyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJhIiwic3ViIjoidSJ9.c2ln\n";
        let (jwt, risks) = look(&[], &[], Some(tokens));
        assert_eq!((jwt.tokens, jwt.tokens_without_end), (2, 1));
        assert_eq!(risks.iter().map(|risk| risk.found.as_str()).collect::<Vec<_>>(), ["1 of 2 tokens never end"]);
    }
}
