//! A user's own livekit.yaml, made to run in a staging: what says where it runs is ours, everything else is the user's.

use crate::normalised::normalised_sha256;
use serde_json::{Map, Value, json};
use std::fmt;

/// A livekit.yaml that a staging is to run. It has secrets in it, which no staging is given.
#[derive(Clone, PartialEq)]
pub struct LivekitYaml {
    /// Where it was read.
    pub file: String,
    root: Map<String, Value>,
    /// Of the file as it was written: [`normalised_sha256`].
    pub sha256: String,
}

/// Where a node of a staging runs, and with what.
#[derive(Debug, Clone, Copy)]
pub struct Surroundings<'a> {
    /// `host:port` of its Redis.
    pub redis: &'a str,
    /// Its port for media over TCP.
    pub rtc_tcp: u16,
    /// Its port for media over UDP.
    pub rtc_udp: u16,
    /// The address that it advertises; without it, it finds out its own.
    pub node_ip: Option<&'a str>,
    /// Its Prometheus port.
    pub prometheus: u16,
    /// The receiver of its webhooks.
    pub webhooks: &'a str,
    /// Id and secret of the API key.
    pub key: (&'a str, &'a str),
    /// Name, certificate file and key file of its TURN server over TLS.
    pub turn: (&'a str, &'a str, &'a str),
    /// Its port.
    pub turn_tls: u16,
    /// Networks that relayed calls may reach, in CIDR notation.
    pub peers: &'a [&'a str],
}

impl LivekitYaml {
    /// Reads the text of a livekit.yaml.
    ///
    /// # Errors
    /// Why a staging can't run it, as one sentence.
    pub fn parse(file: &str, text: &str) -> Result<Self, String> {
        // The reader's own words may quote lines, and with them secrets.
        let root: Value = serde_saphyr::from_str(text).map_err(|error| {
            let place = error.location().map(|at| format!(" at line {}", at.line())).unwrap_or_default();
            format!("{file} is no YAML{place}; livekit-server would not start with it")
        })?;
        let Value::Object(root) = root else {
            return Err(format!("{file} is no map of settings, as a livekit.yaml is"));
        };
        let sha256 = normalised_sha256(text)
            .ok_or_else(|| format!("{file} holds no setting of livekit-server that a staging could run"))?;
        let redis = root.get("redis").and_then(Value::as_object);
        if !redis.is_some_and(|redis| {
            ["address", "sentinel_addresses", "cluster_addresses"].iter().any(|name| redis.contains_key(*name))
        }) {
            return Err(format!(
                "{file} names no Redis, and a staging has two nodes that share one; add `redis:` with an `address:`, or test the deployment itself by its --url"
            ));
        }
        Ok(Self { file: file.to_owned(), root, sha256 })
    }

    /// Whether it has webhooks.
    pub fn has_webhooks(&self) -> bool {
        let urls = self.in_section("webhook", "urls").and_then(Value::as_array);
        urls.is_some_and(|urls| !urls.is_empty())
    }

    /// Whether its nodes answer Prometheus.
    pub fn has_prometheus(&self) -> bool {
        let new = self.in_section("prometheus", "port");
        [new, self.root.get("prometheus_port")].into_iter().flatten().any(|port| port.as_u64().unwrap_or(0) > 0)
    }

    /// Whether it has a TURN server of its own.
    pub fn has_turn(&self) -> bool {
        self.in_section("turn", "enabled") == Some(&Value::Bool(true))
    }

    /// Whether a join makes its room.
    pub fn makes_rooms(&self) -> bool {
        self.in_section("room", "auto_create") != Some(&Value::Bool(false))
    }

    /// The configuration of a node of a staging.
    ///
    /// # Errors
    /// When it can't be written as YAML.
    pub fn staged(&self, around: &Surroundings<'_>) -> Result<String, String> {
        let mut root = self.root.clone();
        for gone in ["bind_addresses", "key_file", "prometheus_port"] {
            root.remove(gone);
        }
        root.insert("port".into(), 7880.into());
        // Whatever it was, with its password, its certificates and its sentinels.
        root.insert("redis".into(), json!({"address": around.redis}));
        let (id, secret) = around.key;
        root.insert("keys".into(), json!({id: secret}));
        within(&mut root, "rtc", |rtc| {
            let tcp_is_off = rtc.get("tcp_port") == Some(&0.into());
            for gone in ["port_range_start", "port_range_end", "node_ip", "interfaces", "ips"] {
                rtc.remove(gone);
            }
            rtc.insert("udp_port".into(), around.rtc_udp.into());
            rtc.insert("tcp_port".into(), if tcp_is_off { 0 } else { around.rtc_tcp }.into());
            rtc.insert("use_external_ip".into(), false.into());
            if let Some(address) = around.node_ip {
                rtc.insert("node_ip".into(), address.into());
            }
        });
        if self.has_webhooks() {
            within(&mut root, "webhook", |webhook| {
                webhook.insert("urls".into(), json!([around.webhooks]));
                webhook.insert("api_key".into(), id.into());
            });
        }
        if self.has_prometheus() {
            root.insert("prometheus".into(), json!({"port": around.prometheus}));
        }
        if self.has_turn() {
            let (domain, certificate, key) = around.turn;
            within(&mut root, "turn", |turn| {
                turn.remove("external_tls");
                for (name, value) in [("domain", domain), ("cert_file", certificate), ("key_file", key)] {
                    turn.insert(name.into(), value.into());
                }
                turn.insert("tls_port".into(), around.turn_tls.into());
                turn.insert("allow_restricted_peer_cidrs".into(), json!(around.peers));
            });
        }
        serde_saphyr::to_string(&root).map_err(|error| format!("{} can't be written again: {error}", self.file))
    }

