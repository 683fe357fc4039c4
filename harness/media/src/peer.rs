//! One peer connection: str0m's state machine, its UDP socket, and the loop between the two.

use crate::candidates;
use crate::data::{LOSSY, RELIABLE};
use anyhow::{Context, Result, bail};
use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};
use str0m::change::{SdpAnswer, SdpApi, SdpOffer, SdpPendingOffer};
use str0m::net::{Protocol, Receive, Transmit};
use str0m::{Candidate, Event, IceConnectionState, Input, Output, Rtc, RtcConfig};
use tokio::net::UdpSocket;
use tokio::time::timeout_at;

/// More than any datagram on a path with Ethernet's MTU.
const DATAGRAM_BYTES_MAX: usize = 2000;
/// str0m says "in years" for never, which is more than a timer takes.
const IDLE_MAX: Duration = Duration::from_secs(60);

/// A peer connection to the server.
pub(crate) struct Peer {
    rtc: Box<Rtc>,
    socket: UdpSocket,
    address: SocketAddr,
    buffer: Vec<u8>,
    /// A datagram that the socket has not taken yet. It lives here so that dropping a future loses none.
    unsent: Option<Transmit>,
    /// Our own offer, until it is answered.
    pending: Option<SdpPendingOffer>,
    /// Whether the server's description is known.
    described: bool,
    /// Whether something new is to be acted on at once. str0m's ICE has no clock before it is first told the time, and
    /// would wait for the server to make the first step, which a server behind NAT cannot do.
    stirred: bool,
    progress: Progress,
}

/// How far a connection came.
#[derive(Debug)]
struct Progress {
    /// Usable addresses that the server named.
    remote: BTreeSet<SocketAddr>,
    ice: IceConnectionState,
    dtls: bool,
    /// Labels of the open data channels: there are none before SCTP is up.
    channels: BTreeSet<String>,
}

impl Peer {
    /// A connection that does nothing yet, with a socket on 127.0.0.1.
    pub(crate) async fn new() -> Result<Self> {
        // Only the first call in a process has an effect.
        str0m::crypto::from_feature_flags().install_process_default();
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.context("opening a UDP socket on 127.0.0.1")?;
        let address = socket.local_addr().context("asking a UDP socket for its address")?;
        // RED stays off: with it the payload would not arrive byte for byte. VP8 is there so that a camera in the room
        // does not leave the description without a codec.
        let config = RtcConfig::new().clear_codecs().enable_opus(true, false).enable_vp8(true);
        let mut rtc = Box::new(config.build(Instant::now()));
        rtc.add_local_candidate(Candidate::host(address, "udp").context("our own address as a candidate")?);
        let progress =
            Progress { remote: BTreeSet::new(), ice: IceConnectionState::New, dtls: false, channels: BTreeSet::new() };
        Ok(Self {
            rtc,
            socket,
            address,
            buffer: vec![0; DATAGRAM_BYTES_MAX],
            unsent: None,
            pending: None,
            described: false,
            stirred: false,
            progress,
        })
    }

    /// Takes the server's offer and returns the answer.
    pub(crate) fn answer(&mut self, offer: &str) -> Result<String> {
        let offer = SdpOffer::from_sdp_string(offer).context("reading the server's offer")?;
        let answer = self.rtc.sdp_api().accept_offer(offer).context("accepting the server's offer")?;
        self.described = true;
        self.stirred = true;
        Ok(answer.to_sdp_string())
    }

