//! The task of one participant: it owns the signal connection and both peer connections, and ends with them.

use crate::audio::{Count, Ear};
use crate::data;
use crate::peer::Peer;
use crate::publisher::Publisher;
use anyhow::{Result, anyhow, bail, ensure};
use greenlight_clients::Session;
use greenlight_clients::proto::{self, DisconnectReason, SignalTarget, leave_request, signal_request, signal_response};
use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use str0m::Event;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, Interval, interval};

/// The server asks for a ping in every five seconds, and gives up on a client after fifteen.
const PING_INTERVAL: Duration = Duration::from_secs(5);
/// Each ping is answered, so this much silence means that the signal connection is dead.
const SILENCE_MAX: Duration = Duration::from_secs(20);

/// What a participant is asked to do.
pub(crate) enum Command {
    /// Send an encoded packet.
    Data(Vec<u8>, oneshot::Sender<Result<()>>),
    /// Publish the audio track, and say its sid.
    Audio(oneshot::Sender<Result<String>>),
    /// Say goodbye and end.
    Leave,
}

/// What others may know of a participant.
#[derive(Debug, Default)]
pub(crate) struct State {
    /// Audio packets so far.
    pub(crate) audio: Count,
    /// Reason and action of the server's LeaveRequest.
    pub(crate) left: Option<(i32, i32)>,
    /// Why the participant is no more.
    pub(crate) ended: Option<String>,
}

/// The ends that a task talks to.
pub(crate) struct Outlets {
    /// Payloads of data messages.
    pub(crate) messages: mpsc::Sender<Vec<u8>>,
    /// The rest.
    pub(crate) state: watch::Sender<State>,
}

/// A participant at work.
pub(crate) struct Driver {
    session: Session,
    subscriber: Peer,
    publisher: Option<Publisher>,
    commands: mpsc::Receiver<Command>,
    /// Commands that wait for the publisher's connection.
    waiting: VecDeque<Command>,
    outlets: Outlets,
    ear: Ear,
    pings: Interval,
    /// When the server was last heard over the signal connection.
    heard: Instant,
    offers: u32,
}

impl Driver {
    /// A driver of a session that was just joined, and of a connection for the server's offer.
    pub(crate) fn new(
        session: Session,
        subscriber: Peer,
        commands: mpsc::Receiver<Command>,
        outlets: Outlets,
    ) -> Box<Self> {
        Box::new(Self {
            session,
            subscriber,
            publisher: None,
            commands,
            waiting: VecDeque::new(),
            outlets,
            ear: Ear::default(),
            pings: interval(PING_INTERVAL),
            heard: Instant::now(),
            offers: 0,
        })
    }

    /// Runs until the peer connection of the server's offer is up, at most that long.
    pub(crate) async fn connect(&mut self, limit: Duration) -> Result<()> {
        let deadline = Instant::now() + limit;
        while let Some(missing) = self.subscriber.missing() {
            match tokio::time::timeout_at(deadline, self.step()).await {
                Ok(step) => drop(step?),
                Err(_) => bail!("no media path came up within {} s: {missing}", limit.as_secs_f32()),
            }
        }
        Ok(())
    }

    /// Runs until the participant leaves, is told to leave, or cannot go on.
    pub(crate) async fn run(mut self: Box<Self>) {
        let ended = loop {
            match self.step().await {
                Ok(ControlFlow::Continue(())) => {}
                Ok(ControlFlow::Break(())) => {
                    self.session.leave().await;
                    break "the participant left".to_owned();
                }
                Err(error) => break format!("{error:#}"),
            }
        };
        tracing::debug!("a participant ended: {ended}");
        self.outlets.state.send_modify(|state| state.ended = Some(ended));
    }

    /// Waits for one thing to happen, and deals with it.
    async fn step(&mut self) -> Result<ControlFlow<()>> {
        tokio::select! {
            message = self.session.next((self.heard + SILENCE_MAX).saturating_duration_since(Instant::now())) => {
                self.heard = Instant::now();
                let message = message.map_err(|error| error.context("the signal connection ended"))?;
                self.on_message(message).await?;
            }
            event = self.subscriber.next() => self.on_event(event?)?,
            event = next_of(&mut self.publisher) => drop(event?),
            command = self.commands.recv() => match command {
                Some(Command::Leave) => return Ok(ControlFlow::Break(())),
                Some(command) => self.waiting.push_back(command),
                None => bail!("nobody holds the participant any more"),
            },
            _ = self.pings.tick() => {
                let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                let timestamp = i64::try_from(now.as_millis()).unwrap_or_default();
                self.session.send(signal_request::Message::PingReq(proto::Ping { timestamp, rtt: 0 })).await?;
            }
        }
        self.advance().await?;
        Ok(ControlFlow::Continue(()))
    }

