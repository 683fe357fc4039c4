//! Numbered audio packets: the payload tells who sent it and as which one, so that what arrives can be counted.

use std::collections::HashMap;
use std::time::Duration;

/// One Opus frame.
pub(crate) const FRAME: Duration = Duration::from_millis(20);
/// Samples of it, in the 48 kHz in which Opus always counts.
pub(crate) const FRAME_SAMPLES: u64 = 960;

const PAYLOAD_BYTES: usize = 80;
/// The first byte says what a real encoder would say of such frames (RFC 6716, 3.1: CELT, full band, 20 ms, mono, one
/// frame); the rest tells our packets from the silence that a server may insert.
const MARK: &[u8; 5] = b"\xf8GLTA";
const SENDER_BYTES: usize = 16;

type Sender = [u8; SENDER_BYTES];

/// The payload of a sender's packet; numbers start at 0.
pub(crate) fn payload(sender_sid: &str, number: u64) -> [u8; PAYLOAD_BYTES] {
    let mut payload = [0; PAYLOAD_BYTES];
    let mark = MARK.iter().copied();
    let sender = sender_sid.bytes().chain(std::iter::repeat(0)).take(SENDER_BYTES);
    for (to, from) in payload.iter_mut().zip(mark.chain(sender).chain(number.to_be_bytes())) {
        *to = from;
    }
    payload
}

fn read(payload: &[u8]) -> Option<(Sender, u64)> {
    let (sender, rest) = payload.strip_prefix(MARK)?.split_first_chunk::<SENDER_BYTES>()?;
    let (number, _) = rest.split_first_chunk()?;
    Some((*sender, u64::from_be_bytes(*number)))
}

/// What was heard, over all senders.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Count {
    /// Packets, each counted once.
    pub(crate) received: u64,
    /// Numbers that were passed over between two packets of one sender.
    pub(crate) missed: u64,
}

/// Counts packets by their numbers.
#[derive(Debug, Default)]
pub(crate) struct Ear {
    next: HashMap<Sender, u64>,
    count: Count,
}

impl Ear {
    /// Takes one payload. One that is not ours, or comes again or too late, changes nothing.
    pub(crate) fn hear(&mut self, payload: &[u8]) -> Count {
        if let Some((sender, number)) = read(payload) {
            let next = self.next.entry(sender).or_insert(number);
            if number >= *next {
                self.count.received += 1;
                self.count.missed += number - *next;
                *next = number + 1;
            }
        }
        self.count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_are_counted_once_and_gaps_are_seen() {
        let mut ear = Ear::default();
        for number in [7, 8, 8, 10, 9] {
            ear.hear(&payload("PA_one", number));
        }
        assert_eq!(ear.hear(&payload("PA_two", 0)), Count { received: 4, missed: 1 });
    }

    #[test]
    fn what_is_not_ours_is_not_counted() {
        let mut ear = Ear::default();
        ear.hear(&[0xf8, 0xff, 0xfe]);
        ear.hear(&[0; 80]);
        assert_eq!(ear.hear(&payload("PA_one", 1)[..12]), Count::default());
    }

    #[test]
    fn the_payload_is_laid_out_as_documented() {
        let bytes = payload("PA_0123456789ab", 258);
        assert_eq!(bytes.len(), 80);
        assert_eq!(&bytes[..31], b"\xf8GLTAPA_0123456789ab\0\0\0\0\0\0\0\x01\x02\0\0");
    }
}
