//! The table of what is known: one row for each rule and kind of file, with where the knowledge is from.

use super::finding::FileKind::{self, Compose, Environment, LivekitYaml, SipYaml};

/// One thing that the linter knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// What findings carry in `rule`.
    pub id: &'static str,
    /// The kind of text that it is about.
    pub kind: FileKind,
    /// The mistake, in a few words.
    pub title: &'static str,
    /// Where it is known from: seen on the running program, or read in its source, with the version.
    pub source: &'static str,
}

const fn rule(id: &'static str, kind: FileKind, title: &'static str, source: &'static str) -> Rule {
    Rule { id, kind, title, source }
}

const SEEN: &str = "seen on livekit-server 1.13.5";
const SEEN_EXIT_0: &str = "seen on livekit-server 1.13.5, which ends with exit status 0 (1 from 1.13.10 on)";
const SIP_SOURCE: &str = "read in the source of livekit-sip about 1.10.0";
const DOCKER: &str = "documented by Docker";
const ANNOUNCED: &str = "seen on livekit-server 1.13.5, which announces the address and ports on which it listens";
const DRAIN: &str = "seen on livekit-server 1.13.5 and livekit-sip 1.10.0, which wait for their calls without a limit; the \
                     10 s are documented by Docker";
const NO_REDIS: &str = "seen on livekit-server 1.13.5, which ends with exit status 0 when Redis is not reached";
const ROOT_IS_REDIS: &str = "seen on livekit-server 1.13.5 (406 from 3.5 s of a frozen Redis on); livekit/livekit#4663";
const SIGNS: &str = "whoever has the secret signs tokens: RFC 7519, and the documentation of LiveKit";
/// Every rule, in the order of the kinds of text.
pub const RULES: &[Rule] = &[
    rule("yaml_syntax", LivekitYaml, "text that is no YAML", SEEN_EXIT_0),
    rule("duplicate_key", LivekitYaml, "one key twice in a section", SEEN_EXIT_0),
    rule("second_document", LivekitYaml, "a second YAML document, which is not read", SEEN),
    rule("empty_document", LivekitYaml, "comments and blanks only", SEEN_EXIT_0),
    rule("unknown_key", LivekitYaml, "a key that livekit-server does not know", SEEN_EXIT_0),
    rule("chart_only_key", LivekitYaml, "a key that only livekit-helm knows", SEEN_EXIT_0),
    rule("debug_handler_port", LivekitYaml, "the sample's misprint for debug_handler.port", SEEN_EXIT_0),
    rule("wrong_type", LivekitYaml, "a value of a kind that its key does not take", SEEN_EXIT_0),
    rule("duration_without_unit", LivekitYaml, "a duration as a bare number", SEEN_EXIT_0),
    rule("variable_not_expanded", LivekitYaml, "a variable in a value, which stays as it is written", SEEN),
    rule("port_collision", LivekitYaml, "two listeners on one port", SEEN_EXIT_0),
    rule("port_out_of_range", LivekitYaml, "a port above 65535", SEEN_EXIT_0),
    rule("udp_port_form", LivekitYaml, "udp_port is neither a port nor a range", SEEN),
    rule("udp_port_and_range", LivekitYaml, "udp_port beside port_range_*, which win", SEEN),
    rule("udp_port_wider_than_cpus", LivekitYaml, "more UDP ports than CPUs: the rest is not bound", SEEN),
    rule("port_range_half", LivekitYaml, "one end of the port range is missing", SEEN),
    rule("port_range_inverted", LivekitYaml, "a port range that ends before it starts", SEEN_EXIT_0),
    rule("node_ip_form", LivekitYaml, "node_ip is not an address", SEEN),
    rule("external_ip_overrides_node_ip", LivekitYaml, "node_ip beside use_external_ip, which wins", SEEN),
    rule(
        "needs_external_ip",
        LivekitYaml,
        "a key that does nothing without use_external_ip",
        "said in the sample configuration of livekit-server 1.13.5, the start seen",
    ),
    rule("ip_filter_cidr", LivekitYaml, "an address filter that is no network", SEEN_EXIT_0),
    rule("bind_addresses_not_rtc", LivekitYaml, "bind_addresses, which do not cover media", SEEN),
    rule("secret_short", LivekitYaml, "a secret below 32 characters", SEEN),
    rule("secret_numeric", LivekitYaml, "a secret of digits, which LIVEKIT_KEYS drops", SEEN),
    rule("keys_and_key_file", LivekitYaml, "keys beside key_file, which wins", SEEN),
    rule("key_file_mode", LivekitYaml, "a key file that others may read", SEEN_EXIT_0),
    rule("webhook_url", LivekitYaml, "a webhook URL that is none", SEEN),
    rule("webhook_api_key", LivekitYaml, "webhooks signed with a key that is not there", SEEN_EXIT_0),
    rule(
        "webhook_event_unknown",
        LivekitYaml,
        "a webhook filter for an event that does not exist",
        "the start seen on livekit-server 1.13.5, the effect read in the source of its protocol module",
    ),
    rule(
        "webhook_filter_twice",
        LivekitYaml,
        "exclude_events beside include_events, which win",
        "the start seen on livekit-server 1.13.5, the effect read in the source of its protocol module",
    ),
    rule("codec_unknown", LivekitYaml, "a codec that does not exist", "start and joins seen on livekit-server 1.13.5"),
    rule("log_level_unknown", LivekitYaml, "a log level that does not exist", SEEN),
    rule("log_level_twice", LivekitYaml, "log_level beside logging.level, which loses", SEEN),
    rule("selector_kind", LivekitYaml, "a node selector that does not exist", SEEN_EXIT_0),
    rule("selector_sort_by", LivekitYaml, "an order of nodes that does not exist: no join works", SEEN),
    rule("selector_algorithm", LivekitYaml, "an algorithm that does not exist: no join works", SEEN),
    rule("selector_region", LivekitYaml, "regionaware without a known region", SEEN_EXIT_0),
    rule("turn_ports_missing", LivekitYaml, "TURN without a port", SEEN_EXIT_0),
    rule("turn_domain_missing", LivekitYaml, "TURN over TLS without a domain", SEEN_EXIT_0),
    rule("turn_domain_form", LivekitYaml, "a TURN domain that is no DNS name", SEEN_EXIT_0),
    rule("turn_tls_port", LivekitYaml, "a TURN/TLS port other than the announced 443", SEEN),
    rule("turn_domain_certificate", LivekitYaml, "a TURN certificate for another name", SEEN),
    rule(
        "turn_certificate_expiry",
        LivekitYaml,
        "a TURN certificate that has expired, or will soon",
        "seen on livekit-server 1.13.5, which reads it once at its start",
    ),
    rule("turn_ttl_zero", LivekitYaml, "TURN credentials that are good for no time", SEEN),
    rule(
        "turn_cidr",
        LivekitYaml,
        "a TURN peer network that is none: the rule vanishes",
        "the start seen on livekit-server 1.13.5, the effect read in its source",
    ),
    rule("turn_relay_range", LivekitYaml, "a relay range that ends before it starts", SEEN),
    rule("turn_relay_range_half", LivekitYaml, "one end of the relay range is missing", SEEN),
    rule("turn_server_protocol", LivekitYaml, "a TURN server's protocol that is not udp, tcp or tls", SEEN),
    rule("turn_server_address", LivekitYaml, "a TURN server's host with scheme or port, or no port", SEEN),
    rule("stun_server_scheme", LivekitYaml, "a STUN server with a scheme: every join is 500", SEEN),
    rule("public_stun", LivekitYaml, "no STUN server: clients are sent to Google's and Twilio's", SEEN),
    rule("prometheus_half_auth", LivekitYaml, "metrics with a user name or a password only", SEEN),
    rule("development", LivekitYaml, "development: true", SEEN),
    rule("redis_missing", LivekitYaml, "no Redis: no egress, ingress, SIP or second node", SEEN),
    rule("redis_address_form", LivekitYaml, "a Redis URL where host and port belong", SEEN_EXIT_0),
    rule(
        "limit_bytes_per_sec",
        LivekitYaml,
        "limits without bytes_per_sec, whose claimed default does not exist",
        "read in the source of livekit-server 1.13.5",
    ),
    rule("yaml_syntax", SipYaml, "text that is no YAML", SIP_SOURCE),
    rule("duplicate_key", SipYaml, "one key twice in a section", SIP_SOURCE),
    rule("second_document", SipYaml, "a second YAML document, which is not read", SIP_SOURCE),
    rule(
        "unknown_key",
        SipYaml,
        "a key that livekit-sip does not know",
        "seen on livekit-sip 1.10.0, which ignores it in silence",
    ),
    rule("wrong_type", SipYaml, "a value of a kind that its key does not take", SIP_SOURCE),
    rule("duration_without_unit", SipYaml, "a duration as a bare number", SIP_SOURCE),
    rule("variable_not_expanded", SipYaml, "a variable in a value, which stays as it is written", SIP_SOURCE),
    rule("log_level_unknown", SipYaml, "a log level that does not exist", SIP_SOURCE),
    rule("sip_redis_missing", SipYaml, "no Redis", SIP_SOURCE),
    rule(
        "sip_credentials_missing",
        SipYaml,
        "no api_key, api_secret or ws_url",
        "seen on livekit-sip 1.10.0, which starts and rejects calls with 486",
    ),
    rule("sip_ws_url", SipYaml, "ws_url is no URL", SIP_SOURCE),
    rule("sip_external_ip_twice", SipYaml, "use_external_ip beside a fixed address", SIP_SOURCE),
    rule("sip_rtp_port_form", SipYaml, "rtp_port is no range", SIP_SOURCE),
    rule("sip_cpu_share", SipYaml, "a CPU share above 1, which becomes 0.9", SIP_SOURCE),
    rule("sip_port_collision", SipYaml, "two listeners on one port", SIP_SOURCE),
    rule("env_unknown", Environment, "a LIVEKIT_ variable that livekit-server does not read", SEEN),
    rule("env_rtc_node_ip_ignored", Environment, "LIVEKIT_RTC_NODE_IP, which is no longer read", SEEN),
    rule("env_rtc_udp_port_ignored", Environment, "LIVEKIT_RTC_UDP_PORT, which is no longer read", SEEN),
    rule("env_not_settable", Environment, "a list, map or section by a variable", SEEN),
    rule("env_wrong_type", Environment, "a value of a kind that the variable does not take", SEEN_EXIT_0),
    rule("env_duration", Environment, "a duration with a unit, or in a unit that is not nanoseconds", SEEN_EXIT_0),
    rule("env_node_ip_garbage", Environment, "NODE_IP is no address", SEEN),
    rule("env_udp_port_garbage", Environment, "UDP_PORT is neither a port nor a range", SEEN),
    rule("udp_port_wider_than_cpus", Environment, "more UDP ports than CPUs: the rest is not bound", SEEN),
    rule("env_keys_form", Environment, "LIVEKIT_KEYS without the space behind the colon", SEEN_EXIT_0),
    rule("env_keys_numeric", Environment, "a secret that is read as a number: the key is dropped", SEEN),
    rule("env_keys_short", Environment, "a secret below 32 characters", SEEN),
    rule("env_config_wins", Environment, "LIVEKIT_CONFIG beside a file, which is ignored", SEEN),
    rule("log_level_unknown", Environment, "a log level that does not exist", SEEN),
    rule("log_level_twice", Environment, "two log levels that differ", SEEN),
    rule("selector_kind", Environment, "a node selector that does not exist", SEEN_EXIT_0),
    rule("selector_sort_by", Environment, "an order of nodes that does not exist: no join works", SEEN),
    rule("selector_algorithm", Environment, "an algorithm that does not exist: no join works", SEEN),
    rule("yaml_syntax", Compose, "text that is no YAML", DOCKER),
    rule("duplicate_key", Compose, "one key twice in a section", DOCKER),
    rule("image_floating", Compose, "an image without a version, or latest", DOCKER),
    rule("stop_grace_short", Compose, "less time to stop than a call takes", DRAIN),
    rule("stop_signal_kills", Compose, "a stop signal at which it does not wait for its calls", SIP_SOURCE),
    rule("restart_on_failure", Compose, "a restart on failure of what fails with exit status 0", SEEN_EXIT_0),
    rule("restart_absent", Compose, "no restart after a crash", DOCKER),
    rule("replicas_share_ports", Compose, "several replicas on one port", SEEN_EXIT_0),
    rule("liveness_is_redis", Compose, "a restart when / is not 200, which also asks Redis", ROOT_IS_REDIS),
    rule("host_network_ports", Compose, "ports beside network_mode: host", DOCKER),
    rule("network_twice", Compose, "networks beside network_mode", DOCKER),
    rule("node_address_absent", Compose, "a bridge network, and no address to announce", ANNOUNCED),
    rule("udp_published_as_tcp", Compose, "a media port published without /udp", DOCKER),
    rule("media_remapped", Compose, "media published at another port than the announced one", ANNOUNCED),
    rule("media_on_loopback", Compose, "media published on the loopback address", DOCKER),
    rule(
        "media_range_wide",
        Compose,
        "thousands of ports published one by one",
        "spantaleev/matrix-docker-ansible-deploy#5344: the engine has a process or a rule for each port",
    ),
    rule("media_unpublished", Compose, "a media port that is not published", ANNOUNCED),
    rule("media_tcp_unpublished", Compose, "the TCP fallback of media is not published", ANNOUNCED),
    rule("dev_mode", Compose, "--dev", SEEN),
    rule("secret_literal", Compose, "a secret in the file", SIGNS),
    rule("quotes_in_value", Compose, "quotes that become part of a variable", "YAML 1.2.2, plain scalars"),
    rule(
        "config_not_mounted",
        Compose,
        "--config names a file that is not mounted",
        "read in the source of livekit-server 1.13.5, which ends with exit status 0",
    ),
    rule("redis_open", Compose, "Redis published without a password", "documented at the image redis of Docker Hub"),
    rule(
        "redis_evicts",
        Compose,
        "a Redis that drops keys when it is full",
        "documented by Redis; with its key lost a room was seen to open twice, on livekit-server 1.13.5",
    ),
    rule("redis_on_localhost", Compose, "Redis on the container's own loopback address", NO_REDIS),
    rule("redis_name_on_host", Compose, "the name of a service on the machine's network", NO_REDIS),
];
