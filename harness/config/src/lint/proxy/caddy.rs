//! Caddy before LiveKit: WebSockets pass through it by themselves, and however long they are silent; what is left are
//! reloads, and paths that match less than they seem to.

use crate::lint::findings::{Findings, words};

/// A block around a line: its words, such as `handle /rtc`.
struct Around<'a>(Vec<&'a str>);

/// A `reverse_proxy` to livekit-server.
struct Proxy<'a> {
    line: usize,
    /// The paths that are sent there; none where everything is.
    paths: Vec<&'a str>,
    /// Whether its block says when streams are closed, or brings in what is not seen here.
    delays: bool,
}

/// Everything that is wrong with a Caddyfile.
pub(crate) fn check(text: &str, findings: &mut Findings) {
    let proxies = proxies(text);
    for proxy in proxies.iter().filter(|proxy| !proxy.delays) {
        let what = "Caddy closes every WebSocket at once when its configuration is reloaded: all callers lose their signal \
                    connection in the same moment, at each renewed site or route";
        let fix = "write stream_close_delay 5h into the block of reverse_proxy, so that calls end by themselves first";
        findings.risky("caddy_reload_closes", proxy.line, words("reverse_proxy without stream_close_delay", what, fix));
    }
    let covers = |proxy: &Proxy<'_>| {
        let below = |path: &&str| path.starts_with("/rtc/") || matches!(*path, "/rtc*" | "/*" | "*");
        proxy.paths.is_empty() || proxy.paths.iter().any(below)
    };
    if proxies.iter().any(covers) {
        return;
    }
    if let Some(exact) = proxies.iter().find(|proxy| proxy.paths.contains(&"/rtc")) {
        let what = "clients ask for /rtc/v1 and /rtc/validate too, which do not arrive: new ones can't join, and none \
                    learns why a join was refused";
        findings.wrong("caddy_exact_rtc", exact.line, words("/rtc", what, "write /rtc*, which covers all below it"));
    }
}

fn proxies(text: &str) -> Vec<Proxy<'_>> {
    let mut open: Vec<Around<'_>> = Vec::new();
    let mut named: Vec<(&str, Vec<&str>)> = Vec::new();
    let mut found: Vec<(Proxy<'_>, Option<&str>)> = Vec::new();
    // The proxy whose block is open, with the depth of that block.
    let mut inside: Option<(usize, usize)> = None;
    for (line, number) in text.lines().zip(1..) {
        let mut words: Vec<&str> = line.split_whitespace().take_while(|word| !word.starts_with('#')).collect();
        let opens = words.last() == Some(&"{");
        if opens {
            words.pop();
        }
        match words.as_slice() {
            ["}"] => {
                open.pop();
                inside = inside.filter(|(_, depth)| *depth <= open.len());
                continue;
            }
            ["reverse_proxy", arguments @ ..] if arguments.iter().any(|argument| is_livekit(argument)) => {
                let (paths, matcher) = sent(arguments, &open);
                found.push((Proxy { line: number, paths, delays: false }, matcher));
                inside = opens.then_some((found.len() - 1, open.len() + 1));
            }
            ["stream_close_delay" | "import", ..] => {
                if let Some((proxy, _)) = inside.and_then(|(index, _)| found.get_mut(index)) {
                    proxy.delays = true;
                }
            }
            [name, "path", paths @ ..] if name.starts_with('@') => named.push((name, paths.to_vec())),
            _ => {}
        }
        if opens {
            open.push(Around(words));
        }
    }
    let resolved = found.into_iter().map(|(mut proxy, matcher)| {
        if let Some((_, paths)) = matcher.and_then(|matcher| named.iter().find(|(name, _)| *name == matcher)) {
            proxy.paths.clone_from(paths);
        }
        proxy
    });
    resolved.collect()
}

/// The paths that a proxy is given, by itself or by the block around it, or the name of what decides.
fn sent<'a>(arguments: &[&'a str], open: &[Around<'a>]) -> (Vec<&'a str>, Option<&'a str>) {
    let around = open.iter().rev().find_map(|Around(words)| match words.as_slice() {
        ["handle" | "handle_path" | "route", matcher] => Some(*matcher),
        _ => None,
    });
    match arguments.first().copied().filter(|first| first.starts_with(['/', '@', '*'])).or(around) {
        Some(matcher) if matcher.starts_with('@') => (Vec::new(), Some(matcher)),
        Some(path) => (vec![path], None),
        None => (Vec::new(), None),
    }
}

fn is_livekit(upstream: &str) -> bool {
    upstream.contains(":7880") || upstream.contains("livekit")
}

#[cfg(test)]
mod tests {
    use crate::lint::finding::FileKind;
    use crate::lint::{Facts, lint};

    fn found(text: &str) -> Vec<(&'static str, usize)> {
        lint(FileKind::Caddy, text, &Facts::default()).iter().map(|one| (one.rule, one.line)).collect()
    }

    #[test]
    fn paths_are_those_of_the_proxy_or_of_the_block_around() {
        let delay = "{\n stream_close_delay 5h\n}\n";
        let site = |inner: &str| format!("a.example.org {{\n{inner}}}\n");
        for whole in [
            format!("reverse_proxy /rtc* livekit:7880 {delay}"),
            format!("handle /rtc/* {{\nreverse_proxy livekit:7880 {delay}}}\n"),
            format!("@lk path /rtc /rtc/* /twirp/*\nreverse_proxy @lk livekit:7880 {delay}"),
            format!("reverse_proxy /rtc livekit:7880 {delay}reverse_proxy livekit:7880 {delay}"),
            "reverse_proxy /rtc app:3000\n".to_owned(),
            "reverse_proxy livekit:7880 {\n import common\n}\n".to_owned(),
        ] {
            assert_eq!(found(&site(&whole)), [], "{whole}");
        }
        for exact in [
            format!("reverse_proxy /rtc livekit:7880 {delay}"),
            format!("handle /rtc {{\nreverse_proxy livekit:7880 {delay}}}\n"),
            format!("@lk path /rtc /twirp/*\nreverse_proxy @lk livekit:7880 {delay}"),
        ] {
            let rules: Vec<_> = found(&site(&exact)).into_iter().map(|(rule, _)| rule).collect();
            assert_eq!(rules, ["caddy_exact_rtc"], "{exact}");
        }
        assert_eq!(found(&site("reverse_proxy localhost:7880\n")), [("caddy_reload_closes", 2)]);
    }
}