    /// Makes an offer of what `change` adds. The next one may be made when this one is [settled](Self::is_settled).
    pub(crate) fn offer<T>(&mut self, change: impl FnOnce(&mut SdpApi<'_>) -> T) -> Result<(String, T)> {
        let mut api = self.rtc.sdp_api();
        let changed = change(&mut api);
        let (offer, pending) = api.apply().context("there was nothing to offer")?;
        self.pending = Some(pending);
        Ok((offer.to_sdp_string(), changed))
    }

    /// Takes the server's answer to our offer.
    pub(crate) fn accept(&mut self, answer: &str) -> Result<()> {
        let pending = self.pending.take().context("the server answered what was not offered")?;
        let answer = SdpAnswer::from_sdp_string(answer).context("reading the server's answer")?;
        self.rtc.sdp_api().accept_answer(pending, answer).context("accepting the server's answer")?;
        self.described = true;
        self.stirred = true;
        Ok(())
    }

    /// Whether no offer of ours waits for its answer.
    pub(crate) fn is_settled(&self) -> bool {
        self.pending.is_none()
    }

    /// Takes a trickled candidate. str0m keeps one that comes before the description.
    pub(crate) fn trickle(&mut self, init: &str) -> Result<()> {
        if let Some(candidate) = candidates::usable(init)? {
            self.progress.remote.insert(candidate.addr());
            self.rtc.add_remote_candidate(candidate);
            self.stirred = true;
        }
        Ok(())
    }

    /// Runs the connection until something happened that its owner may want to know. Dropping the future loses nothing.
    pub(crate) async fn next(&mut self) -> Result<Event> {
        if std::mem::take(&mut self.stirred) {
            self.rtc.handle_input(Input::Timeout(Instant::now())).context("running the peer connection")?;
        }
        loop {
            if let Some(datagram) = &self.unsent {
                // Candidates that cannot be reached from here are normal; ICE finds out which ones can.
                if let Err(error) = self.socket.send_to(&datagram.contents, datagram.destination).await {
                    tracing::trace!("no datagram to {}: {error}", datagram.destination);
                }
                self.unsent = None;
            }
            match self.rtc.poll_output().context("running the peer connection")? {
                Output::Transmit(datagram) => self.unsent = Some(datagram),
                Output::Event(event) => {
                    self.progress.note(&event);
                    return Ok(event);
                }
                Output::Timeout(_) if !self.rtc.is_alive() => bail!("the peer connection was closed"),
                Output::Timeout(wake) => self.receive_until(wake).await?,
            }
        }
    }

    async fn receive_until(&mut self, wake: Instant) -> Result<()> {
        let wake = wake.min(Instant::now() + IDLE_MAX);
        let input = match timeout_at(wake.into(), self.socket.recv_from(&mut self.buffer)).await {
            Err(_) => Input::Timeout(Instant::now()),
            Ok(received) => {
                let (length, source) = received.context("receiving on the peer connection's socket")?;
                // Whatever is neither STUN, DTLS nor RTP is none of ours.
                let Ok(datagram) = Receive::new(Protocol::Udp, source, self.address, &self.buffer[..length]) else {
                    return Ok(());
                };
                Input::Receive(Instant::now(), datagram)
            }
        };
        if matches!(input, Input::Timeout(_)) || self.rtc.accepts(&input) {
            self.rtc.handle_input(input).context("running the peer connection")?;
        }
        Ok(())
    }

    /// The state machine, for channels and media.
    pub(crate) fn rtc(&mut self) -> &mut Rtc {
        &mut self.rtc
    }

    /// What the server was seen to lack for a connection that is up; none when it is.
    pub(crate) fn missing(&self) -> Option<String> {
        let Progress { remote, ice, dtls, channels } = &self.progress;
        if !self.described {
            Some("the server sent no session description".into())
        } else if remote.is_empty() && !ice.is_connected() {
            Some("the server named no IPv4 address for UDP".into())
        } else if !ice.is_connected() {
            Some(format!("ICE is {ice:?}, nothing answers over UDP at {remote:?}"))
        } else if !dtls {
            Some("ICE is connected, and the DTLS handshake does not end".into())
        } else if ![RELIABLE, LOSSY].iter().all(|label| channels.contains(*label)) {
            Some(format!("DTLS is up, and of the data channels there is {channels:?}"))
        } else {
            None
        }
    }
}

impl Progress {
    fn note(&mut self, event: &Event) {
        match event {
            Event::IceConnectionStateChange(state) => self.ice = *state,
            Event::Connected => self.dtls = true,
            Event::ChannelOpen(_, label) => {
                self.channels.insert(label.clone());
            }
            _ => {}
        }
    }
}