    async fn on_message(&mut self, message: signal_response::Message) -> Result<()> {
        use signal_response::Message;
        match message {
            Message::Offer(offer) => {
                let sdp = self.subscriber.answer(&offer.sdp)?;
                let answer = description("answer", sdp, offer.id);
                self.session.send(signal_request::Message::Answer(answer)).await?;
            }
            Message::Answer(answer) => {
                if let Some(publisher) = &mut self.publisher {
                    publisher.peer.accept(&answer.sdp)?;
                }
            }
            Message::Trickle(trickle) => match (trickle.target(), &mut self.publisher) {
                (SignalTarget::Subscriber, _) => self.subscriber.trickle(&trickle.candidate_init)?,
                (SignalTarget::Publisher, Some(publisher)) => publisher.peer.trickle(&trickle.candidate_init)?,
                (SignalTarget::Publisher, None) => {}
            },
            Message::TrackPublished(published) => {
                if let (Some(publisher), Some(track)) = (&mut self.publisher, published.track) {
                    publisher.name_track(track.sid);
                }
            }
            Message::RequestResponse(response) if response.reason() != proto::request_response::Reason::Ok => {
                self.refuse(&response);
            }
            Message::Leave(leave) => {
                self.outlets.state.send_modify(|state| state.left = Some((leave.reason, leave.action)));
                bail!("{}", told_to_leave(&leave));
            }
            _ => {}
        }
        Ok(())
    }

    fn on_event(&mut self, event: Event) -> Result<()> {
        match event {
            Event::ChannelData(message) => {
                if let Some(payload) = data::decode(&message.data) {
                    let full = self.outlets.messages.try_send(payload).is_err();
                    ensure!(!full, "{} data messages wait unread", self.outlets.messages.max_capacity());
                }
            }
            Event::MediaData(packet) => {
                let audio = self.ear.hear(&packet.data);
                self.outlets.state.send_if_modified(|state| std::mem::replace(&mut state.audio, audio) != audio);
            }
            _ => {}
        }
        Ok(())
    }

    /// Does what waits, as far as the publisher's connection has come.
    async fn advance(&mut self) -> Result<()> {
        // Who gave up waiting does not want it to happen later.
        self.waiting.retain(|command| match command {
            Command::Data(_, done) => !done.is_closed(),
            Command::Audio(done) => !done.is_closed(),
            Command::Leave => true,
        });
        while !self.waiting.is_empty() {
            let Some(publisher) = &mut self.publisher else {
                let (publisher, offer) = Publisher::open().await?;
                self.publisher = Some(publisher);
                return self.send_offer(offer).await;
            };
            if !publisher.is_ready() {
                return Ok(());
            }
            if matches!(self.waiting.front(), Some(Command::Audio(_))) {
                let sid = &sid_of(&self.session).to_owned();
                if !publisher.has_track() {
                    let cid = format!("audio-{sid}");
                    let offer = publisher.offer_track(&cid)?;
                    self.session.send(signal_request::Message::AddTrack(add_track(cid))).await?;
                    return self.send_offer(offer).await;
                }
                let Some(track) = publisher.play(sid)? else { return Ok(()) };
                if let Some(Command::Audio(done)) = self.waiting.pop_front() {
                    let _ = done.send(Ok(track));
                }
            } else if let Some(Command::Data(message, done)) = self.waiting.pop_front() {
                let _ = done.send(publisher.send(&message));
            }
        }
        Ok(())
    }

    async fn send_offer(&mut self, sdp: String) -> Result<()> {
        self.offers += 1;
        let offer = description("offer", sdp, self.offers);
        self.session.send(signal_request::Message::Offer(offer)).await
    }

    /// The server said no to a request, and the only one that we make is for a track.
    fn refuse(&mut self, response: &proto::RequestResponse) {
        if let Some(index) = self.waiting.iter().position(|command| matches!(command, Command::Audio(_)))
            && let Some(Command::Audio(done)) = self.waiting.remove(index)
        {
            let reason = response.reason().as_str_name();
            let _ = done.send(Err(anyhow!("the server refused the track: {reason} {}", response.message)));
        }
    }
}

/// The sid of the participant that joined, or empty.
pub(crate) fn sid_of(session: &Session) -> &str {
    session.join().participant.as_ref().map(|participant| participant.sid.as_str()).unwrap_or_default()
}

async fn next_of(publisher: &mut Option<Publisher>) -> Result<Event> {
    match publisher {
        Some(publisher) => publisher.next().await,
        None => std::future::pending().await,
    }
}

fn description(kind: &str, sdp: String, id: u32) -> proto::SessionDescription {
    proto::SessionDescription { r#type: kind.into(), sdp, id, ..Default::default() }
}

fn add_track(cid: String) -> proto::AddTrackRequest {
    proto::AddTrackRequest {
        name: cid.clone(),
        cid,
        r#type: proto::TrackType::Audio.into(),
        source: proto::TrackSource::Microphone.into(),
        // Otherwise the server negotiates RED, and the packets would not arrive byte for byte.
        disable_red: true,
        ..Default::default()
    }
}

fn told_to_leave(leave: &proto::LeaveRequest) -> String {
    let reason = DisconnectReason::try_from(leave.reason).map_or("an unknown reason", |it| it.as_str_name());
    let action = leave_request::Action::try_from(leave.action).map_or("an unknown action", |it| it.as_str_name());
    format!("the server told the participant to leave: {reason} ({}), {action} ({})", leave.reason, leave.action)
}
