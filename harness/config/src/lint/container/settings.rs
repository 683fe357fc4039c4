//! What a livekit-server in a container runs with: its inline configuration, the variables and flags beside it, or the
//! defaults of 1.13.5.

use super::arguments::flag;
use super::model::Container;
use crate::lint::document::Node;
use crate::lint::parse::parse;
use crate::lint::scalars::{integer, is_template, port_range};

/// The range when nothing else is written.
const RANGE: (u32, u32) = (50_000, 60_000);
const DEVELOPMENT: (u32, u32) = (7882, 7882);
const TCP_PORT: u32 = 7881;

/// The configuration, as far as the text tells it.
pub(crate) struct Settings<'a> {
    root: Node,
    container: &'a Container,
    /// Whether all of it stands in the text.
    pub(crate) known: bool,
}

impl<'a> Settings<'a> {
    pub(super) fn new(text: Option<&str>, known: bool, container: &'a Container) -> Self {
        let parsed = text.map(parse);
        let known = known && !matches!(parsed, Some(Err(_)));
        let root = parsed.and_then(Result::ok).map_or_else(|| Node::null(1), |document| document.root);
        Self { root, container, known }
    }

    /// The first value that is set: by a variable, a flag, or a key.
    fn value(&self, variables: &[&str], flag_name: &str, path: &str) -> Option<&str> {
        let variable = variables.iter().find_map(|name| self.container.variable(name));
        let variable = variable.map(|variable| variable.value.as_str());
        let flag = flag(&self.container.command, flag_name).map(|(value, _)| value);
        variable.or(flag).or_else(|| self.root.at(path).and_then(|entry| entry.value.text()))
    }

    /// The UDP ports of media; none if they are not known.
    pub(crate) fn udp(&self) -> Option<(u32, u32)> {
        if !self.known {
            return None;
        }
        let number = |text: &str| integer(text).and_then(|port| u32::try_from(port).ok());
        let start = self.value(&["LIVEKIT_RTC_PORT_RANGE_START"], "rtc.port_range_start", "rtc.port_range_start");
        let end = self.value(&["LIVEKIT_RTC_PORT_RANGE_END"], "rtc.port_range_end", "rtc.port_range_end");
        if let (Some(start), Some(end)) = (start, end) {
            return Some((number(start)?, number(end)?));
        }
        match self.value(&["UDP_PORT", "LIVEKIT_RTC_UDP_PORT_START"], "udp-port", "rtc.udp_port") {
            Some(text) if is_template(text) => None,
            Some(text) => port_range(text).ok().map(|(start, end)| (start, end.unwrap_or(start))),
            None if start.or(end).is_some() => None,
            None if self.development() => Some(DEVELOPMENT),
            None => Some(RANGE),
        }
    }

    /// The TCP port of media; none if it is not known, or switched off.
    pub(crate) fn tcp(&self) -> Option<u32> {
        if !self.known {
            return None;
        }
        match self.value(&["LIVEKIT_RTC_TCP_PORT"], "rtc.tcp_port", "rtc.tcp_port") {
            Some(text) => integer(text).and_then(|port| u32::try_from(port).ok()).filter(|port| *port != 0),
            None => Some(TCP_PORT),
        }
    }

    /// Whether it is told its address, or told to ask a STUN server for it.
    pub(crate) fn is_told_its_address(&self) -> bool {
        let variables = ["NODE_IP", "LIVEKIT_RTC_NODE_IP_IPV4", "LIVEKIT_RTC_NODE_IP_IPV6"];
        let told = self.value(&variables, "node-ip", "rtc.node_ip").is_some() || self.root.at("rtc.node_ip").is_some();
        let asks = self.value(&["LIVEKIT_RTC_USE_EXTERNAL_IP"], "rtc.use_external_ip", "rtc.use_external_ip");
        told || asks.is_some_and(|text| !matches!(text, "false" | "no" | "off" | "0"))
    }

    pub(crate) fn development(&self) -> bool {
        self.container.dev().is_some() || self.root.at("development").is_some_and(|entry| entry.value.is_true())
    }

    /// Host and port of Redis, and the line on which they stand, if they are literal.
    pub(crate) fn redis(&self) -> Option<(String, usize)> {
        let variables = ["REDIS_HOST", "LIVEKIT_REDIS_ADDRESS"];
        let literal = |text: &str| !is_template(text) && !text.is_empty();
        if let Some(variable) = variables.iter().find_map(|name| self.container.variable(name)) {
            return literal(&variable.value).then(|| (variable.value.clone(), variable.line));
        }
        if let Some((text, line)) = flag(&self.container.command, "redis-host") {
            return literal(text).then(|| (text.to_owned(), line));
        }
        let entry = self.root.at("redis.address")?;
        let text = entry.value.text().filter(|text| literal(text))?;
        // Of a file of its own the line that mounts it is not known here; the service is.
        let line = self.container.config_text().map_or(self.container.line, |(_, lines)| lines.outer(entry.value.line));
        Some((text.to_owned(), line))
    }
}
