//! What is secret in a configuration: shown as there, never as it is.

use greenlight_config::env_file::EnvFile;
use greenlight_config::lint::{FileKind, leaves};

/// What the name of a secret has in it, whatever its case.
const WORDS: [&str; 9] =
    ["ACCOUNT_KEY", "SECRET", "PASSWORD", "PASSWD", "TOKEN", "CREDENTIAL", "ACCESS_KEY", "PRIVATE_KEY", "_PASS"];
/// How the name of a variable with a secret in it may end.
const ENDINGS: [&str; 6] = ["KEY", "KEYS", "PWD", "DSN", "JWT", "AUTH"];
/// A whole configuration in a variable, keys included.
const WHOLE: [&str; 5] =
    ["LIVEKIT_KEYS", "LIVEKIT_CONFIG", "SIP_CONFIG_BODY", "EGRESS_CONFIG_BODY", "INGRESS_CONFIG_BODY"];

/// Whether a value of this name is not for others to see. LiveKit's own `api_key` is an id; of others it is the secret.
pub(crate) fn is_secret(name: &str) -> bool {
    // Of variables only: in YAML a `key` is mostly a name, as in a reference to a ConfigMap.
    let of_variable = ENDINGS.iter().any(|ending| name.ends_with(ending)) && !name.ends_with("PUBLIC_KEY");
    let name = name.to_uppercase();
    let of_variable = of_variable && !matches!(name.as_str(), "LIVEKIT_API_KEY" | "API_KEY");
    let api_key = name.ends_with("API_KEY") && !matches!(name.as_str(), "LIVEKIT_API_KEY" | "API_KEY");
    api_key || of_variable || WHOLE.contains(&name.as_str()) || WORDS.iter().any(|word| name.contains(word))
}

/// Whether a value is an address with a password in it.
pub(crate) fn has_password(value: &str) -> bool {
    password_of_url(value).is_some()
}

/// Every secret in a text, with a name for people.
pub(crate) fn of_text(kind: FileKind, text: &str) -> Vec<(String, String)> {
    match kind {
        FileKind::Environment => of_environment(text),
        _ => of_yaml(text),
    }
}

fn of_environment(text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for assignment in EnvFile::parse(text).assignments() {
        variable(&assignment.name, &assignment.value(), &mut found);
    }
    found
}

fn variable(name: &str, value: &str, found: &mut Vec<(String, String)>) {
    match name {
        "LIVEKIT_KEYS" => found.extend(pairs(value)),
        _ if WHOLE.contains(&name) => found.extend(of_yaml(value)),
        _ if is_secret(name) => found.push((name.to_owned(), value.to_owned())),
        _ => found.extend(password_of_url(value).map(|password| (format!("password of {name}"), password))),
    }
}

/// `id: secret`, one pair a line.
fn pairs(text: &str) -> Vec<(String, String)> {
    let pair = |line: &str| {
        let (id, secret) = line.split_once(':')?;
        let bare = secret.trim().trim_matches(['"', '\'']);
        Some((format!("secret of {}", id.trim()), bare.to_owned()))
    };
    text.lines().filter_map(pair).collect()
}

fn of_yaml(text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (path, shape) in leaves(text) {
        let value = match shape {
            greenlight_config::lint::Shape::Plain(text) | greenlight_config::lint::Shape::Text(text) => text,
            greenlight_config::lint::Shape::Empty(_) => continue,
        };
        let names: Vec<&str> = path.iter().filter(|name| !name.starts_with('[')).map(String::as_str).collect();
        let last = names.last().copied().unwrap_or_default();
        // Below `livekit:` or a chart's name in values of Helm too.
        if names.len() > 1 && names[names.len() - 2] == "keys" {
            found.push((format!("secret of {last}"), value));
        } else if let Some((name, value)) = value.split_once('=').filter(|(name, _)| is_name(name)) {
            // `environment: [NAME=value]`.
            variable(name, value, &mut found);
        } else {
            variable(last, &value, &mut found);
            // A configuration in a configuration: `LIVEKIT_CONFIG`, the content of a ConfigMap.
            if value.contains('\n') {
                found.extend(of_yaml(&value));
            }
        }
    }
    found
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
}

fn password_of_url(value: &str) -> Option<String> {
    let (user, _) = value.split_once("://")?.1.rsplit_once('@')?;
    user.split_once(':').map(|(_, password)| password.to_owned())
}

#[cfg(test)]
mod tests {
    use super::of_text;
    use greenlight_config::lint::FileKind;

    #[test]
    fn every_place_of_a_secret_is_known() {
        let yaml = "keys: {APIa: s3cret-of-a}\nredis: {password: s3cret-of-redis}\nrtc:\n  turn_servers:\n  - {host: t, credential: s3cret-of-turn}\n";
        let compose = "services:\n  a:\n    environment:\n      - LIVEKIT_KEYS=APIb: s3cret-of-b\n      - X=https://u:s3cret-of-url@h/\n  b:\n    environment:\n      LIVEKIT_CONFIG: |\n        keys:\n          APIc: s3cret-of-c\n      REDIS_PASSWORD: s3cret-of-r\n";
        let env =
            "LIVEKIT_KEYS=\"APId: s3cret-of-d\nAPIe: s3cret-of-e\"\nLIVEKIT_API_SECRET=s3cret-of-s\nNODE_IP=10.0.0.1\n";
        let count =
            |kind, text| of_text(kind, text).iter().filter(|(_, value)| value.starts_with("s3cret-of-")).count();
        let more = "SIGNING_KEY=s3cret-of-k\nDB_PWD=s3cret-of-p\nSENTRY_DSN=s3cret-of-d\nLIVEKIT_API_KEY=s3cret-of-nobody\nSSH_PUBLIC_KEY=s3cret-of-all\nKEYBOARD=s3cret-of-none\n";
        assert_eq!(count(FileKind::Environment, more), 3);
        let chart = "livekit-server:\n  livekit:\n    keys: {APIa: s3cret-of-a}\n  storeKeysInSecret:\n    keys: {APIb: s3cret-of-b}\nref: {configMapKeyRef: {key: s3cret-of-nobody}}\n";
        assert_eq!(count(FileKind::Helm, chart), 2);
        assert_eq!(count(FileKind::LivekitYaml, yaml), 3);
        assert_eq!(count(FileKind::LivekitYaml, compose), 4);
        assert_eq!(count(FileKind::Environment, env), 3);
    }
}
