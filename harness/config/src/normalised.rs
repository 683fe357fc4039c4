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

/// The same configuration with the ports of a colour, as JSON, which YAML 1.2 has in it. Its normalised hash is that of the
/// text: whatever is set here is left out there.
///
/// # Errors
/// When the text is no YAML map.
pub fn of_colour(text: &str, rtc_tcp: u16, rtc_udp: u16) -> Result<String, String> {
    let mut root: serde_json::Value = serde_saphyr::from_str(text).map_err(|error| error.to_string())?;
    let map = root.as_object_mut().ok_or("it is no map of settings")?;
    map.insert("port".to_owned(), 7880.into());
    let rtc = map.entry("rtc").or_insert_with(|| serde_json::json!({}));
    let rtc = rtc.as_object_mut().ok_or("`rtc` is no map of settings")?;
    for range in ["port_range_start", "port_range_end"] {
        rtc.remove(range);
    }
    rtc.insert("tcp_port".to_owned(), rtc_tcp.into());
    rtc.insert("udp_port".to_owned(), rtc_udp.into());
    Ok(root.to_string())
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
    use super::{normalised, normalised_sha256, of_colour};

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
    fn a_colour_has_its_ports_and_the_same_hash() {
        let green = of_colour(BLUE, 7981, 7982).expect("a map");
        assert_eq!(normalised_sha256(&green), normalised_sha256(BLUE));
        let read: serde_json::Value = serde_json::from_str(&green).expect("json");
        assert_eq!(
            (&read["port"], &read["rtc"]["tcp_port"], &read["rtc"]["udp_port"]),
            (&7880.into(), &7981.into(), &7982.into())
        );
        assert_eq!(read["keys"]["APIabc"], "a-secret-of-blue-that-is-long-enough");
        assert!(of_colour("- a\n", 1, 2).is_err() && of_colour("rtc: 3\n", 1, 2).is_err());
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
