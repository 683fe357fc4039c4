//! A user's own livekit.yaml, made to run in a staging: what says where it runs is ours, everything else is the user's.
//!
//! A report names the hash of the user's file, so what the nodes run may differ from it in nothing but [`REPLACED`] and
//! [`ADDED`]. That is held by comparing both texts, value by value, before anything starts, and the linter reads the
//! user's own text: mistakes in what is replaced would be seen nowhere else.

use crate::lint::{Facts, FileKind, Level, leaves, lint};
use crate::normalised::{SECRET_NAMES, normalised_sha256, shown, written};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::fmt;

/// Settings of the user's that a staging replaces or leaves out, with all below them.
const REPLACED: &[&str] = &[
    "port",
    "bind_addresses",
    "key_file",
    "keys",
    "redis.address",
    "redis.username",
    "redis.password",
    "redis.use_tls",
    "redis.tls",
    "redis.sentinel_master_name",
    "redis.sentinel_username",
    "redis.sentinel_password",
    "redis.sentinel_addresses",
    "redis.cluster_addresses",
    "rtc.tcp_port",
    "rtc.udp_port",
    "rtc.port_range_start",
    "rtc.port_range_end",
    "rtc.node_ip",
    "rtc.use_external_ip",
    "rtc.interfaces",
    "rtc.ips",
    "prometheus_port",
    "prometheus.port",
    "prometheus.username",
    "prometheus.password",
    "webhook.urls",
    "webhook.api_key",
    "turn.bind_addresses",
    // Only where it speaks TLS itself.
    "turn.domain",
    "turn.cert_file",
    "turn.key_file",
    "turn.tls_port",
];
/// Settings that a staging has more of: relayed calls reach its nodes, which have private addresses.
const ADDED: &[&str] = &["turn.allow_restricted_peer_cidrs"];

