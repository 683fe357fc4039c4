//! What the server trickles: addresses as JSON, of which only some are of use to one IPv4 UDP socket.

use anyhow::{Context, Result};
use str0m::Candidate;
use str0m::net::Protocol;

/// The candidate of a `TrickleRequest.candidate_init`; none for those that this client does not use: the empty one that
/// ends the list, TCP and IPv6.
pub(crate) fn usable(init: &str) -> Result<Option<Candidate>> {
    let json: serde_json::Value = serde_json::from_str(init).with_context(|| format!("a candidate that is {init}"))?;
    let line = json["candidate"].as_str().with_context(|| format!("no candidate in {init}"))?;
    if line.is_empty() {
        return Ok(None);
    }
    let candidate = Candidate::from_sdp_string(line).with_context(|| format!("an unreadable candidate {line}"))?;
    Ok((candidate.proto() == Protocol::Udp && candidate.addr().is_ipv4()).then_some(candidate))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What livekit-server 1.13.5 trickled, with `udp_port` and `tcp_port` set, on a machine with IPv6.
    const RECORDED: [&str; 4] = [
        r#"{"candidate":"candidate:3932658255 1 udp 2130706431 fd00::2 17884 typ host ufrag wrEtcbhINPDEKvji","sdpMid":"0","sdpMLineIndex":0,"usernameFragment":null}"#,
        r#"{"candidate":"candidate:2878742611 1 udp 2130706431 127.0.0.1 17884 typ host ufrag wrEtcbhINPDEKvji","sdpMid":"0","sdpMLineIndex":0,"usernameFragment":null}"#,
        r#"{"candidate":"candidate:375738803 1 tcp 1671430143 127.0.0.1 17889 typ host tcptype passive ufrag wrEtcbhINPDEKvji","sdpMid":"0","sdpMLineIndex":0,"usernameFragment":null}"#,
        r#"{"candidate":"candidate:1469377455 1 tcp 1671430143 fd00::2 17889 typ host tcptype passive ufrag wrEtcbhINPDEKvji","sdpMid":"0","sdpMLineIndex":0,"usernameFragment":null}"#,
    ];

    #[test]
    fn of_what_the_real_server_trickles_only_udp_over_ipv4_is_used() {
        let used = RECORDED.map(|init| usable(init).expect("a candidate").map(|it| it.addr().to_string()));
        assert_eq!(used, [None, Some("127.0.0.1:17884".into()), None, None]);
    }

    #[test]
    fn the_empty_candidate_ends_the_list_and_rubbish_is_an_error() {
        assert!(usable(r#"{"candidate":""}"#).expect("an end").is_none());
        for rubbish in ["", "{}", r#"{"candidate":"candidate:1 1 udp"}"#] {
            assert!(usable(rubbish).is_err(), "{rubbish}");
        }
    }
}
