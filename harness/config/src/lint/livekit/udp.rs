//! The UDP ports of media: one mux (`udp_port`) or a range of ports (`port_range_*`), never both.

use crate::lint::findings::{Findings, words};
use crate::lint::scalars::{is_template, port_range};
use crate::lint::source::Source;

pub(super) fn check(source: &Source<'_>, findings: &mut Findings) {
    range(source, findings);
    let Some(entry) = source.at("rtc.udp_port") else {
        return;
    };
    if !entry.value.entries().is_empty() || !entry.value.items().is_empty() {
        let what = "the server reads one text here and ignores anything else in silence: media goes to other ports";
        return findings.wrong("udp_port_form", entry.line, words("no single value", what, "write 7882, or 7882-7892"));
    }
    let text = entry.value.text().unwrap_or_default();
    if is_template(text) || text.is_empty() {
        return;
    }
    match port_range(text) {
        Err(problem) => {
            let what = format!("{problem}: the server ends with exit status 0");
            findings.wrong("udp_port_form", entry.value.line, words(text, what, "write 7882, or 7882-7892"));
        }
        Ok((start, end)) => {
            let ports = end.map_or(1, |end| end - start + 1);
            if let Some(cpus) = source.facts.cpus.filter(|cpus| (*cpus as u64) < u64::from(ports)) {
                let what = format!("{ports} ports are written, but only the first {cpus} are used: one for each CPU");
                let last = u64::from(start) + cpus as u64 - 1;
                let fix = format!("write {}, and open just that in the firewall", shown(u64::from(start), last));
                findings.wrong("udp_port_wider_than_cpus", entry.value.line, words(text, what, fix));
            }
        }
    }
}

fn shown(start: u64, last: u64) -> String {
    if start == last { start.to_string() } else { format!("{start}-{last}") }
}

fn range(source: &Source<'_>, findings: &mut Findings) {
    let (start, end) = (source.integer("rtc.port_range_start"), source.integer("rtc.port_range_end"));
    let line = |path: &str| source.at(path).map_or(0, |entry| entry.line);
    let some = |port: Option<i64>| port.filter(|port| *port != 0);
    match (some(start), some(end)) {
        (Some(start), None) if source.at("rtc.port_range_end").is_none() => {
            let what = "without port_range_end the server takes random ports of the whole machine: a firewall that is \
                        open for a range drops the media";
            let fix = format!("add port_range_end, such as {}", start + 1000);
            findings.wrong("port_range_half", line("rtc.port_range_start"), words(start, what, fix));
        }
        (None, Some(end)) if source.at("rtc.port_range_start").is_none() && source.at("rtc.udp_port").is_none() => {
            let what = "without port_range_start the end is not looked at: the range is 50000-60000";
            findings.wrong("port_range_half", line("rtc.port_range_end"), words(end, what, "add port_range_start"));
        }
        (Some(start), Some(end)) if end < start => {
            let what = "the range ends before it starts: the server ends with exit status 0";
            let found = format!("{start}-{end}");
            findings.wrong(
                "port_range_inverted",
                line("rtc.port_range_end"),
                words(found, what, "swap the two numbers"),
            );
        }
        (Some(_), Some(_)) if source.at("rtc.udp_port").is_some() => {
            let what = "port_range_start and port_range_end are there too, and they win: udp_port is not used";
            let fix = "remove udp_port, or both port_range_start and port_range_end";
            let found = source.text("rtc.udp_port").unwrap_or("udp_port");
            findings.wrong("udp_port_and_range", line("rtc.udp_port"), words(found, what, fix));
        }
        _ => {}
    }
}
