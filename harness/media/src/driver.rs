//! The task of one participant: it owns the signal connection and both peer connections, and ends with them.

use crate::audio::{Count, Ear};
use crate::data;
use crate::peer::Peer;
use crate::publisher::Publisher;
use crate::signalling;
use anyhow::{Result, anyhow, bail, ensure};
use greenlight_clients::proto::{self, SignalTarget, signal_response};
use greenlight_clients::{JoinError, Session, Signal, Token};
use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::time::Duration;
use str0m::Event;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, Interval, interval};

/// The session pings by itself, and keeps the pongs to itself. These are pings whose pongs are seen here, so that a
/// connection that died without a word is noticed.
const PING_INTERVAL: Duration = Duration::from_secs(5);
/// Each ping is answered, so this much silence means that the signal connection is dead.
const SILENCE_MAX: Duration = Duration::from_secs(20);

/// What a participant is asked to do.
pub(crate) enum Command {
    /// Send an encoded packet.
    Data(Vec<u8>, oneshot::Sender<Result<()>>),
    /// Publish the audio track, and say its sid.
    Audio(oneshot::Sender<Result<String>>),
    /// Cut the signal connection with a TCP reset, resume the session, and say whether the server took it for that.
    Resume(Box<(Signal, Token)>, oneshot::Sender<Result<bool, JoinError>>),
    /// Say goodbye and end.
    Leave,
}

/// What a step can't do, since it needs the session itself.
enum Break {
    Resume(Box<(Signal, Token)>, oneshot::Sender<Result<bool, JoinError>>),
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
    /// Why the server wants no track of this participant.
    refused: Option<String>,
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
            refused: None,
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
                Ok(ControlFlow::Break(Break::Leave)) => {
                    self.session.leave().await;
                    break "the participant left".to_owned();
                }
                Ok(ControlFlow::Break(Break::Resume(whither, done))) => {
                    let sid = self.session.participant_sid().to_owned();
                    self.session.drop_connection();
                    match whither.0.resume(&whither.1, &sid).await {
                        Ok(session) => {
                            let _ = done.send(Ok(session.reconnected().is_some()));
                            self.session = session;
                            self.heard = Instant::now();
                        }
                        Err(error) => {
                            let ended = format!("it was not resumed: {error}");
                            let _ = done.send(Err(error));
                            break ended;
                        }
                    }
                }
                Err(error) => break format!("{error:#}"),
            }
        };
        tracing::debug!("a participant ended: {ended}");
        self.outlets.state.send_modify(|state| state.ended = Some(ended));
    }

    /// Waits for one thing to happen, and deals with it.
    async fn step(&mut self) -> Result<ControlFlow<Break>> {
        tokio::select! {
            message = self.session.next(SILENCE_MAX.saturating_sub(self.heard.elapsed())) => {
                self.heard = Instant::now();
                let message = message.map_err(|error| error.context("the signal connection ended"))?;
                self.on_message(message).await?;
            }
            event = self.subscriber.next() => self.on_event(event?)?,
            event = next_of(&mut self.publisher) => drop(event?),
            command = self.commands.recv() => match command {
                Some(Command::Leave) => return Ok(ControlFlow::Break(Break::Leave)),
                Some(Command::Resume(whither, done)) => return Ok(ControlFlow::Break(Break::Resume(whither, done))),
                Some(command) => self.waiting.push_back(command),
                None => bail!("nobody holds the participant any more"),
            },
            _ = self.pings.tick() => self.session.send(signalling::ping()).await?,
        }
        self.advance().await?;
        Ok(ControlFlow::Continue(()))
    }

    async fn on_message(&mut self, message: signal_response::Message) -> Result<()> {
        use signal_response::Message;
        match message {
            Message::Offer(offer) => {
                let sdp = self.subscriber.answer(&offer.sdp)?;
                self.session.send(signalling::answer(sdp, offer.id)).await?;
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
                bail!("{}", signalling::told_to_leave(&leave));
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
            Command::Resume(..) | Command::Leave => true,
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
                let sid = &self.session.participant_sid().to_owned();
                if !publisher.has_track() {
                    let cid = format!("audio-{sid}");
                    let offer = publisher.offer_track(&cid)?;
                    self.session.send(signalling::add_audio(cid)).await?;
                    return self.send_offer(offer).await;
                }
                let track = match (&self.refused, publisher.play(sid)?) {
                    (Some(why), _) => Err(anyhow!("{why}")),
                    (None, Some(track)) => Ok(track),
                    (None, None) => return Ok(()),
                };
                if let Some(Command::Audio(done)) = self.waiting.pop_front() {
                    let _ = done.send(track);
                }
            } else if let Some(Command::Data(message, done)) = self.waiting.pop_front() {
                let _ = done.send(publisher.send(&message));
            }
        }
        Ok(())
    }

    async fn send_offer(&mut self, sdp: String) -> Result<()> {
        self.offers += 1;
        self.session.send(signalling::offer(sdp, self.offers)).await
    }

    /// The server said no to a request, and the only one that we make is for a track.
    fn refuse(&mut self, response: &proto::RequestResponse) {
        let text = format!("the server refused the track: {} {}", response.reason().as_str_name(), response.message);
        self.refused = Some(text.trim_end().to_owned());
    }
}

async fn next_of(publisher: &mut Option<Publisher>) -> Result<Event> {
    match publisher {
        Some(publisher) => publisher.next().await,
        None => std::future::pending().await,
    }
}
