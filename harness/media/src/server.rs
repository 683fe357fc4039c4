//! A server for tests: one guest, signalling in the order in which livekit-server 1.13.5 was recorded.

use crate::audio::Ear;
use crate::data;
use crate::peer::Peer;
use crate::publisher::Publisher;
use futures_util::{SinkExt, StreamExt};
use greenlight_clients::proto::{self, signal_request as from_guest, signal_response as to_guest};
use greenlight_clients::{Http, Key, Secret, Signal, Token, TokenBuilder, VideoGrant};
use prost::Message as _;
use std::net::{Ipv4Addr, SocketAddr};
use str0m::Event;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

/// What is wrong with the server.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flaw {
    None,
    /// It lets the guest in, and offers nothing.
    NoOffer,
    /// It offers, and nothing answers at the address that it names.
    NoUdp,
    /// It refuses every track.
    NoTracks,
    /// It sends everybody away at once.
    Leave,
}

/// What the server saw of its guest.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    /// The answer to its offer, with the address of the guest's socket.
    Answer(u32, SocketAddr),
    Ping,
    Data(Vec<u8>),
    /// So many numbered audio packets.
    Audio(u64),
    Leave,
    /// The signal connection is gone.
    Gone,
}

/// The server's end of one guest's connections.
struct Host {
    socket: WebSocketStream<TcpStream>,
    flaw: Flaw,
    seen: mpsc::UnboundedSender<Seen>,
    to_guest: Publisher,
    from_guest: Peer,
    ear: Ear,
}

/// Starts a server for one guest.
pub(crate) async fn start(
    flaw: Flaw,
) -> (Signal, Token, mpsc::UnboundedReceiver<Seen>, mpsc::Sender<to_guest::Message>) {
    greenlight_clients::install_crypto_provider();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let (seen, log) = mpsc::unbounded_channel();
    let (say, said) = mpsc::channel(1);
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.expect("a guest");
        let socket = tokio_tungstenite::accept_async(stream).await.expect("a WebSocket");
        host(socket, flaw, seen, said).await;
    });
    let signal = Signal::new(Http::trusting("").expect("a client").endpoint(url));
    let key = Key { id: "APIkey".into(), secret: Secret::new("a secret of more than thirty-two bytes") };
    let token = TokenBuilder::new(&key, VideoGrant::default()).identity("guest").sign().expect("a token");
    (signal, token, log, say)
}

async fn host(
    socket: WebSocketStream<TcpStream>,
    flaw: Flaw,
    seen: mpsc::UnboundedSender<Seen>,
    mut said: mpsc::Receiver<to_guest::Message>,
) {
    let (to_guest, offer) = Publisher::open().await.expect("a connection");
    let from_guest = Peer::new().await.expect("a connection");
    let mut host = Host { socket, flaw, seen, to_guest, from_guest, ear: Ear::default() };
    host.welcome(&offer).await;
    let deaf = flaw == Flaw::NoUdp;
    loop {
        tokio::select! {
            message = host.socket.next() => match message {
                Some(Ok(Message::Binary(bytes))) => host.hear(&bytes).await,
                Some(Ok(_)) => {}
                Some(Err(_)) | None => break,
            },
            Some(message) = said.recv() => match message {
                to_guest::Message::RefreshToken(text) => host.to_guest.send(&data::encode("t", text.as_bytes(), 1)).expect("sent"),
                message => host.say(message).await,
            },
            event = host.to_guest.next(), if !deaf => drop(event.expect("an event")),
            event = host.from_guest.next(), if !deaf => host.on_event(event.expect("an event")),
        }
    }
    host.note(Seen::Gone);
}

