//! The peer connection over which a participant sends. It is opened when there is something to send.

use crate::audio;
use crate::data::{LOSSY, RELIABLE};
use crate::peer::Peer;
use anyhow::{Context, Result, ensure};
use std::time::Instant;
use str0m::Event;
use str0m::channel::{ChannelConfig, ChannelId, Reliability};
use str0m::media::{Direction, Frequency, MediaKind, MediaTime, Mid, Pt};
use tokio::time::{Interval, interval};

/// Data channels, and at most one audio track.
pub(crate) struct Publisher {
    /// The connection itself, for answers and candidates.
    pub(crate) peer: Peer,
    reliable: ChannelId,
    track: Option<Track>,
    playing: Option<Playing>,
}

/// A track that was offered.
struct Track {
    mid: Mid,
    /// The server's name for it, when it gave one.
    sid: Option<String>,
}

struct Playing {
    sender_sid: String,
    mid: Mid,
    pt: Pt,
    next: u64,
    frames: Interval,
}

impl Publisher {
    /// A connection with both data channels, and the offer of it.
    pub(crate) async fn open() -> Result<(Self, String)> {
        let mut peer = Peer::new().await?;
        let (offer, reliable) = peer.offer(|api| {
            let reliable = api.add_channel(RELIABLE.to_owned());
            api.add_channel_with_config(ChannelConfig {
                label: LOSSY.to_owned(),
                ordered: false,
                reliability: Reliability::MaxRetransmits { retransmits: 0 },
                ..ChannelConfig::default()
            });
            reliable
        })?;
        Ok((Self { peer, reliable, track: None, playing: None }, offer))
    }

    /// Whether something can be sent or offered: the last offer is answered, and the path is up. An offer that is sent
    /// while ICE is under way may be answered with new ICE credentials, which str0m refuses.
    pub(crate) fn is_ready(&self) -> bool {
        self.peer.is_settled() && self.peer.missing().is_none()
    }

    /// Hands a message to the reliable channel.
    pub(crate) fn send(&mut self, message: &[u8]) -> Result<()> {
        let mut channel = self.peer.rtc().channel(self.reliable).context("the reliable data channel is closed")?;
        let taken = channel.write(true, message).context("sending over the reliable data channel")?;
        ensure!(taken, "the reliable data channel's buffer is full, {} bytes found no place", message.len());
        Ok(())
    }

    /// Whether an audio track was offered before.
    pub(crate) fn has_track(&self) -> bool {
        self.track.is_some()
    }

    /// The offer of an audio track that the server knows by this client id.
    pub(crate) fn offer_track(&mut self, cid: &str) -> Result<String> {
        let (offer, mid) = self.peer.offer(|api| {
            api.add_media(MediaKind::Audio, Direction::SendOnly, Some(cid.into()), Some(cid.into()), None)
        })?;
        self.track = Some(Track { mid, sid: None });
        Ok(offer)
    }

    /// The server's name for the track.
    pub(crate) fn name_track(&mut self, sid: String) {
        if let Some(track) = &mut self.track {
            track.sid = Some(sid);
        }
    }

    /// The server's name for the track, once it has taken it; from then on packets are sent.
    pub(crate) fn play(&mut self, sender_sid: &str) -> Result<Option<String>> {
        let Some(Track { mid, sid: Some(sid) }) = &self.track else { return Ok(None) };
        if self.playing.is_none() {
            let writer = self.peer.rtc().writer(*mid).context("the server did not take the audio track")?;
            let pt = writer.payload_params().next().context("the server takes no Opus")?.pt();
            let frames = interval(audio::FRAME);
            self.playing = Some(Playing { sender_sid: sender_sid.to_owned(), mid: *mid, pt, next: 0, frames });
        }
        Ok(Some(sid.clone()))
    }

    /// Runs the connection, and sends the next packet when it is due.
    pub(crate) async fn next(&mut self) -> Result<Event> {
        loop {
            let Some(playing) = &mut self.playing else { return self.peer.next().await };
            tokio::select! {
                event = self.peer.next() => return event,
                _ = playing.frames.tick() => playing.send(&mut self.peer)?,
            }
        }
    }
}

impl Playing {
    fn send(&mut self, peer: &mut Peer) -> Result<()> {
        let writer = peer.rtc().writer(self.mid).context("the audio track is gone")?;
        let time = MediaTime::new(self.next * audio::FRAME_SAMPLES, Frequency::FORTY_EIGHT_KHZ);
        let payload = audio::payload(&self.sender_sid, self.next);
        writer.write(self.pt, Instant::now(), time, payload.to_vec()).context("sending an audio packet")?;
        self.next += 1;
        Ok(())
    }
}
