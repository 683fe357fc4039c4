//! The part of a livekit.yaml that must be the same wherever it runs, and its hash: by it a report and a gate agree on
//! which configuration was tested.

use crate::lint::values;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// Settings that differ from one colour or machine to the next, as paths or the beginnings of paths. They are left out of
/// the hash, and linted instead.
pub const LEFT_OUT: &[&str] = &[
    "port",
    "bind_addresses",
    "redis.address",
    "redis.sentinel_addresses",
    "redis.cluster_addresses",
    "redis.username",
    "redis.password",
    "redis.sentinel_password",
    "rtc.node_ip",
    "rtc.tcp_port",
    "rtc.udp_port",
    "rtc.port_range_start",
    "rtc.port_range_end",
    "prometheus.port",
    "prometheus.password",
    "prometheus_port",
    "webhook.urls",
    "webhook.api_key",
    "turn.cert_file",
    "turn.key_file",
];
/// Key ids are kept, their secrets are not: `keys.<id>` is hashed without its value.
const KEYS: &str = "keys.";
/// What is secret anywhere else, by the last part of its path.
const SECRET_NAMES: &[&str] = &["password", "secret", "credential", "api_secret", "access_key"];

/// SHA-256 (hex) of the configuration's settings in the order of their paths, less [`LEFT_OUT`] and every secret.
///
/// Comments, order, quoting and the style of lists and maps make no difference. `None` when the text holds no setting:
/// the hash of nothing would fit to every other nothing.
pub fn normalised_sha256(text: &str) -> Option<String> {
    let kept = normalised(text);
    if kept.is_empty() {
        return None;
    }
    let mut hasher = Sha256::new();
    for (path, value) in kept {
        // Lengths first, so that no value can look like the end of another.
        hasher.update(format!("{}:{path}={}:{value}\n", path.len(), value.len()));
    }
    Some(hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

/// The settings that [`normalised_sha256`] speaks of. None of them is a secret.
pub fn normalised(text: &str) -> BTreeMap<String, String> {
    let kept = |(path, value): (String, String)| {
        if let Some(id) = path.strip_prefix(KEYS) {
            return Some((format!("{KEYS}{id}"), String::new()));
        }
        let left_out = LEFT_OUT.iter().any(|out| path == *out || path.starts_with(&format!("{out}.")));
        let last = path.rsplit('.').next().unwrap_or_default();
        (!left_out && !SECRET_NAMES.contains(&last)).then_some((path, value))
    };
    values(text).into_iter().filter_map(kept).collect()
}

#[cfg(test)]
mod tests {
    use super::{normalised, normalised_sha256};

    const BLUE: &str = "port: 7880
redis:
  address: redis-blue:6379
rtc:
  udp_port: 7882 # media
  use_external_ip: true
keys:
  APIabc: a-secret-of-blue-that-is-long-enough
room:
  empty_timeout: 300
";

    #[test]
    fn colours_differ_in_what_is_left_out_only() {
        let green = "keys: {APIabc: another-secret-of-green-long-enough}
room: {empty_timeout: 300}
rtc: {use_external_ip: true, udp_port: 9000, node_ip: 10.0.0.7}
redis: {address: 'redis-green:6379', password: hidden}
port: 7980
";
        assert_eq!(normalised_sha256(BLUE), normalised_sha256(green));
        for (from, to) in [
            ("empty_timeout: 300", "empty_timeout: 301"),
            ("APIabc", "APIabd"),
            ("use_external_ip: true", "use_external_ip: false"),
            ("room:", "rooms:"),
        ] {
            assert_ne!(normalised_sha256(BLUE), normalised_sha256(&BLUE.replace(from, to)), "{to}");
        }
    }

    /// Made with printf and sha256sum from the three settings that stay.
    #[test]
    fn the_hash_is_the_one_of_coreutils() {
        let kept: Vec<(String, String)> = normalised(BLUE).into_iter().collect();
        let kept: Vec<(&str, &str)> = kept.iter().map(|(path, value)| (path.as_str(), value.as_str())).collect();
        assert_eq!(kept, [("keys.APIabc", ""), ("room.empty_timeout", "300"), ("rtc.use_external_ip", "true")]);
        // printf '11:keys.APIabc=0:\n18:room.empty_timeout=3:300\n19:rtc.use_external_ip=4:true\n' | sha256sum
        assert_eq!(
            normalised_sha256(BLUE).expect("settings"),
            "7dc0c1851578f0d61cbb8bab7a33cea8197f2a5172bd5d2d94290c0808b28461"
        );
    }

    #[test]
    fn no_secret_is_part_of_it_and_nothing_has_no_hash() {
        let text = format!("{BLUE}turn:\n  turn_servers:\n    - host: t\n      credential: geheim\n");
        let kept = format!("{:?}", normalised(&text));
        assert!(kept.contains("turn_servers.0.host") && !kept.contains("geheim") && !kept.contains("secret"), "{kept}");
        assert_eq!(normalised_sha256(""), None);
        assert_eq!(normalised_sha256("a: ["), None);
        assert_eq!(normalised_sha256("port: 7880\n"), None);
    }
}

/// Findings of a hostile review.
#[cfg(test)]
mod hostile {
    use super::{normalised, normalised_sha256 as hash};

    const TESTED: &str = "redis: {address: 'a:1'}\nrtc: {tcp_port: 7881, port_range_start: 50000, port_range_end: 60000}\nturn: {enabled: true}\nwebhook: {urls: [http://a/], api_key: k}\n";

    /// N1: nodes without Redis don't know of each other.
    #[test]
    fn a_configuration_without_redis_is_another_one() {
        assert_ne!(hash(TESTED), hash(&TESTED.replace("redis: {address: 'a:1'}\n", "")));
    }

    /// N2: neither webhooks nor TCP.
    #[test]
    fn what_is_left_out_is_still_known_to_be_there() {
        assert_ne!(hash(TESTED), hash(&TESTED.replace("urls: [http://a/], ", "")), "no webhooks");
        assert_ne!(hash(TESTED), hash(&TESTED.replace("tcp_port: 7881, ", "")), "no TCP");
        assert_ne!(hash(TESTED), hash(&TESTED.replace("60000", "50001")), "two ports for media");
    }

    /// N3: an empty list is not the default of a list.
    #[test]
    fn an_empty_list_is_a_setting() {
        let base = "room: {empty_timeout: 300}\n";
        assert_ne!(hash(base), hash("room: {empty_timeout: 300, enabled_codecs: []}\n"));
    }

    /// N4: a dot in a key is no path.
    #[test]
    fn a_dotted_key_is_no_path() {
        assert_ne!(hash("room: {empty_timeout: 300}\n"), hash("room.empty_timeout: 300\n"));
        assert_ne!(hash("a: [x]\n"), hash("a: {0: x}\n"));
    }

    /// N5: a list under a secret name.
    #[test]
    fn a_list_of_secrets_is_secret() {
        assert!(!format!("{:?}", normalised("turn: {secret: [geheim]}\nkeys: 'APIa: geheim'\n")).contains("geheim"));
    }

    /// N6: quoted, it is a text, and the server refuses a text where a number is.
    #[test]
    fn a_text_is_no_number() {
        assert_ne!(hash("room: {empty_timeout: 300}\n"), hash("room: {empty_timeout: '300'}\n"));
    }
}
