//! How the server reads a scalar: booleans, numbers, durations, addresses; and what is a template's place.

use std::net::IpAddr;

use super::document::{Node, Scalar};

/// Whether a text still has something to be filled in, so that its value can't be judged.
pub(crate) fn is_template(text: &str) -> bool {
    // `<your secret>` and `__SECRET__`, which something else replaces.
    let placeholder = (text.starts_with('<') && text.ends_with('>') && text.len() > 2)
        || (text.starts_with("__") && text.ends_with("__") && text.len() > 4);
    placeholder || text.contains("${") || text.contains("{{") || text.contains("$(") || variable(text).is_some()
}

/// The variable that a text names, as `$NAME`, `${NAME}` or `${NAME:-default}`.
pub(crate) fn variable(text: &str) -> Option<&str> {
    let start = text.find('$')?;
    let rest = text[start + 1..].trim_start_matches('{');
    let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(rest.len());
    let name = &rest[..end];
    // A lone lower case word behind a dollar sign is more likely part of a password.
    let shouted = name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
    (shouted && name.starts_with(|c: char| c.is_ascii_uppercase())).then_some(name)
}

/// YAML's booleans as the server's parser reads them into a boolean field, 1.1's words included.
pub(crate) fn boolean(text: &str) -> Option<bool> {
    match text {
        "true" | "True" | "TRUE" | "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => Some(true),
        "false" | "False" | "FALSE" | "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => Some(false),
        _ => None,
    }
}

/// A whole number, with underscores, or in the notations for 2, 8 and 16.
pub(crate) fn integer(text: &str) -> Option<i64> {
    let text = text.replace('_', "");
    let (sign, digits) = text.strip_prefix('-').map_or((1, text.as_str()), |rest| (-1, rest));
    let (digits, radix) = match digits.get(..2) {
        Some("0x") => (&digits[2..], 16),
        Some("0o") => (&digits[2..], 8),
        Some("0b") => (&digits[2..], 2),
        _ => (digits.strip_prefix('+').unwrap_or(digits), 10),
    };
    i64::from_str_radix(digits, radix).ok().map(|value| sign * value)
}

/// Any number; `.inf` and `.nan` are numbers too.
pub(crate) fn number(text: &str) -> Option<f64> {
    let plain = text.replace('_', "");
    integer(text).map(|value| value as f64).or_else(|| {
        let digits = plain.trim_start_matches(['-', '+']);
        match digits {
            ".inf" | ".Inf" | ".INF" => Some(f64::INFINITY),
            ".nan" | ".NaN" | ".NAN" => Some(f64::NAN),
            _ if digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') => {
                // Out of range, the server's parser takes it for a text.
                plain.parse().ok().filter(|value: &f64| value.is_finite())
            }
            _ => None,
        }
    })
}

/// A duration as Go writes it: numbers with units, such as `1m30s` or `500ms`. A bare `0` is a number to YAML, and refused.
pub(crate) fn is_duration(text: &str) -> bool {
    let mut rest = text.trim_start_matches(['-', '+']);
    let mut parts = 0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(rest.len());
        let units = ["ns", "us", "µs", "μs", "ms", "s", "m", "h"];
        let tail = &rest[digits..];
        let Some(unit) = units.iter().filter(|unit| tail.starts_with(**unit)).max_by_key(|unit| unit.len()) else {
            return false;
        };
        if rest[..digits].parse::<f64>().is_err() {
            return false;
        }
        rest = &tail[unit.len()..];
        parts += 1;
    }
    parts > 0
}

/// `a.b.c.d/n` or its like in IPv6: what Go's `ParseCIDR` takes.
pub(crate) fn is_cidr(text: &str) -> bool {
    let Some((address, bits)) = text.split_once('/') else {
        return false;
    };
    let digits = !bits.is_empty() && bits.chars().all(|c| c.is_ascii_digit());
    match (address.parse::<IpAddr>(), bits.parse::<u8>()) {
        (Ok(IpAddr::V4(_)), Ok(bits)) => digits && bits <= 32,
        (Ok(IpAddr::V6(_)), Ok(bits)) => digits && bits <= 128,
        _ => false,
    }
}

