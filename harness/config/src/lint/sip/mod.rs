//! The rules of sip.yaml, the configuration of livekit-sip.

mod media;
mod required;

use super::run::Check;

/// Every rule about values; the shape of the file is judged before.
pub(crate) const CHECKS: &[Check] = &[required::check, media::check];