/// A livekit.yaml that a staging is to run. Keys and passwords of [`REPLACED`] settings stay out of the staging.
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
        let mistakes: Vec<String> = lint(FileKind::LivekitYaml, text, &Facts::default())
            .into_iter()
            .filter(|finding| finding.level == Level::Wrong)
            .map(|finding| format!("line {}: {}: {}; {}", finding.line, finding.found, finding.what, finding.fix))
            .collect();
        if !mistakes.is_empty() {
            return Err(format!(
                "{file} is not what livekit-server would run as it is written: {}",
                mistakes.join("\n  ")
            ));
        }
        // The reader's own words may quote lines, and with them secrets.
        let root: Value = serde_saphyr::from_str(text).map_err(|error| {
            let place = error.location().map(|at| format!(" at line {}", at.line())).unwrap_or_default();
            format!("{file} can't be read as one YAML document{place}")
        })?;
        let Value::Object(root) = root else {
            return Err(format!("{file} is no map of settings, as a livekit.yaml is"));
        };
        let sha256 = normalised_sha256(text)
            .ok_or_else(|| format!("{file} holds no setting of livekit-server that a staging could run"))?;
        let redis = root.get("redis").and_then(Value::as_object);
        let names = |value: &Value| match value {
            Value::String(address) => !address.trim().is_empty(),
            Value::Array(addresses) => !addresses.is_empty(),
            _ => false,
        };
        let found = |redis: &Map<String, Value>| {
            ["address", "sentinel_addresses", "cluster_addresses"]
                .iter()
                .any(|name| redis.get(*name).is_some_and(names))
        };
        if !redis.is_some_and(found) {
            return Err(format!(
                "{file} names no Redis, and a staging has two nodes that share one; add `redis:` with an `address:`, or test the deployment itself by its --url"
            ));
        }
        let read = Self { file: file.to_owned(), root, sha256 };
        read.survives(text)?;
        Ok(read)
    }

    /// Whether everything that is not replaced comes out as it was written.
    fn survives(&self, text: &str) -> Result<(), String> {
        let around = Surroundings {
            redis: "r:1",
            rtc_tcp: 1,
            rtc_udp: 2,
            node_ip: None,
            prometheus: 3,
            webhooks: "http://w/",
            key: ("id", "secret"),
            turn: ("t", "c", "k"),
            turn_tls: 4,
            peers: &["127.0.0.0/8"],
        };
        let (own, staged) = (kept(text), kept(&self.staged(&around)?));
        let advice =
            "readers of YAML disagree about such a value: write a number plainly, as 300, and put a text in quotes";
        for (path, value) in &own {
            if !is_below(path, REPLACED) && staged.get(path) != Some(value) {
                return Err(format!("{}: {path} can't be handed to a staging as it is written; {advice}", self.file));
            }
        }
        match staged.keys().find(|path| !own.contains_key(*path) && !is_below(path, REPLACED) && !is_below(path, ADDED))
        {
            Some(path) => Err(format!("{}: a staging would add {path}, which is a bug of ours", self.file)),
            None => Ok(()),
        }
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

    /// Whether it has a TURN server of its own that speaks TLS itself.
    pub fn has_turn_tls(&self) -> bool {
        let port = self.in_section("turn", "tls_port").and_then(Value::as_u64).unwrap_or(0);
        let is_ahead = self.in_section("turn", "external_tls") == Some(&Value::Bool(true));
        self.has_turn() && port > 0 && !is_ahead
    }

    fn has_turn(&self) -> bool {
        self.in_section("turn", "enabled") == Some(&Value::Bool(true))
    }

    /// Everything in it that a staging is given and a report must not show.
    pub fn secrets(&self) -> Vec<String> {
        fn collect(value: &Value, secrets: &mut Vec<String>) {
            match value {
                Value::Object(map) => {
                    for (name, value) in map {
                        match value {
                            Value::String(text) if SECRET_NAMES.contains(&name.as_str()) && !text.is_empty() => {
                                secrets.push(text.clone());
                            }
                            other => collect(other, secrets),
                        }
                    }
                }
                Value::Array(items) => items.iter().for_each(|item| collect(item, secrets)),
                _ => {}
            }
        }
        let mut secrets = Vec::new();
        self.root.values().for_each(|value| collect(value, &mut secrets));
        secrets
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
        let gone = |map: &mut Map<String, Value>, section: &str| {
            let inside = |path: &&&str| path.rsplit_once('.').is_some_and(|(before, _)| before == section);
            for (_, name) in REPLACED.iter().filter(inside).filter_map(|path| path.rsplit_once('.')) {
                map.remove(name);
            }
        };
        for name in ["bind_addresses", "key_file", "prometheus_port"] {
            root.remove(name);
        }
        root.insert("port".into(), 7880.into());
        let (id, secret) = around.key;
        root.insert("keys".into(), json!({id: secret}));
        within(&mut root, "redis", |redis| {
            gone(redis, "redis");
            redis.insert("address".into(), around.redis.into());
        });
        within(&mut root, "rtc", |rtc| {
            let tcp_is_off = rtc.get("tcp_port") == Some(&0.into());
            gone(rtc, "rtc");
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
            within(&mut root, "prometheus", |prometheus| {
                gone(prometheus, "prometheus");
                prometheus.insert("port".into(), around.prometheus.into());
            });
        }
        if self.has_turn() {
            within(&mut root, "turn", |turn| {
                turn.remove("bind_addresses");
                if self.has_turn_tls() {
                    let (domain, certificate, key) = around.turn;
                    for (name, value) in [("domain", domain), ("cert_file", certificate), ("key_file", key)] {
                        turn.insert(name.into(), value.into());
                    }
                    turn.insert("tls_port".into(), around.turn_tls.into());
                }
                let peers = turn.entry("allow_restricted_peer_cidrs").or_insert_with(|| json!([]));
                if let Value::Array(peers) = peers {
                    peers.extend(around.peers.iter().map(|peer| Value::from(*peer)));
                }
            });
        }
        serde_saphyr::to_string(&root).map_err(|error| format!("{} can't be written again: {error}", self.file))
    }

    /// What a staging has its own of, in words.
    pub const OURS: &str =
        "keys, Redis, ports and addresses, receivers of webhooks, the metrics' password, TURN's name and certificate";

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

/// The values of a text by their paths, told from what they would be in quotes.
fn kept(text: &str) -> BTreeMap<String, String> {
    leaves(text).into_iter().map(|(names, shape)| (written(&names), shown(shape))).collect()
}

/// Whether a path is one of these or lies below one.
fn is_below(path: &str, settings: &[&str]) -> bool {
    let rest =
        |setting: &&str| path.strip_prefix(*setting).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    settings.iter().any(rest)
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
  db: 3
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
  bind_addresses: ['10.0.0.5']
  allow_restricted_peer_cidrs: ['10.0.0.0/8']
  tls_port: 5349
  cert_file: /etc/turn.crt
  key_file: /etc/turn.key
keys:
  APIprod: a-secret-of-production-that-is-long-enough
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
                "redis": {"address": "redis:6379", "db": 3},
                "rtc": {
                    "tcp_port": 7981, "udp_port": 7982, "use_external_ip": false, "node_ip": "127.0.0.1",
                    "congestion_control": {"enabled": false},
                },
                "turn": {
                    "enabled": true, "domain": "turn.localhost", "cert_file": "/turn.crt", "key_file": "/turn.key",
                    "tls_port": 5349, "allow_restricted_peer_cidrs": ["10.0.0.0/8", "127.0.0.0/8"],
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
        let secret = "a-secret-that-is-long-enough-for-anybody";
        let bare = format!(
            "redis: {{address: 'r:1'}}\nkeys: {{a: {secret}}}\nrtc: {{tcp_port: 0}}\nroom: {{auto_create: false}}\n"
        );
        let yaml = LivekitYaml::parse("livekit.yaml", &bare).expect("a livekit.yaml");
        let has = [yaml.has_webhooks(), yaml.has_prometheus(), yaml.has_turn_tls(), yaml.makes_rooms()];
        assert_eq!(has, [false; 4]);
        let made = staged(&bare);
        assert!(["webhook", "prometheus", "turn"].iter().all(|name| made.get(name).is_none()), "{made}");
        assert_eq!(made["rtc"]["tcp_port"], 0);
        let yaml = LivekitYaml::parse("livekit.yaml", PRODUCTION).expect("a livekit.yaml");
        assert!(yaml.has_webhooks() && !yaml.has_prometheus() && yaml.has_turn_tls() && yaml.makes_rooms());
        // TURN without TLS of its own gets none.
        for turn in [
            "udp_port: 3478, domain: t.example",
            "udp_port: 3478, tls_port: 5349, external_tls: true, domain: t.example",
        ] {
            let text = format!("{bare}turn: {{enabled: true, {turn}}}\n");
            assert!(!LivekitYaml::parse("livekit.yaml", &text).expect("a livekit.yaml").has_turn_tls(), "{turn}");
            let made = staged(&text)["turn"].clone();
            assert!(made["domain"] == "t.example" && made.get("cert_file").is_none(), "{made}");
        }
    }

    #[test]
    fn what_a_staging_is_given_is_kept_out_of_reports() {
        let text = format!("{PRODUCTION}ingress: {{}}\n").replace(
            "  congestion_control",
            "  turn_servers: [{host: t, port: 443, protocol: tls, username: u, credential: geheim}]\n  congestion_control",
        );
        let yaml = LivekitYaml::parse("livekit.yaml", &text).expect("a livekit.yaml");
        assert!(yaml.secrets().contains(&"geheim".to_owned()));
    }

    /// livekit-server 1.13.5 refuses the misspelt ones, reads `0300` as 192 and `no` as a text; the same file with an empty
    /// address starts nodes that know nothing of each other.
    #[test]
    fn what_a_staging_would_run_otherwise_is_refused_without_a_secret_of_it() {
        let good = "redis: {address: 'r:1'}\nkeys: {a: a-secret-that-is-long-enough-for-anybody}\n";
        assert!(LivekitYaml::parse("x.yaml", good).is_ok());
        for (text, says) in [
            ("keys: {a: a-secret\n".to_owned(), "is not what livekit-server would run"),
            ("- a\n".to_owned(), "x.yaml is"),
            ("port: 7880\n".to_owned(), "holds no setting"),
            ("room: {empty_timeout: 3}\n".to_owned(), "names no Redis"),
            ("redis: {db: 3}\n".to_owned(), "names no Redis"),
            (good.replace("'r:1'", "''"), "names no Redis"),
            (good.replace("address: 'r:1'", "sentinel_addresses: []"), "names no Redis"),
            (good.replace("address: 'r:1'", "address: 'r:1', adress: typo"), "adress"),
            (good.replace("address: 'r:1'", "address: 'r:1', db: not-a-number"), "line 1"),
            (format!("{good}prometheus: {{port: 6789, usrname: typo}}\n"), "usrname"),
            (format!("{good}room: {{empty_timeout: 0300}}\n"), "room.empty_timeout can't be handed"),
            (format!("{good}region: no\n"), "region can't be handed"),
            (format!("{good}---\nport: 1\n"), "x.yaml"),
        ] {
            let refusal = LivekitYaml::parse("x.yaml", &text).expect_err(&text);
            assert!(refusal.starts_with("x.yaml") && refusal.contains(says), "{text}: {refusal}");
            assert!(!refusal.contains("a-secret"), "{refusal}");
        }
    }
}