impl Host {
    /// JoinResponse, then candidates, then the offer: the order in which a candidate must wait.
    async fn welcome(&mut self, offer: &str) {
        self.say(to_guest::Message::Join(proto::JoinResponse {
            room: Some(proto::Room { sid: "RM_room".into(), ..Default::default() }),
            participant: Some(proto::ParticipantInfo {
                sid: "PA_guest".into(),
                identity: "guest".into(),
                ..Default::default()
            }),
            server_info: Some(proto::ServerInfo { node_id: "ND_node".into(), ..Default::default() }),
            subscriber_primary: true,
            ping_interval: 1,
            ..Default::default()
        }))
        .await;
        match self.flaw {
            Flaw::NoOffer => return,
            Flaw::Leave => return self.say(to_guest::Message::Leave(leave())).await,
            _ => {}
        }
        let (candidates, offer): (Vec<&str>, Vec<&str>) =
            offer.lines().partition(|line| line.starts_with("a=candidate"));
        let line = candidates.first().expect("a candidate").trim_start_matches("a=");
        self.say(to_guest::Message::Trickle(proto::TrickleRequest {
            candidate_init: serde_json::json!({ "candidate": line, "sdpMid": "0" }).to_string(),
            target: proto::SignalTarget::Subscriber.into(),
            r#final: true,
        }))
        .await;
        let sdp = offer.join("\r\n") + "\r\n";
        self.say(to_guest::Message::Offer(description("offer", sdp, 114))).await;
    }

    async fn hear(&mut self, bytes: &[u8]) {
        match proto::SignalRequest::decode(bytes).expect("a request").message {
            Some(from_guest::Message::Answer(answer)) => {
                let line = answer.sdp.lines().find(|line| line.starts_with("a=candidate")).expect("a candidate");
                let parts: Vec<&str> = line.split(' ').collect();
                let address = format!("{}:{}", parts[4], parts[5]).parse().expect("an address");
                self.note(Seen::Answer(answer.id, address));
                // Not told where the guest is, it can only wait: what brings the two together is the trickled candidate.
                let nowhere: Vec<&str> = answer.sdp.lines().filter(|line| !line.starts_with("a=candidate")).collect();
                self.to_guest.peer.accept(&(nowhere.join("\r\n") + "\r\n")).expect("an answer");
            }
            Some(from_guest::Message::Offer(offer)) => {
                let sdp = self.from_guest.answer(&offer.sdp).expect("an offer");
                self.say(to_guest::Message::Answer(description("answer", sdp, offer.id))).await;
            }
            Some(from_guest::Message::AddTrack(_)) if self.flaw == Flaw::NoTracks => {
                let reason = proto::request_response::Reason::NotAllowed.into();
                let response = proto::RequestResponse { reason, ..Default::default() };
                self.say(to_guest::Message::RequestResponse(response)).await;
            }
            Some(from_guest::Message::AddTrack(track)) => {
                let info = proto::TrackInfo { sid: "TR_track".into(), ..Default::default() };
                let response = proto::TrackPublishedResponse { cid: track.cid, track: Some(info) };
                self.say(to_guest::Message::TrackPublished(response)).await;
            }
            Some(from_guest::Message::PingReq(_)) => self.note(Seen::Ping),
            Some(from_guest::Message::Leave(_)) => self.note(Seen::Leave),
            _ => {}
        }
    }

    fn on_event(&mut self, event: Event) {
        match event {
            Event::ChannelData(message) => self.note(Seen::Data(data::decode(&message.data).expect("a user message"))),
            Event::MediaData(packet) => {
                assert_eq!(packet.data.len(), 80);
                let count = self.ear.hear(&packet.data);
                self.note(Seen::Audio(count.received));
            }
            _ => {}
        }
    }

    async fn say(&mut self, message: to_guest::Message) {
        let response = proto::SignalResponse { message: Some(message) };
        self.socket.send(Message::binary(response.encode_to_vec())).await.expect("a guest that listens");
    }

    fn note(&self, seen: Seen) {
        // The test may be over.
        let _ = self.seen.send(seen);
    }
}

/// What the server says to participants of a room that is deleted.
pub(crate) fn leave() -> proto::LeaveRequest {
    proto::LeaveRequest { reason: proto::DisconnectReason::RoomDeleted.into(), ..Default::default() }
}

fn description(kind: &str, sdp: String, id: u32) -> proto::SessionDescription {
    proto::SessionDescription { r#type: kind.into(), sdp, id, ..Default::default() }
}
