//! nginx: whether a WebSocket gets through, for how long it may be silent, and which paths arrive.

use super::blocks::{Directive, parse};
use crate::lint::findings::{Findings, words};

/// A signal connection should live as long as a call; below five minutes a phone that sleeps loses it.
const SILENT_S_MIN: f64 = 300.0;

/// A location that hands requests on to a livekit-server, with what is around it, outermost first.
struct Place<'a> {
    around: Vec<&'a Directive>,
    location: &'a Directive,
    /// The path without a modifier.
    path: &'a str,
    target: &'a str,
}

/// Everything that is wrong with a configuration of nginx, in the places that lead to a livekit-server.
pub(crate) fn check(text: &str, findings: &mut Findings) {
    let root = parse(text);
    let mut places = Vec::new();
    collect(&root, &mut Vec::new(), &mut places);
    let upstreams = upstreams(&root);
    places.retain(|place| leads_to_livekit(place, &upstreams));
    for place in &places {
        prefix(place, findings);
        // These answer requests, and have no WebSockets.
        if !["/twirp", "/whip"].iter().any(|path| place.path.starts_with(path)) && !place.includes() {
            upgrade(place, findings);
            silence(place, findings);
        }
    }
    exact(&places, findings);
}

fn collect<'a>(block: &'a Directive, around: &mut Vec<&'a Directive>, places: &mut Vec<Place<'a>>) {
    around.push(block);
    for directive in &block.block {
        if directive.name() == "location" {
            let target = directive.all("proxy_pass").next().and_then(|pass| pass.arguments().first());
            let path = directive.arguments().last();
            if let (Some(target), Some(path)) = (target, path) {
                places.push(Place { around: around.clone(), location: directive, path, target });
            }
        }
        if !directive.block.is_empty() {
            collect(directive, around, places);
        }
    }
    around.pop();
}

/// Every upstream with its servers.
fn upstreams(root: &Directive) -> Vec<(&str, Vec<&str>)> {
    let http = root.all("http").flat_map(|http| http.all("upstream"));
    let named = root.all("upstream").chain(http).filter_map(|upstream| {
        let servers = upstream.all("server").filter_map(|server| server.arguments().first());
        Some((upstream.arguments().first()?.as_str(), servers.map(String::as_str).collect()))
    });
    named.collect()
}

fn leads_to_livekit(place: &Place<'_>, upstreams: &[(&str, Vec<&str>)]) -> bool {
    let is_livekit = |text: &str| text.contains("livekit") || text.contains(":7880");
    let host = place.target.split("://").nth(1).unwrap_or(place.target);
    let host = host.split('/').next().unwrap_or(host);
    let behind = upstreams.iter().find(|(name, _)| *name == host);
    is_livekit(host)
        || behind.is_some_and(|(_, servers)| servers.iter().any(|server| is_livekit(server)))
        || ["/rtc", "/twirp"].iter().any(|path| place.path.starts_with(path))
}

impl Place<'_> {
    /// The levels from the inside out.
    fn levels(&self) -> impl Iterator<Item = &Directive> {
        std::iter::once(self.location).chain(self.around.iter().rev().copied())
    }

    /// Whether another file may hold what is missing here.
    fn includes(&self) -> bool {
        self.levels()
            .filter(|level| matches!(level.name(), "location" | "server"))
            .any(|level| level.all("include").next().is_some())
    }

    /// The innermost value of a directive.
    fn value(&self, name: &str) -> Option<&Directive> {
        self.levels().find_map(|level| level.block.iter().rev().find(|directive| directive.name() == name))
    }

    /// The value of a header; those of an outer level hold only where the inner one sets none at all.
    fn header(&self, name: &str) -> Option<&str> {
        let level = self.levels().find(|level| level.all("proxy_set_header").next().is_some())?;
        let mut headers = level.all("proxy_set_header").map(Directive::arguments);
        let found =
            headers.find(|arguments| arguments.first().is_some_and(|first| first.eq_ignore_ascii_case(name)))?;
        found.get(1).map(String::as_str)
    }
}

