//! The part of a livekit.yaml that must be the same wherever it runs, and its hash: by it a report and a gate agree on
//! which configuration was tested.

use crate::lint::{Shape, leaves};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// Settings that differ from one colour or machine to the next. Their values are left out of the hash, and linted instead.
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
/// Of these it still counts whether they are there: a server without Redis, webhooks or TCP is another server.
const COUNTED: &[&str] = &[
    "redis.address",
    "redis.sentinel_addresses",
    "redis.cluster_addresses",
    "rtc.tcp_port",
    "rtc.udp_port",
    "prometheus.port",
    "prometheus_port",
    "webhook.urls",
    "turn.cert_file",
];
/// Key ids are kept, their secrets are not.
const KEYS: &str = "keys";
/// What is secret anywhere else, by the last name of its path that is no place in a list.
pub(crate) const SECRET_NAMES: &[&str] = &["password", "secret", "credential", "api_secret", "access_key"];
/// Stands for a value that is left out.
const THERE: &str = "(set)";

/// SHA-256 (hex) of the configuration's settings in the order of their paths, less the values of [`LEFT_OUT`] and every
/// secret.
///
/// Comments, order, quoting and the style of lists and maps make no difference. `None` when the text holds no setting:
/// the hash of nothing would fit to every other nothing.
pub fn normalised_sha256(text: &str) -> Option<String> {
    let kept = normalised(text);
    if kept.values().all(|value| value == THERE) {
        return None;
    }
    let mut hasher = Sha256::new();
    for (path, value) in kept {
        // Lengths first, so that no value can look like the end of another.
        hasher.update(format!("{}:{path}={}:{value}\n", path.len(), value.len()));
    }
    Some(hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

/// The same configuration with the ports of a colour, as JSON, which YAML 1.2 has in it: one port for signalling, one for
/// media over TCP and one over UDP, in place of whatever stood there.
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
    let mut kept = BTreeMap::new();
    let mut media_ports = [None, None];
    for (path, shape) in leaves(text) {
        let names: Vec<&str> = path.iter().map(String::as_str).collect();
        let named: Vec<&str> = names.iter().copied().filter(|name| !name.starts_with('[')).collect();
        let whole = named.join(".");
        let is_nothing = match &shape {
            Shape::Empty(_) => true,
            Shape::Text(text) | Shape::Plain(text) => text.trim().is_empty(),
        };
        let value = shown(shape);
        if let Some(end) = ["rtc.port_range_start", "rtc.port_range_end"].iter().position(|known| *known == whole) {
            media_ports[end] = value.parse::<i64>().ok();
        }
        if named.first() == Some(&KEYS) {
            // A text in place of the map has ids and secrets in one; which it has is not told apart.
            kept.insert(written(&names), if names.len() > 1 { String::new() } else { THERE.to_owned() });
        } else if let Some(left_out) = LEFT_OUT.iter().find(|out| **out == whole) {
            if COUNTED.contains(left_out) {
                // An empty address is none: the server starts without Redis then.
                let there = if is_nothing { "(empty)" } else { THERE };
                kept.insert((*left_out).to_owned(), there.to_owned());
            }
        } else if named.last().is_some_and(|last| SECRET_NAMES.contains(last)) {
            kept.insert(written(&names), THERE.to_owned());
        } else {
            kept.insert(written(&names), value);
        }
    }
    if let [Some(start), Some(end)] = media_ports {
        kept.insert("rtc.port_range".to_owned(), format!("{} ports", end - start + 1));
    }
    kept
}

/// A value as it counts. Only what would be a number, a boolean or null without its quotes is another thing within them.
pub(crate) fn shown(shape: Shape) -> String {
    match shape {
        Shape::Empty(text) => text.to_owned(),
        Shape::Text(text) if is_other_without_quotes(&text) => format!("{text:?}"),
        Shape::Text(text) | Shape::Plain(text) => text,
    }
}

/// A path in one text. A dot within a name is told from one between two.
pub(crate) fn written(names: &[impl AsRef<str>]) -> String {
    names.iter().map(|name| name.as_ref().replace('\\', "\\\\").replace('.', "\\.")).collect::<Vec<_>>().join(".")
}

/// Whether a text without quotes would be read as something else than a text (YAML 1.2.2, section 10.3.2).
fn is_other_without_quotes(text: &str) -> bool {
    matches!(text, "" | "~" | "null" | "Null" | "NULL" | "true" | "True" | "TRUE" | "false" | "False" | "FALSE")
        || text.parse::<f64>().is_ok()
        || ["0x", "0o"].iter().any(|base| text.starts_with(base))
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

    /// Made with printf and sha256sum from the five settings that stay.
    #[test]
    fn the_hash_is_the_one_of_coreutils() {
        let kept: Vec<(String, String)> = normalised(BLUE).into_iter().collect();
        let kept: Vec<(&str, &str)> = kept.iter().map(|(path, value)| (path.as_str(), value.as_str())).collect();
        assert_eq!(
            kept,
            [
                ("keys.APIabc", ""),
                ("redis.address", "(set)"),
                ("room.empty_timeout", "300"),
                ("rtc.udp_port", "(set)"),
                ("rtc.use_external_ip", "true")
            ]
        );
        // printf '11:keys.APIabc=0:\n13:redis.address=5:(set)\n18:room.empty_timeout=3:300\n12:rtc.udp_port=5:(set)\n19:rtc.use_external_ip=4:true\n' | sha256sum
        assert_eq!(
            normalised_sha256(BLUE).expect("settings"),
            "f5cd11904a2b34ce883b2a0522a15ef7793dfa32f9ed03bb0b1c77a5532e282b"
        );
    }

    #[test]
    fn a_colour_has_its_ports_and_everything_else() {
        let ranged = BLUE.replace("udp_port: 7882", "port_range_start: 50000\n  port_range_end: 60000");
        let read: serde_json::Value =
            serde_json::from_str(&of_colour(&ranged, 7981, 7982).expect("a map")).expect("json");
        let rtc = serde_json::json!({"tcp_port": 7981, "udp_port": 7982, "use_external_ip": true});
        assert_eq!((&read["port"], &read["rtc"]), (&7880.into(), &rtc));
        assert_eq!(read["keys"]["APIabc"], "a-secret-of-blue-that-is-long-enough");
        assert_eq!(
            (&read["redis"]["address"], &read["room"]["empty_timeout"]),
            (&"redis-blue:6379".into(), &300.into())
        );
        assert!(of_colour("- a\n", 1, 2).is_err() && of_colour("rtc: 3\n", 1, 2).is_err());
    }

    #[test]
    fn no_secret_is_part_of_it_and_nothing_has_no_hash() {
        let text = format!("{BLUE}turn:\n  turn_servers:\n    - host: t\n      credential: geheim\n");
        let kept = format!("{:?}", normalised(&text));
        assert!(
            kept.contains("turn_servers.[0].host") && !kept.contains("geheim") && !kept.contains("secret"),
            "{kept}"
        );
        assert_eq!(normalised_sha256(""), None);
        assert_eq!(normalised_sha256("a: ["), None);
        assert_eq!(normalised_sha256("port: 7880\n"), None);
    }
}

/// What two configurations may not share: a hash.
#[cfg(test)]
mod distinct {
    use super::{normalised, normalised_sha256 as hash};

    const TESTED: &str = "redis: {address: 'a:1'}\nrtc: {tcp_port: 7881, port_range_start: 50000, port_range_end: 60000}\nturn: {enabled: true}\nwebhook: {urls: [http://a/], api_key: k}\n";

    /// N1: nodes without Redis don't know of each other.
    #[test]
    fn a_configuration_without_redis_is_another_one() {
        assert_ne!(hash(TESTED), hash(&TESTED.replace("redis: {address: 'a:1'}\n", "")));
        assert_ne!(hash(TESTED), hash(&TESTED.replace("'a:1'", "''")));
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