    /// What a staging has its own of, in words.
    pub const OURS: &str = "keys, Redis, ports and addresses, receivers of webhooks, certificates";

    fn in_section(&self, section: &str, name: &str) -> Option<&Value> {
        self.root.get(section)?.get(name)
    }
}

/// Changes a section, which is made where it is not there or is none.
fn within(root: &mut Map<String, Value>, name: &str, change: impl FnOnce(&mut Map<String, Value>)) {
    let mut section = match root.remove(name) {
        Some(Value::Object(section)) => section,
        _ => Map::new(),
    };
    change(&mut section);
    root.insert(name.to_owned(), Value::Object(section));
}

/// Without what is in it.
impl fmt::Debug for LivekitYaml {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LivekitYaml({})", self.file)
    }
}

#[cfg(test)]
mod tests {
    use super::{LivekitYaml, Surroundings};
    use crate::normalised_sha256;
    use serde_json::{Value, json};

    /// In the shape of a production file: a range of media ports, TLS to a Redis with a password, TURN behind a balancer.
    const PRODUCTION: &str = "port: 7880
bind_addresses: ['10.0.0.5']
redis:
  address: redis.internal:6380
  password: a-password-of-production
  use_tls: true
rtc:
  port_range_start: 50000
  port_range_end: 60000
  tcp_port: 7881
  use_external_ip: true
  interfaces: {includes: [eth1]}
  congestion_control: {enabled: false}
turn:
  enabled: true
  domain: turn.example.com
  external_tls: true
  tls_port: 5349
keys:
  APIprod: a-secret-of-production
webhook:
  api_key: APIprod
  urls: [https://app.example.com/hook]
room:
  empty_timeout: 17
";

    const AROUND: Surroundings<'_> = Surroundings {
        redis: "redis:6379",
        rtc_tcp: 7981,
        rtc_udp: 7982,
        node_ip: Some("127.0.0.1"),
        prometheus: 6789,
        webhooks: "http://balancer/",
        key: ("APIours", "ours"),
        turn: ("turn.localhost", "/turn.crt", "/turn.key"),
        turn_tls: 5349,
        peers: &["127.0.0.0/8"],
    };

    fn staged(text: &str) -> Value {
        let yaml = LivekitYaml::parse("livekit.yaml", text).expect("a livekit.yaml");
        serde_saphyr::from_str(&yaml.staged(&AROUND).expect("written")).expect("yaml")
    }

    /// An operator finds a key where every example has it.
    #[test]
    fn keys_stand_in_a_line_of_their_own() {
        let yaml = LivekitYaml::parse("livekit.yaml", PRODUCTION).expect("a livekit.yaml");
        let staged = format!("\n{}", yaml.staged(&AROUND).expect("written"));
        assert!(staged.contains("\nkeys:\n  APIours: ours\n"), "{staged}");
    }

    #[test]
    fn where_it_runs_is_ours_and_everything_else_is_the_users() {
        assert_eq!(
            staged(PRODUCTION),
            json!({
                "port": 7880,
                "redis": {"address": "redis:6379"},
                "rtc": {
                    "tcp_port": 7981, "udp_port": 7982, "use_external_ip": false, "node_ip": "127.0.0.1",
                    "congestion_control": {"enabled": false},
                },
                "turn": {
                    "enabled": true, "domain": "turn.localhost", "cert_file": "/turn.crt", "key_file": "/turn.key",
                    "tls_port": 5349, "allow_restricted_peer_cidrs": ["127.0.0.0/8"],
                },
                "keys": {"APIours": "ours"},
                "webhook": {"api_key": "APIours", "urls": ["http://balancer/"]},
                "room": {"empty_timeout": 17},
            })
        );
        let yaml = LivekitYaml::parse("livekit.yaml", PRODUCTION).expect("a livekit.yaml");
        assert_eq!(Some(yaml.sha256.clone()), normalised_sha256(PRODUCTION));
        assert!(!format!("{yaml:?}").contains("production"));
    }

    /// What the file does not have, its deployment does not have either: no check may pass on something of ours.
    #[test]
    fn nothing_is_added() {
        let bare = "redis: {address: 'r:1'}\nkeys: {a: b}\nrtc: {tcp_port: 0}\nroom: {auto_create: false}\n";
        let yaml = LivekitYaml::parse("livekit.yaml", bare).expect("a livekit.yaml");
        let has = [yaml.has_webhooks(), yaml.has_prometheus(), yaml.has_turn(), yaml.makes_rooms()];
        assert_eq!(has, [false; 4]);
        let staged = staged(bare);
        assert!(["webhook", "prometheus", "turn"].iter().all(|name| staged.get(name).is_none()), "{staged}");
        assert_eq!(staged["rtc"]["tcp_port"], 0);
        let yaml = LivekitYaml::parse("livekit.yaml", PRODUCTION).expect("a livekit.yaml");
        assert!(yaml.has_webhooks() && !yaml.has_prometheus() && yaml.has_turn() && yaml.makes_rooms());
    }

    #[test]
    fn what_no_staging_can_run_is_refused_without_a_line_of_it() {
        for (text, says) in [
            ("keys: {a: a-secret\n", "is no YAML at line"),
            ("- a\n", "is no map of settings"),
            ("port: 7880\n", "holds no setting"),
            ("room: {empty_timeout: 3}\n", "names no Redis"),
            ("redis: {db: 3}\n", "names no Redis"),
        ] {
            let refusal = LivekitYaml::parse("x.yaml", text).expect_err(text);
            assert!(refusal.starts_with("x.yaml ") && refusal.contains(says), "{refusal}");
            assert!(!refusal.contains("a-secret"), "{refusal}");
        }
    }
}
