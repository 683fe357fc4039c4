//! An address as people write it, in the one form that clients use.

use std::fmt;

/// LiveKit's own service: nobody who rents rooms there owns its servers.
const CLOUD: &str = "livekit.cloud";

/// Where a deployment is reached: `ws`, `wss`, `http` or `https`, a host, perhaps a port and a path before LiveKit's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    base: String,
    host: String,
}

impl Address {
    /// Reads an address.
    ///
    /// # Errors
    /// A sentence that says what is wrong with it and how it should look.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let shaped = "write it as wss://rtc.example.com, or ws://127.0.0.1:7880 where there is no TLS";
        // What stands before an `@` is a password, and is not repeated.
        let shown = text.rsplit('@').next().unwrap_or_default();
        let (scheme, rest) = text.split_once("://").ok_or_else(|| format!("{shown:?} is no URL; {shaped}"))?;
        let scheme = match scheme.to_ascii_lowercase().as_str() {
            "ws" | "http" => "http",
            "wss" | "https" => "https",
            other => return Err(format!("{other:?} is not how a LiveKit deployment is reached; {shaped}")),
        };
        if rest.contains('@') {
            return Err(format!(
                "the URL of {shown:?} holds a user or password; key and secret go into LIVEKIT_API_KEY and LIVEKIT_API_SECRET"
            ));
        }
        if rest.contains(['?', '#']) {
            return Err(format!("{shown:?} has a query; {shaped}"));
        }
        let (place, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (host, port) =
            host_and_port(place).ok_or_else(|| format!("{shown:?} has no host and port that can be read; {shaped}"))?;
        if port.is_some_and(|port| port.parse::<u16>().map_or(true, |port| port == 0)) {
            return Err(format!("{shown:?} has a port that is none; a port is 1 to 65535"));
        }
        let path = path.trim_matches('/');
        // Somebody who copied it out of a log has the path of a join in it, and every path of ours would stand behind it.
        if path.split('/').any(|part| matches!(part, "rtc" | "twirp")) {
            return Err(format!("{shown:?} names one of LiveKit's own paths; leave out what begins with /{path}"));
        }
        let slash = if path.is_empty() { "" } else { "/" };
        Ok(Self { base: format!("{scheme}://{place}{slash}{path}"), host: host.to_ascii_lowercase() })
    }

    /// `http://…` or `https://…`, without a slash at its end.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Whether it is LiveKit Cloud, which is never loaded and never attacked.
    pub fn is_livekit_cloud(&self) -> bool {
        // A dot at the end says that the name is whole, and three others are dots to a resolver too (RFC 3490, 3.1).
        let host = self.host.replace(['\u{3002}', '\u{ff0e}', '\u{ff61}'], ".");
        let host = host.trim_end_matches('.');
        host == CLOUD || host.strip_suffix(CLOUD).is_some_and(|rest| rest.ends_with('.'))
    }

    /// Whether it is reached over TLS.
    pub fn is_tls(&self) -> bool {
        self.base.starts_with("https:")
    }

    /// Whether it is this machine, to which no proxy is the way.
    pub fn is_loopback(&self) -> bool {
        let address: Option<std::net::IpAddr> = self.host.parse().ok();
        self.host == "localhost" || address.is_some_and(|address| address.is_loopback())
    }

    /// Whether this is the same deployment's door: scheme, host and port; a path is behind it.
    pub fn is_at(&self, other: &Self) -> bool {
        let door =
            |address: &Self| address.base.splitn(4, '/').take(3).collect::<Vec<_>>().join("/").to_ascii_lowercase();
        door(self) == door(other)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.base.replacen("http", "ws", 1))
    }
}

/// Host without the brackets of an IPv6 address (RFC 3986, 3.2.2), and the port as it is written.
fn host_and_port(place: &str) -> Option<(&str, Option<&str>)> {
    let (host, rest) = match place.strip_prefix('[') {
        Some(inner) => inner.split_once(']').filter(|(host, _)| host.parse::<std::net::Ipv6Addr>().is_ok())?,
        None => place.split_at(place.find(':').unwrap_or(place.len())),
    };
    let good = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:".contains(&byte) || byte >= 0x80;
    if host.is_empty() || !host.bytes().all(good) {
        return None;
    }
    match rest {
        "" => Some((host, None)),
        _ => rest.strip_prefix(':').map(|port| (host, Some(port))),
    }
}

#[cfg(test)]
mod tests {
    use super::Address;

    #[test]
    fn what_people_write_is_understood() {
        for (written, base) in [
            ("wss://rtc.example.com", "https://rtc.example.com"),
            ("wss://rtc.example.com/", "https://rtc.example.com"),
            (" https://rtc.example.com:8443 ", "https://rtc.example.com:8443"),
            ("ws://127.0.0.1:7880", "http://127.0.0.1:7880"),
            ("WSS://[2001:db8::1]:7443", "https://[2001:db8::1]:7443"),
            ("wss://example.com/livekit/", "https://example.com/livekit"),
        ] {
            assert_eq!(Address::parse(written).map(|address| address.base().to_owned()), Ok(base.to_owned()));
        }
    }

    #[test]
    fn what_is_none_is_said() {
        for (written, said) in [
            ("rtc.example.com", "is no URL"),
            ("ftp://rtc.example.com", "\"ftp\" is not how"),
            ("wss://", "has no host"),
            ("wss://:7880", "has no host"),
            ("wss://h:port", "a port that is none"),
            ("wss://h:70000", "a port that is none"),
            ("wss://[2001:db8::1", "has no host"),
            ("wss://ho st", "has no host"),
            ("wss://h/?access_token=eyJ", "has a query"),
            ("wss://h/rtc", "leave out what begins with /rtc"),
        ] {
            let error = Address::parse(written).expect_err(written);
            assert!(error.contains(said), "{written}: {error}");
        }
        let error = Address::parse("wss://key:hunter2@h").expect_err("a password");
        assert!(error.contains("LIVEKIT_API_SECRET") && !error.contains("hunter2"), "{error}");
    }

    #[test]
    fn livekit_cloud_is_known_by_its_name() {
        let is_cloud = |url| Address::parse(url).expect("a URL").is_livekit_cloud();
        assert!(is_cloud("wss://my-app-abc.livekit.cloud") && is_cloud("wss://MY-APP.LiveKit.Cloud:443"));
        assert!(is_cloud("wss://my-app.livekit.cloud.:443") && is_cloud("wss://my-app.livekit\u{3002}cloud"));
        assert!(!is_cloud("wss://notlivekit.cloud") && !is_cloud("wss://livekit.cloud.example.com"));
    }
}
