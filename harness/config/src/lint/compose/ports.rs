//! `ports:` in its short and its long form.

use crate::lint::document::Node;
use crate::lint::scalars::is_template;

/// One published port or range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Port {
    pub(crate) line: usize,
    pub(crate) written: String,
    /// The address of the machine; absent: all.
    pub(crate) address: Option<String>,
    /// Ports of the machine; absent: any that is free.
    pub(crate) host: Option<(u32, u32)>,
    pub(crate) container: (u32, u32),
    pub(crate) udp: bool,
}

impl Port {
    /// Whether nobody outside of the machine reaches it.
    pub(crate) fn is_local(&self) -> bool {
        self.address.as_deref().is_some_and(|address| {
            address == "localhost" || address.parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback())
        })
    }

    pub(crate) fn covers(&self, port: u32) -> bool {
        (self.container.0..=self.container.1).contains(&port)
    }

    pub(crate) fn overlaps(&self, range: (u32, u32)) -> bool {
        self.container.0 <= range.1 && range.0 <= self.container.1
    }
}

/// What a service publishes; none if a variable fills in any of it, or it can't be read.
pub(crate) fn ports_of(service: &Node) -> Option<Vec<Port>> {
    let Some(ports) = service.at("ports") else { return Some(Vec::new()) };
    if ports.value.items().is_empty() && ports.value.text().is_some() {
        return None;
    }
    ports.value.items().iter().map(|item| if item.text().is_some() { short(item) } else { long(item) }).collect()
}

fn short(item: &Node) -> Option<Port> {
    let written = item.text()?;
    if is_template(written) {
        return None;
    }
    let (mapping, protocol) = written.split_once('/').unwrap_or((written, "tcp"));
    let (rest, container) = mapping.rsplit_once(':').map_or((None, mapping), |(rest, last)| (Some(rest), last));
    let (address, host) = match rest {
        None => (None, None),
        Some(rest) => match rest.rsplit_once(':') {
            Some((address, host)) => (Some(address.trim_matches(['[', ']']).to_owned()), Some(host)),
            None => (None, Some(rest)),
        },
    };
    let host = match host.filter(|host| !host.is_empty()) {
        Some(host) => Some(range(host)?),
        None => None,
    };
    let udp = protocol.eq_ignore_ascii_case("udp");
    Some(Port { line: item.line, written: written.to_owned(), address, host, container: range(container)?, udp })
}

fn long(item: &Node) -> Option<Port> {
    let text = |key: &str| item.at(key).and_then(|entry| entry.value.text());
    let (target, published) = (text("target")?, text("published"));
    let host = match published {
        Some(published) => Some(range(published)?),
        None => None,
    };
    let protocol = text("protocol").unwrap_or("tcp");
    Some(Port {
        line: item.line,
        written: format!("{}:{target}/{protocol}", published.unwrap_or_default()),
        address: text("host_ip").map(str::to_owned),
        host,
        container: range(target)?,
        udp: protocol == "udp",
    })
}

fn range(text: &str) -> Option<(u32, u32)> {
    match text.split_once('-') {
        None => text.parse().ok().map(|port| (port, port)),
        Some((start, end)) => Some((start.parse().ok()?, end.parse().ok()?)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::parse::parse;

    /// The forms are those of Docker's reference of compose files.
    #[test]
    fn ports_in_every_form() {
        let read = |text: &str| {
            let document = parse(&format!("ports:\n  - {text}\n")).map_err(|error| error.problem).expect("YAML");
            ports_of(&document.root).map(|ports| {
                let Port { address, host, container, udp, .. } = ports[0].clone();
                (address, host, container, udp)
            })
        };
        let same = |start: u32, end: u32| Some((start, end));
        assert_eq!(read("7880"), Some((None, None, (7880, 7880), false)));
        assert_eq!(read("'7880:7880'"), Some((None, same(7880, 7880), (7880, 7880), false)));
        assert_eq!(read("50000-50100:50000-50100/udp"), Some((None, same(50000, 50100), (50000, 50100), true)));
        let local = Some("127.0.0.1".to_owned());
        assert_eq!(read("127.0.0.1:8000:7880"), Some((local.clone(), same(8000, 8000), (7880, 7880), false)));
        assert_eq!(read("127.0.0.1::7880"), Some((local, None, (7880, 7880), false)));
        assert_eq!(read("'[::1]:1:2'"), Some((Some("::1".to_owned()), same(1, 1), (2, 2), false)));
        let long = "{target: 7882, published: '7882', protocol: udp}";
        assert_eq!(read(long), Some((None, same(7882, 7882), (7882, 7882), true)));
        assert_eq!([read("${PORT:-7880}:7880"), read("http:7880"), read("{published: 1}")], [None, None, None]);
    }
}
