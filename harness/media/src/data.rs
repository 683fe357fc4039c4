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
