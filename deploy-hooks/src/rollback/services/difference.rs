//! In what a container differs from the one that was kept: names of settings, never their values.

use super::container::Container;
use serde::Serialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What is not as it was kept.
pub(super) fn differences(kept: &Container, now: &Container) -> Vec<String> {
    let mut found = Vec::new();
    if kept.image_id != now.image_id {
        found.push(format!("the image is {} and was {}", now.image_id, kept.image_id));
    }
    let mut config = now.config.clone();
    // The tag may mean something else by now; what the image is has been compared.
    config.image.clone_from(&kept.config.image);
    found.extend(keys(&kept.config, &config));
    found.extend(keys(&kept.host, &now.host));
    let networks =
        |container: &Container| container.networks.iter().map(|(name, there)| (name.clone(), pruned(there))).collect();
    let (kept_networks, now_networks): (BTreeMap<String, Value>, BTreeMap<String, Value>) =
        (networks(kept), networks(now));
    if kept_networks != now_networks {
        found.push("the networks differ".to_owned());
    }
    for path in paths(kept).symmetric_difference(&paths(now)) {
        found.push(format!("the file {path} is there in one only"));
    }
    for file in &kept.files {
        if now.files.iter().any(|other| other.path == file.path && other != file) {
            found.push(format!("the file {} differs", file.path));
        }
    }
    if kept.runs != now.runs {
        found.push(if kept.runs { "it does not run".to_owned() } else { "it runs".to_owned() });
    }
    found
}

fn paths(container: &Container) -> BTreeSet<&str> {
    container.files.iter().map(|file| file.path.as_str()).collect()
}

fn keys(kept: &impl Serialize, now: &impl Serialize) -> Vec<String> {
    let (Value::Object(kept), Value::Object(now)) = (pruned(kept), pruned(now)) else { return vec![] };
    let all: BTreeSet<&String> = kept.keys().chain(now.keys()).collect();
    all.into_iter().filter(|key| kept.get(*key) != now.get(*key)).map(|key| format!("{key} differs")).collect()
}

/// Without what says nothing: the engine gives back `null`, `[]`, `""`, `0` and `false` for what was left out, as it likes.
fn pruned(value: &impl Serialize) -> Value {
    fn prune(value: Value) -> Option<Value> {
        let kept = match value {
            Value::Null | Value::Bool(false) => return None,
            Value::Number(number) if number.as_f64() == Some(0.0) => return None,
            Value::String(text) if text.is_empty() => return None,
            Value::Array(all) if all.iter().all(|one| prune(one.clone()).is_none()) => return None,
            Value::Object(map) => {
                let map: serde_json::Map<_, _> =
                    map.into_iter().map(|(key, value)| (key, prune(value).unwrap_or_default())).collect();
                return (!map.is_empty()).then_some(Value::Object(map));
            }
            other => other,
        };
        Some(kept)
    }
    let Ok(Value::Object(map)) = serde_json::to_value(value) else { return Value::Null };
    Value::Object(map.into_iter().filter_map(|(key, value)| Some((key, prune(value)?))).collect())
}

#[cfg(test)]
mod tests {
    use super::super::container::Container;
    use super::super::put::Put;
    use super::differences;
    use bollard::models::{ContainerConfig, HostConfig};

    fn container() -> Container {
        Container {
            name: "rtc-blue".to_owned(),
            image: "livekit-server:v1".to_owned(),
            image_id: "sha256:1".to_owned(),
            config: ContainerConfig { env: Some(vec!["LIVEKIT_KEYS=a: secret".to_owned()]), ..Default::default() },
            host: HostConfig { memory: Some(0), binds: Some(vec![]), ..Default::default() },
            networks: std::iter::once(("rtc".to_owned(), Default::default())).collect(),
            files: vec![Put { path: "/a".to_owned(), mode: 0o600, uid: 0, gid: 0, bytes: b"secret".to_vec() }],
            runs: true,
        }
    }

    #[test]
    fn what_says_nothing_is_no_difference() {
        let mut now = container();
        now.image = "livekit-server@sha256:1".to_owned();
        now.config.image = Some("other".to_owned());
        now.host = HostConfig::default();
        now.config.labels = Some(Default::default());
        assert_eq!(differences(&container(), &now), [""; 0]);
    }

    #[test]
    fn every_difference_is_named_and_no_value() {
        type Change = fn(&mut Container);
        let changes: [(Change, &str); 8] = [
            (|now| now.image_id = "sha256:2".to_owned(), "the image is sha256:2"),
            (|now| now.config.env = Some(vec!["LIVEKIT_KEYS=a: other".to_owned()]), "Env differs"),
            (|now| now.config.cmd = Some(vec!["--dev".to_owned()]), "Cmd differs"),
            (|now| now.host.memory = Some(1), "Memory differs"),
            (|now| now.networks.clear(), "the networks differ"),
            (|now| now.files[0].bytes = b"other".to_vec(), "the file /a differs"),
            (|now| now.files.clear(), "the file /a is there in one only"),
            (|now| now.runs = false, "it does not run"),
        ];
        for (change, said) in changes {
            let mut now = container();
            change(&mut now);
            let found = differences(&container(), &now);
            assert!(found.len() == 1 && found[0].contains(said), "{said}: {found:?}");
            assert!(!found[0].contains("secret") && !found[0].contains("other"), "{found:?}");
        }
    }
}
