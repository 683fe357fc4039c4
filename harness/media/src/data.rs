//! What goes over the data channels: LiveKit's `DataPacket` around the application's bytes.

use greenlight_clients::proto::{DataPacket, UserPacket, data_packet};
use prost::Message as _;

/// The channel on which nothing is lost. Both sides open one of this name.
pub(crate) const RELIABLE: &str = "_reliable";
/// The channel on which messages may be lost.
pub(crate) const LOSSY: &str = "_lossy";

/// A user message to everybody in the room; reliable ones are numbered from 1.
pub(crate) fn encode(topic: &str, payload: &[u8], sequence: u32) -> Vec<u8> {
    let user = UserPacket { payload: payload.to_vec(), topic: Some(topic.to_owned()), ..UserPacket::default() };
    DataPacket { sequence, value: Some(data_packet::Value::User(user)), ..DataPacket::default() }.encode_to_vec()
}

/// The payload of a user message; none for what the server itself says over the same channel.
pub(crate) fn decode(bytes: &[u8]) -> Option<Vec<u8>> {
    match DataPacket::decode(bytes).ok()?.value? {
        data_packet::Value::User(user) => Some(user.payload),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What livekit-server 1.13.5 handed to a subscriber: it adds the sender's identity and sid.
    const RECORDED: &[u8] = b"\"\x03one\x80\x01\x01\x8a\x01\x0fPA_HrpispFEzqE6\x12 \x0a\x0fPA_HrpispFEzqE6\
        \x12\x05hello\"\x01t*\x03one";

    #[test]
    fn a_message_is_read_as_the_real_server_sends_it() {
        assert_eq!(decode(RECORDED).as_deref(), Some(b"hello".as_slice()));
    }

    /// Protobuf's wire format by hand: field 2 (user: field 2 payload, field 4 topic), then field 16 (sequence).
    #[test]
    fn a_message_is_written_as_the_protocol_says() {
        assert_eq!(encode("t", b"hello", 1), b"\x12\x0a\x12\x05hello\"\x01t\x80\x01\x01");
    }

    #[test]
    fn what_is_no_user_message_is_left_out() {
        let digit = DataPacket { value: Some(data_packet::Value::SipDtmf(Default::default())), ..Default::default() };
        assert_eq!(decode(&digit.encode_to_vec()), None);
        assert_eq!(decode(b"\xff\xff"), None);
    }
}
