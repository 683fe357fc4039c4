//! What is said over the signal connection, and how what is heard there reads.

use greenlight_clients::proto::signal_request::Message;
use greenlight_clients::proto::{self, DisconnectReason, leave_request};
use std::time::{SystemTime, UNIX_EPOCH};

/// The answer to an offer of the server, which knows it by the offer's id.
pub(crate) fn answer(sdp: String, id: u32) -> Message {
    Message::Answer(proto::SessionDescription { r#type: "answer".into(), sdp, id, ..Default::default() })
}

/// Our own offer; ids count up from 1.
pub(crate) fn offer(sdp: String, id: u32) -> Message {
    Message::Offer(proto::SessionDescription { r#type: "offer".into(), sdp, id, ..Default::default() })
}

/// A ping with the time of day, which its pong repeats.
pub(crate) fn ping() -> Message {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Message::PingReq(proto::Ping { timestamp: i64::try_from(now.as_millis()).unwrap_or_default(), rtt: 0 })
}

/// Announces an audio track; the server finds it in our offer by the client id.
pub(crate) fn add_audio(cid: String) -> Message {
    Message::AddTrack(proto::AddTrackRequest {
        name: cid.clone(),
        cid,
        r#type: proto::TrackType::Audio.into(),
        source: proto::TrackSource::Microphone.into(),
        // Otherwise the server negotiates RED, and the packets would not arrive byte for byte.
        disable_red: true,
        ..Default::default()
    })
}

/// A LeaveRequest as a sentence.
pub(crate) fn told_to_leave(leave: &proto::LeaveRequest) -> String {
    let reason = DisconnectReason::try_from(leave.reason).map_or("an unknown reason", |it| it.as_str_name());
    let action = leave_request::Action::try_from(leave.action).map_or("an unknown action", |it| it.as_str_name());
    format!("the server told the participant to leave: {reason} ({}), {action} ({})", leave.reason, leave.action)
}