fn upgrade(place: &Place<'_>, findings: &mut Findings) {
    let line = place.location.line;
    let found = format!("location {}", place.path);
    let no_websocket = "so no WebSocket is opened: the server sees a plain request and answers 404, and nobody joins";
    if place.header("Upgrade").is_none_or(str::is_empty) {
        let what = format!("the header Upgrade is not handed on, {no_websocket}");
        let fix = "write `proxy_set_header Upgrade $http_upgrade;` and `proxy_set_header Connection \"upgrade\";`; a \
                   location that sets any header inherits none";
        return findings.wrong("nginx_upgrade_header", line, words(found, what, fix));
    }
    let connection = place.header("Connection").unwrap_or_default();
    if !(connection.to_ascii_lowercase().contains("upgrade") || connection.starts_with('$')) {
        let what = format!("the header Connection does not say upgrade, {no_websocket}");
        let fix = "write `proxy_set_header Connection \"upgrade\";`";
        return findings.wrong("nginx_connection_header", line, words(found, what, fix));
    }
    let version = place.value("proxy_http_version").and_then(|directive| directive.arguments().first());
    if version.is_none_or(|version| version == "1.0") {
        let what = "up to nginx 1.29.6 it speaks HTTP/1.0 to the server unless told otherwise, and HTTP/1.0 knows no \
                    upgrade (RFC 9110, section 7.8): whether a signal connection comes about is left to chance";
        findings.risky("nginx_http_version", line, words(found, what, "write `proxy_http_version 1.1;`"));
    }
}

fn silence(place: &Place<'_>, findings: &mut Findings) {
    let timeout = place.value("proxy_read_timeout");
    let (found, line, seconds) = match timeout {
        None => (format!("location {}: no proxy_read_timeout, so 60s", place.path), place.location.line, Some(60.0)),
        Some(directive) => {
            let text = directive.arguments().first().map_or("", String::as_str);
            (format!("proxy_read_timeout {text}"), directive.line, seconds(text))
        }
    };
    if seconds.is_some_and(|seconds| seconds < SILENT_S_MIN) {
        let what = "a signal connection on which the server sends nothing for this long is closed. Clients send a ping every \
                    5 s and get an answer, so this hits those that can't: a phone in the background, a suspended tab. They \
                    have to join again";
        let fix = "write `proxy_read_timeout 1h;` and `proxy_send_timeout 1h;`";
        findings.risky("nginx_read_timeout", line, words(found, what, fix));
    }
}

/// A path in front of the server's own paths must not arrive there.
fn prefix(place: &Place<'_>, findings: &mut Findings) {
    let modified = place.location.arguments().len() > 1;
    let own = ["/rtc", "/twirp", "/agent", "/whip", "/settings"].iter().any(|path| place.path.starts_with(path));
    let after_scheme = place.target.split("://").nth(1).unwrap_or(place.target);
    let kept = !after_scheme.contains('/') && !place.target.contains('$');
    let rewritten = place.location.all("rewrite").next().is_some();
    if !modified && place.path != "/" && place.path.starts_with('/') && !own && kept && !rewritten {
        let what =
            format!("the server gets paths that begin with {}, and knows none: every request is 404", place.path);
        let fix =
            format!("write `proxy_pass {}/;`, with the slash, and end the location's path with one", place.target);
        findings.wrong("nginx_prefix_kept", place.location.line, words(format!("location {}", place.path), what, fix));
    }
}

/// `= /rtc` is that path alone, while clients ask for more below it.
fn exact(places: &[Place<'_>], findings: &mut Findings) {
    for place in places.iter().filter(|place| place.location.arguments() == ["=", "/rtc"]) {
        let covered = |other: &Place<'_>| {
            let exact = other.location.arguments().first().is_some_and(|first| first == "=");
            !exact && (other.path.starts_with("/rtc") || other.path == "/")
        };
        if !places.iter().any(covered) {
            let what = "clients ask for /rtc/v1 and /rtc/validate too, which do not arrive: new ones can't join, and none \
                        learns why a join was refused";
            let fix = "write `location /rtc {`, without the sign, which covers all below it";
            findings.wrong("nginx_exact_rtc", place.location.line, words("location = /rtc", what, fix));
        }
    }
}

/// A time as nginx takes it: seconds, or with units.
fn seconds(text: &str) -> Option<f64> {
    let mut total = 0.0;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let number: f64 = rest[..digits].parse().ok()?;
        let tail = &rest[digits..];
        let unit = tail.find(|c: char| c.is_ascii_digit()).unwrap_or(tail.len());
        total += number
            * match &tail[..unit] {
                "ms" => 0.001,
                "" | "s" => 1.0,
                "m" => 60.0,
                "h" => 3600.0,
                "d" => 86_400.0,
                "w" => 604_800.0,
                _ => return None,
            };
        rest = &tail[unit..];
    }
    (!text.is_empty()).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::seconds;

    /// The units are those of nginx's "Configuration file measurement units".
    #[test]
    fn times_as_nginx_takes_them() {
        assert_eq!(["60", "1h30m", "5m", "500ms"].map(seconds), [Some(60.0), Some(5400.0), Some(300.0), Some(0.5)]);
        assert_eq!(["", "$t", "1y"].map(seconds), [None; 3]);
    }
}
