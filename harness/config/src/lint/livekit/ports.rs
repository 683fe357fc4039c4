//! TCP and UDP ports of livekit-server's own listeners: two on one port end the start with exit status 0.

use crate::lint::findings::{Findings, words};
use crate::lint::source::Source;

/// What listens on TCP, with the default that holds when the key is absent.
const TCP: &[(&str, Option<i64>)] = &[
    ("port", Some(7880)),
    ("rtc.tcp_port", Some(7881)),
    ("prometheus.port", None),
    ("prometheus_port", None),
    ("debug_handler.port", None),
];

/// Every port that is written as one number. The relay range is missing: its type already refuses more.
const ALL: &[&str] = &[
    "port",
    "rtc.tcp_port",
    "rtc.port_range_start",
    "rtc.port_range_end",
    "prometheus.port",
    "prometheus_port",
    "debug_handler.port",
];
const PORT_MAX: i64 = 65_535;

pub(super) fn check(source: &Source<'_>, findings: &mut Findings) {
    let mut listeners = TCP.to_vec();
    if source.is_true("turn.enabled") {
        listeners.push(("turn.tls_port", None));
    }
    collisions("port_collision", &listeners, source, findings);
    for path in ALL {
        if let Some(port) = source.integer(path).filter(|port| *port > PORT_MAX)
            && let Some(entry) = source.at(path)
        {
            let what = format!("there is no port above {PORT_MAX}: the server ends with exit status 0");
            findings.wrong("port_out_of_range", entry.value.line, words(port, what, "write a port up to 65535"));
        }
    }
}

/// Reports each key whose port an earlier key has; 0 is no port.
pub(crate) fn collisions(
    rule: &'static str,
    listeners: &[(&str, Option<i64>)],
    source: &Source<'_>,
    findings: &mut Findings,
) {
    let mut taken: Vec<(i64, &str, bool)> = Vec::new();
    for (path, default) in listeners {
        let entry = source.at(path);
        let written = entry.and_then(|entry| entry.value.integer());
        let Some(port) = written.or(if entry.is_none() { *default } else { None }).filter(|port| *port != 0) else {
            continue;
        };
        if let Some((_, other, other_written)) = taken.iter().find(|(used, _, _)| *used == port) {
            let at = if entry.is_some() || !other_written { *path } else { *other };
            let line = source.at(at).map_or(0, |entry| entry.value.line);
            let what = format!(
                "{path} and {other} are both {port}: the second can't listen, and the program ends with exit status 0"
            );
            findings.wrong(rule, line, words(port, what, "give each its own port"));
        }
        taken.push((port, path, entry.is_some()));
    }
}
