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
