//! What a file is, by its name and by what stands in it.

use std::path::Path;

use super::document::Node;
use super::finding::FileKind;
use super::helm;
use super::known::Keys;
use super::parse::{Documents, parse_all};

/// Sections that only livekit-server has.
const OF_SERVER: &[&str] = &[
    "rtc",
    "keys",
    "key_file",
    "turn",
    "room",
    "webhook",
    "node_selector",
    "signal_relay",
    "limit",
    "audio",
    "bind_addresses",
    "port",
];
/// Those of them that no other program has; a `port` or a `webhook` is found everywhere.
const OF_SERVER_ALONE: &[&str] = &["rtc", "keys", "key_file", "turn", "room", "node_selector", "signal_relay"];
/// What is called `.env.…` and holds no variables.
const NO_ENVIRONMENT: &[&str] = &["ts", "tsx", "js", "mjs", "cjs", "json", "md", "py", "rb", "sh"];
/// Keys that only the SIP bridge has; it shares others with egress and ingress.
const OF_SIP: &[&str] = &["sip_port", "sip_port_listen", "sip_hostname", "rtp_port", "hide_inbound_port"];

/// What a file is, or `None` if the linter has no rules for it, or it is Greenlight's own deployment.yaml. The text is
/// believed before the name, since manifests are often called deployment.yaml, and every program has a config.yaml.
///
/// Never fails: a text that can't be read is taken for what its name says.
pub fn kind_of(path: &Path, text: &str) -> Option<FileKind> {
    let name = path.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    let folder = path.parent().map(|folder| folder.to_string_lossy().to_lowercase()).unwrap_or_default();
    match extension {
        "yaml" | "yml" => yaml(&name, &folder, text),
        // What somebody is to copy and fill in is no file of a deployment.
        "example" | "dist" | "sample" | "template" | "tmpl" => None,
        _ if NO_ENVIRONMENT.contains(&extension) => None,
        _ if name == ".env" || name.starts_with(".env.") || extension == "env" => Some(FileKind::Environment),
        _ if name.starts_with("caddyfile") || extension == "caddyfile" => Some(FileKind::Caddy),
        _ if is_nginx(&name, text) => Some(FileKind::Nginx),
        "cfg" | "conf" if is_haproxy(&name, text) => Some(FileKind::Haproxy),
        _ => None,
    }
}

fn yaml(name: &str, folder: &str, text: &str) -> Option<FileKind> {
    let Ok(Documents { roots, .. }) = parse_all(text) else {
        return unreadable(name, text);
    };
    let has = |root: &Node, key: &str| root.entries().iter().any(|entry| entry.key == key);
    if roots.iter().any(|root| has(root, "apiVersion") && has(root, "kind")) {
        return Some(FileKind::Kubernetes);
    }
    let Some(root) = roots.first() else {
        return by_name(name);
    };
    if has(root, "environments") {
        return None;
    }
    let is_values = name.starts_with("values") || name.ends_with("values.yaml") || name.ends_with("values.yml");
    if helm::is_chart_like(root) || (is_values && !helm::charts(root).is_empty()) {
        return Some(FileKind::Helm);
    }
    let services = root.at("services").map_or(&[][..], |entry| entry.value.entries());
    let runs = |entry: &super::document::Entry| has(&entry.value, "image") || has(&entry.value, "build");
    if !services.is_empty() && (is_compose(name) || services.iter().any(runs)) {
        return Some(FileKind::Compose);
    }
    let folder = folder.rsplit('/').next().unwrap_or_default();
    // As a word of its own: `gossip` is none of ours.
    let is_word = |text: &str, word: &str| text.split(|c: char| !c.is_alphanumeric()).any(|part| part == word);
    let named = |word: &str| is_word(name, word) || is_word(folder, word);
    let shared = has(root, "ws_url") && (has(root, "api_key") || has(root, "redis"));
    if OF_SIP.iter().any(|key| has(root, key)) || (named("sip") && shared && !has(root, "rtc")) {
        return Some(FileKind::SipYaml);
    }
    let sections = OF_SERVER.iter().filter(|key| has(root, key)).count();
    let known = Keys::of_server();
    let known = root.entries().iter().filter(|entry| known.kind(&entry.key).is_some()).count();
    // More than half of the keys are the server's: one of another program may be called `port` too.
    let mostly = known * 2 > root.entries().len();
    let alone = OF_SERVER_ALONE.iter().any(|key| has(root, key));
    if mostly && alone && (sections >= 2 || (sections == 1 && (name.starts_with("config") || named("livekit")))) {
        return Some(FileKind::LivekitYaml);
    }
    // A file in which nearly everything is wrong needs its judge most.
    let is_sip = matches!(name, "sip.yaml" | "sip.yml" | "livekit-sip.yaml" | "livekit-sip.yml");
    let is_server = matches!(name, "livekit.yaml" | "livekit.yml" | "livekit-server.yaml" | "livekit-server.yml");
    by_name(name)
        .filter(|kind| *kind == FileKind::Compose || mostly || root.is_null() || is_sip || is_server)
        .or(is_sip.then_some(FileKind::SipYaml))
}

fn unreadable(name: &str, text: &str) -> Option<FileKind> {
    let begins = |key: &str| text.lines().any(|line| line.starts_with(key));
    if begins("apiVersion:") && begins("kind:") { Some(FileKind::Kubernetes) } else { by_name(name) }
}

fn is_compose(name: &str) -> bool {
    name.starts_with("docker-compose") || name.starts_with("compose")
}

fn by_name(name: &str) -> Option<FileKind> {
    if is_compose(name) {
        Some(FileKind::Compose)
    } else if name.starts_with("livekit") {
        Some(FileKind::LivekitYaml)
    } else if name.starts_with("sip") {
        Some(FileKind::SipYaml)
    } else {
        None
    }
}

