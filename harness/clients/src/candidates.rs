//! The addresses that a server wants media sent to: ICE candidates out of an offer and of trickled messages.

use crate::unreachable::{Unreachable, Why};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;

/// A host that drops packets answers nothing at all.
const TIMEOUT: Duration = Duration::from_secs(3);

/// One ICE candidate (RFC 8839, section 5.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// `udp` or `tcp`, in lower case.
    pub protocol: String,
    /// An IP address, or a name.
    pub address: String,
    /// The port.
    pub port: u16,
    /// `host`, `srflx`, `prflx` or `relay`.
    pub typ: String,
    /// `passive`, `active` or `so` of a TCP candidate (RFC 6544).
    pub tcptype: Option<String>,
}

impl Candidate {
    /// Reads `candidate:…` with or without `a=` before it; none if it is something else.
    pub fn parse(line: &str) -> Option<Self> {
        let line = line.trim();
        let value = line.strip_prefix("a=").unwrap_or(line).strip_prefix("candidate:")?;
        let words: Vec<&str> = value.split_ascii_whitespace().collect();
        let [_foundation, _component, protocol, _priority, address, port, "typ", typ, ..] = words[..] else {
            return None;
        };
        let tcptype = words[8..].chunks(2).find(|pair| pair[0] == "tcptype").and_then(|pair| pair.get(1));
        Some(Self {
            protocol: protocol.to_ascii_lowercase(),
            address: address.to_owned(),
            port: port.parse().ok()?,
            typ: typ.to_owned(),
            tcptype: tcptype.map(|&kind| kind.to_owned()),
        })
    }

    /// Opens a TCP connection to it and closes it again: whether anything listens at the address that clients are told.
    ///
    /// # Errors
    /// When nothing does, or not within three seconds.
    pub async fn connect(&self) -> Result<(), Unreachable> {
        let url = format!("tcp://{}:{}", self.address, self.port);
        match timeout(TIMEOUT, TcpStream::connect((self.address.as_str(), self.port))).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(Unreachable::of(&url, &error)),
            Err(_) => Err(Unreachable { url, why: Why::Timeout }),
        }
    }

    /// Every candidate of a session description, each once.
    pub fn of_sdp(sdp: &str) -> Vec<Self> {
        let mut found = Vec::new();
        for candidate in sdp.lines().filter_map(Self::parse) {
            if !found.contains(&candidate) {
                found.push(candidate);
            }
        }
        found
    }

    /// The candidate in the JSON of a trickled `candidate_init`; none at the end of candidates.
    pub fn of_init(candidate_init: &str) -> Option<Self> {
        let init: serde_json::Value = serde_json::from_str(candidate_init).ok()?;
        Self::parse(init.get("candidate")?.as_str()?)
    }
}

#[cfg(test)]
mod tests {
    use super::Candidate;

    fn candidate(protocol: &str, address: &str, port: u16, typ: &str, tcptype: Option<&str>) -> Candidate {
        let tcptype = tcptype.map(str::to_owned);
        Candidate { protocol: protocol.into(), address: address.into(), port, typ: typ.into(), tcptype }
    }

    #[test]
    fn the_examples_of_rfc_8839_and_6544_are_read() {
        // RFC 8839, section 5.1, and RFC 6544, appendix C.
        let sdp = "v=0\r\na=candidate:1 1 UDP 2130706431 203.0.113.141 8998 typ host\r\n\
                   a=candidate:2 1 UDP 1694498815 192.0.2.3 45664 typ srflx raddr 203.0.113.141 rport 8998\r\n\
                   a=candidate:1 1 UDP 2130706431 203.0.113.141 8998 typ host\r\n\
                   a=candidate:1 1 TCP 2128609279 192.0.2.1 9 typ host tcptype active\r\n\
                   a=end-of-candidates\r\n";
        let expected = [
            candidate("udp", "203.0.113.141", 8998, "host", None),
            candidate("udp", "192.0.2.3", 45664, "srflx", None),
            candidate("tcp", "192.0.2.1", 9, "host", Some("active")),
        ];
        assert_eq!(Candidate::of_sdp(sdp), expected);
    }

    #[test]
    fn what_is_no_candidate_is_none() {
        for line in ["a=candidate:1 1 udp 1", "candidate:1 1 udp 1 10.0.0.1 70000 typ host", "a=mid:0", ""] {
            assert_eq!(Candidate::parse(line), None, "{line}");
        }
        for init in [r#"{"candidate":""}"#, r#"{"sdpMid":"0"}"#, "", "null"] {
            assert_eq!(Candidate::of_init(init), None, "{init}");
        }
    }
}
