//! HAProxy: how long a WebSocket may be silent, and what a health check may end.

use crate::lint::findings::{Findings, words};

/// A signal connection should live as long as a call; below five minutes a phone that sleeps loses it.
const SILENT_MS_MIN: f64 = 300_000.0;

/// A line without its comment, as words.
struct Line<'a> {
    number: usize,
    words: Vec<&'a str>,
}

/// Everything that is wrong with a configuration of HAProxy.
pub(crate) fn check(text: &str, findings: &mut Findings) {
    let lines: Vec<Line<'_>> = (1..)
        .zip(text.lines())
        .map(|(number, line)| {
            let words = line.split_whitespace().take_while(|word| !word.starts_with('#')).collect();
            Line { number, words }
        })
        .collect();
    silence(&lines, findings);
    marked_down(&lines, findings);
}

/// `timeout <name> <value>`, in milliseconds.
fn timeouts<'a>(lines: &'a [Line<'_>], name: &str) -> Vec<(&'a Line<'a>, f64)> {
    let of = |line: &&Line<'_>| line.words.first() == Some(&"timeout") && line.words.get(1) == Some(&name);
    lines.iter().filter(of).filter_map(|line| Some((line, milliseconds(line.words.get(2)?)?))).collect()
}

fn silence(lines: &[Line<'_>], findings: &mut Findings) {
    let what = "a signal connection on which nothing is sent for this long is closed. Clients send a ping every 5 s, so this \
                hits those that can't: a phone in the background, a suspended tab. They have to join again";
    let fix = "write `timeout tunnel 1h` in defaults: it holds for WebSockets, in both directions";
    let tunnels = timeouts(lines, "tunnel");
    for (line, _) in tunnels.iter().filter(|(_, ms)| *ms < SILENT_MS_MIN) {
        findings.risky("haproxy_tunnel_short", line.number, words(line.words.join(" "), what, fix));
    }
    let templates = lines.iter().any(|line| line.words.starts_with(&["timeout", "tunnel"]));
    if !templates {
        let mut others = timeouts(lines, "server");
        others.extend(timeouts(lines, "client"));
        if let Some((line, ms)) = others.iter().min_by(|a, b| a.1.total_cmp(&b.1)).filter(|(_, ms)| *ms < SILENT_MS_MIN)
        {
            let found = format!("{} ({} s), and no timeout tunnel", line.words.join(" "), ms / 1000.0);
            findings.risky("haproxy_tunnel_absent", line.number, words(found, what, fix));
        }
    }
}

fn marked_down(lines: &[Line<'_>], findings: &mut Findings) {
    let has = |line: &&Line<'_>, wanted: &str| line.words.contains(&wanted);
    let checks = lines.iter().filter(|line| {
        line.words.starts_with(&["option", "httpchk"]) || line.words.starts_with(&["http-check", "send"])
    });
    let paths: Vec<&str> =
        checks.flat_map(|line| line.words.iter().copied()).filter(|word| word.starts_with('/')).collect();
    let asks = lines.iter().any(|line| line.words.starts_with(&["option", "httpchk"]));
    if !asks || paths.iter().any(|path| *path != "/") {
        return;
    }
    for line in lines.iter().filter(|line| has(line, "on-marked-down") && has(line, "shutdown-sessions")) {
        let what = "the check asks `/`, which also says whether Redis answers: when Redis stalls, every node counts as down \
                    after some seconds, and the signal connections of all calls are cut at once";
        let fix = "remove on-marked-down shutdown-sessions: clients notice a dead node by themselves";
        findings.risky("haproxy_cuts_on_down", line.number, words("on-marked-down shutdown-sessions", what, fix));
    }
}

/// A time as HAProxy takes it: milliseconds, or with a unit.
fn milliseconds(text: &str) -> Option<f64> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let factor = match &text[digits..] {
        "us" => 0.001,
        "" | "ms" => 1.0,
        "s" => 1000.0,
        "m" => 60_000.0,
        "h" => 3_600_000.0,
        "d" => 86_400_000.0,
        _ => return None,
    };
    text[..digits].parse::<f64>().ok().map(|number| number * factor)
}

#[cfg(test)]
mod tests {
    use super::milliseconds;

    /// The units are those of HAProxy's configuration manual, section "Time format".
    #[test]
    fn times_as_haproxy_takes_them() {
        assert_eq!(["50000", "50s", "1h", "1d"].map(milliseconds), [Some(5e4), Some(5e4), Some(3.6e6), Some(8.64e7)]);
        assert_eq!(["", "x", "1y", "${T}"].map(milliseconds), [None; 4]);
    }
}
