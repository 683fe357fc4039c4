//! Variables that a version of livekit-server no longer reads.

use crate::failure::Failure;

/// Each with what took its place.
///
/// # Errors
/// [`Failure`] of usage: nothing is known about this version.
pub(super) fn lost(version: &str) -> Result<Vec<(&'static str, Option<&'static str>)>, Failure> {
    match version.trim_start_matches('v') {
        "1.13.5" => Ok(vec![("LIVEKIT_RTC_NODE_IP", Some("NODE_IP")), ("LIVEKIT_RTC_UDP_PORT", Some("UDP_PORT"))]),
        _ => Err(Failure::usage(format!("what livekit-server {version} reads is not known here; 1.13.5 is"))),
    }
}