fn is_nginx(name: &str, text: &str) -> bool {
    let block = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        matches!(words.as_slice(), ["server" | "http", "{", ..] | ["server{" | "http{", ..])
    };
    let plausible = name.ends_with(".conf") || name.contains("nginx") || !name.contains('.');
    name == "nginx.conf" || (plausible && text.lines().any(block) && !text.contains("reverse_proxy"))
}

fn is_haproxy(name: &str, text: &str) -> bool {
    let section = |line: &str| {
        let first = line.split_whitespace().next();
        matches!(first, Some("frontend" | "backend" | "listen" | "defaults")) && !line.starts_with(char::is_whitespace)
    };
    name.starts_with("haproxy") || text.lines().filter(|line| section(line)).count() >= 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_as_they_are_called_and_as_they_look() {
        let manifest = "apiVersion: apps/v1\nkind: Deployment\n";
        let service = "services:\n  a:\n    image: redis:7\n";
        let deployment = "format: 1\nkeys: [a.pem]\nstate: state\nenvironments: {}\n";
        let server = "server {\n  listen 443 ssl;\n}\n";
        let cases = [
            ("docker-compose.yml", service, Some(FileKind::Compose)),
            ("deploy/compose.prod.yaml", service, Some(FileKind::Compose)),
            ("stack.yml", service, Some(FileKind::Compose)),
            ("compose.yaml", "services: [", Some(FileKind::Compose)),
            ("services.yaml", "services:\n  a:\n    port: 1\n", None),
            (".env", "A=1\n", Some(FileKind::Environment)),
            (".env.production", "", Some(FileKind::Environment)),
            (".envrc", "layout python\n", None),
            (".env.d.ts", "interface Env {}\n", None),
            (".env.example", "LIVEKIT_API_SECRET=your-secret\n", None),
            ("sip.yaml", "livekit_url: ws://a\nlisten_port: 5060\n", Some(FileKind::SipYaml)),
            ("gossip/config.yaml", "redis: {address: 'r:1'}\npeers: [a]\nport: 9000\n", None),
            ("app/config.yaml", "port: 3000\nlog_level: info\nredis: {host: r, port: 6379}\n", None),
            ("config-rtmp.yaml", "port: 1935\nlimit: 5\n", None),
            ("livekit.env", "A=1\n", Some(FileKind::Environment)),
            ("livekit.yaml", "port: 7880\n", Some(FileKind::LivekitYaml)),
            ("livekit.yaml", "", Some(FileKind::LivekitYaml)),
            ("livekit.yaml", "- a\n- b\n", Some(FileKind::LivekitYaml)),
            ("livekit.yaml", "prot: 7880\nrtp: {}\nkeyz: {}\n", Some(FileKind::LivekitYaml)),
            ("livekit-client.yaml", "url: wss://a\ntoken: x\n", None),
            ("livekit.yaml", "rtc: [\n", Some(FileKind::LivekitYaml)),
            ("config.yaml", "port: 7880\nrtc: {udp_port: 7882}\n", Some(FileKind::LivekitYaml)),
            ("config.yaml", "port: 8080\ndatabase: x\nqueue: y\n", None),
            ("x/production.yaml", "keys: {a: b}\nturn: {enabled: true}\n", Some(FileKind::LivekitYaml)),
            ("sip.yaml", "ws_url: ws://a\napi_key: b\n", Some(FileKind::SipYaml)),
            ("config.yaml", "ws_url: ws://a\nsip_port: 5060\n", Some(FileKind::SipYaml)),
            ("my-sip/config.yaml", "ws_url: ws://a\nredis: {}\n", Some(FileKind::SipYaml)),
            ("egress.yaml", "ws_url: ws://a\napi_key: b\nredis: {}\n", None),
            ("deployment.yaml", deployment, None),
            ("deployment.yaml", manifest, Some(FileKind::Kubernetes)),
            ("all.yaml", "a: 1\n---\napiVersion: v1\nkind: Service\n", Some(FileKind::Kubernetes)),
            ("t/deployment.yaml", "apiVersion: apps/v1\nkind: X\na: {{- x }}\n", Some(FileKind::Kubernetes)),
            ("values.yaml", "livekit:\n  rtc: {}\nreplicaCount: 2\n", Some(FileKind::Helm)),
            ("prod/livekit-values.yml", "livekit-server:\n  livekit:\n    rtc: {}\n", Some(FileKind::Helm)),
            ("egress.yaml", "egress: {ws_url: ws://a}\nreplicaCount: 1\n", Some(FileKind::Helm)),
            ("values.yaml", "livekit: {url: wss://a, token: b}\nreplicaCount: 2\n", None),
            ("values.yaml", "ingress: {enabled: true}\nreplicaCount: 2\n", None),
            ("app.yaml", "livekit: {port: 7880}\ndatabase: x\n", None),
            ("haproxy.cfg", "", Some(FileKind::Haproxy)),
            ("lb.cfg", "defaults\n  mode http\nfrontend a\n  bind :80\n", Some(FileKind::Haproxy)),
            ("setup.cfg", "[metadata]\n", None),
            ("nginx.conf", "events {}\n", Some(FileKind::Nginx)),
            ("sites-enabled/livekit", server, Some(FileKind::Nginx)),
            ("conf.d/livekit.conf", server, Some(FileKind::Nginx)),
            ("redis.conf", "port 6379\n", None),
            ("Caddyfile", "a.example.org\n", Some(FileKind::Caddy)),
            ("README.md", "apiVersion: v1\nkind: x\n", None),
            ("", "", None),
        ];
        for (name, text, expected) in cases {
            assert_eq!(kind_of(Path::new(name), text), expected, "{name}: {text}");
        }
    }
}