/// One port `7882` or a range `7882-7892`, as `udp_port` and the bridge's `rtp_port` take it.
pub(crate) fn port_range(text: &str) -> Result<(u32, Option<u32>), String> {
    let port = |part: &str| part.trim_matches(' ').parse::<u32>().ok();
    match text.split_once('-') {
        None => text.parse().map(|start| (start, None)).map_err(|_| "it is no number".to_owned()),
        Some((start, end)) => match (port(start), port(end)) {
            (Some(start), Some(end)) if end > start => Ok((start, Some(end))),
            (Some(_), Some(_)) => Err("its end is not above its start".to_owned()),
            _ => Err("it is not <start>-<end>".to_owned()),
        },
    }
}

/// `<ip>` or `<ipv4>,<ipv6>`, as `node_ip` takes it.
pub(crate) fn node_ip(text: &str) -> Result<Vec<IpAddr>, String> {
    let parts: Vec<&str> = text.split(',').map(|part| part.trim_matches(' ')).collect();
    let addresses: Vec<IpAddr> = parts.iter().filter_map(|part| part.parse().ok()).collect();
    if addresses.len() != parts.len() {
        return Err("it is no IP address".to_owned());
    }
    let v4 = addresses.iter().filter(|address| address.is_ipv4()).count();
    if v4 > 1 || addresses.len() - v4 > 1 {
        return Err("it has two addresses of one kind".to_owned());
    }
    Ok(addresses)
}

impl Node {
    /// A boolean that is true.
    pub(crate) fn is_true(&self) -> bool {
        self.scalar().is_some_and(|scalar| scalar.plain && boolean(&scalar.text) == Some(true))
    }

    /// A whole number.
    pub(crate) fn integer(&self) -> Option<i64> {
        self.scalar().and_then(Scalar::integer)
    }
}

impl Scalar {
    /// A whole number that is written as one.
    pub(crate) fn integer(&self) -> Option<i64> {
        self.plain.then(|| integer(&self.text)).flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What livekit-server 1.13.5 takes and refuses, seen on it; `truth`, `1e9999` and the empty text follow from the
    /// rules of its parser.
    #[test]
    fn scalars_as_the_server_takes_them() {
        assert_eq!(["yes", "y", "True", "truth", "1"].map(boolean), [Some(true), Some(true), Some(true), None, None]);
        assert_eq!(["0x1EC8", "-1", "1_000_000_000"].map(integer), [Some(7880), Some(-1), Some(1_000_000_000)]);
        assert_eq!(["1e3", "7880.0", "300s", "1e9999"].map(number), [Some(1000.0), Some(7880.0), None, None]);
        assert_eq!(["5s", "1m30s", "0.5s", "30", "0", ""].map(is_duration), [true, true, true, false, false, false]);
        assert_eq!(
            ["10.0.0.0/8", "10.0.0.0", "192.168.0.0/33", "010.0.0.0/8", "fd00::/8"].map(is_cidr),
            [true, false, false, false, true]
        );
    }

    /// The forms are those of `PortRange` and `NodeIP` in livekit's mediatransportutil, as 1.13.5 uses it.
    #[test]
    fn ports_and_addresses() {
        assert_eq!(port_range("7882"), Ok((7882, None)));
        assert_eq!(port_range("7882 - 7892"), Ok((7882, Some(7892))));
        assert!(
            ["7892-7882", "7882-7882", "7882/udp", "7882.5", "a-b", "1-2-3"]
                .iter()
                .all(|text| port_range(text).is_err())
        );
        assert_eq!(node_ip("203.0.113.7, 2001:db8::7").map(|addresses| addresses.len()), Ok(2));
        assert!(
            ["livekit.example.org", "10.0.0.1,10.0.0.2", "10.0.0.1/32", ""].iter().all(|text| node_ip(text).is_err())
        );
    }

    #[test]
    fn variables_and_templates() {
        assert_eq!(variable("redis://${REDIS_HOST:-a}:6379"), Some("REDIS_HOST"));
        assert_eq!(variable("$HOME/keys"), Some("HOME"));
        assert_eq!([variable("pa$word"), variable("$"), variable("a")], [None; 3]);
        assert!(is_template("{{ .Values.key }}") && is_template("$(cat key)") && !is_template("plain"));
    }
}
