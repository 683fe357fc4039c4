//! A participant in a room: what a check holds, while a task runs its connections.

use crate::data;
use crate::driver::{Command, Driver, Outlets, State};
use crate::peer::Peer;
use anyhow::{Context, Result, anyhow, bail};
use greenlight_clients::{JoinError, Signal, Token};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};

/// On one machine it takes a few dozen milliseconds; a server gives up by itself after fifteen seconds.
const MEDIA_TIMEOUT: Duration = Duration::from_secs(10);
/// The same for the connection over which we send, with the round trips of its offers.
const PUBLISH_TIMEOUT: Duration = Duration::from_secs(10);
/// A goodbye that is not taken within this is not worth waiting for.
const LEAVE_TIMEOUT: Duration = Duration::from_secs(2);
/// Data messages that may wait to be read; a participant to whom more come has failed.
const MESSAGES_MAX: usize = 1024;

/// A participant in a room, with its media path up. Dropping it cuts everything without a goodbye.
pub struct Participant {
    identity: String,
    sid: String,
    room_sid: String,
    node_id: String,
    commands: mpsc::Sender<Command>,
    messages: mpsc::Receiver<Vec<u8>>,
    state: watch::Receiver<State>,
    sent: u32,
    /// The driver; dropping the set ends it.
    task: JoinSet<()>,
}

impl Participant {
    /// Joins, takes the server's offer, and waits until ICE, DTLS and both data channels are up: ten seconds at most
    /// after the JoinResponse. The server then counts the participant as active; its room list may say so a little
    /// later.
    ///
    /// # Errors
    /// [`JoinError::Refused`] and [`JoinError::Unreachable`] as for [`Signal::join`]; [`JoinError::NoMedia`] when the
    /// server let the participant in and the media path did not come up, saying what was missing.
    pub async fn join(signal: &Signal, token: &Token) -> Result<Self, JoinError> {
        Self::join_within(signal, token, MEDIA_TIMEOUT).await
    }

    pub(crate) async fn join_within(signal: &Signal, token: &Token, limit: Duration) -> Result<Self, JoinError> {
        let started = Instant::now();
        let subscriber = Peer::new().await.map_err(JoinError::Protocol)?;
        let session = signal.join(token).await?;
        let participant = session.join().participant.as_ref();
        let identity = participant.map(|participant| participant.identity.clone()).unwrap_or_default();
        let (sid, room_sid, node_id) =
            (session.participant_sid().to_owned(), session.room_sid().to_owned(), session.node_id().to_owned());

        let (commands, command_queue) = mpsc::channel(16);
        let (message_queue, messages) = mpsc::channel(MESSAGES_MAX);
        let (state_sender, state) = watch::channel(State::default());
        let outlets = Outlets { messages: message_queue, state: state_sender };
        let mut driver = Driver::new(session, subscriber, command_queue, outlets);
        let connected = Box::pin(driver.connect(limit)).await;
        match &connected {
            Ok(()) => tracing::info!("media of {identity} is up {} ms after the start", started.elapsed().as_millis()),
            Err(error) => tracing::info!("media of {identity}: {error:#}"),
        }
        connected.map_err(JoinError::NoMedia)?;
        let mut task = JoinSet::new();
        task.spawn(driver.run());
        Ok(Self { identity, sid, room_sid, node_id, commands, messages, state, sent: 0, task })
    }

    /// The identity in the token.
    pub fn identity(&self) -> &str {
        &self.identity
    }

    /// The server's name for this session of the participant.
    pub fn sid(&self) -> &str {
        &self.sid
    }

    /// The room's sid.
    pub fn room_sid(&self) -> &str {
        &self.room_sid
    }

    /// The node that has the room.
    pub fn node_id(&self) -> &str {
        &self.node_id
    }

    /// Sends over the reliable data channel, to everybody in the room. The first call opens a second peer connection.
    /// `Ok` says that the channel took the message: whether it arrived, only the receiver knows.
    ///
    /// # Errors
    /// When the participant has ended, or the channel was not up within ten seconds.
    pub async fn send_data(&mut self, topic: &str, payload: &[u8]) -> Result<()> {
        self.sent += 1;
        let message = data::encode(topic, payload, self.sent);
        self.ask("the data channel to send over", |done| Command::Data(message, done)).await
    }

    /// The payload of the next data message of somebody else, or none when there was none in that time.
    ///
    /// # Errors
    /// When the participant has ended.
    pub async fn next_data(&mut self, time: Duration) -> Result<Option<Vec<u8>>> {
        match timeout_at(Instant::now() + time, self.messages.recv()).await {
            Err(_) => Ok(None),
            Ok(Some(payload)) => Ok(Some(payload)),
            Ok(None) => Err(self.ended()),
        }
    }

    /// Publishes one Opus audio track and sends numbered packets (80 bytes of payload, 50 per second) until the
    /// participant ends; returns the track's sid. A second call returns the same.
    ///
    /// # Errors
    /// When the participant has ended, the token does not allow it, or the server took no track within ten seconds.
    pub async fn publish_audio(&mut self) -> Result<String> {
        self.ask("the server's word for the audio track", Command::Audio).await
    }

    /// Cuts the TCP stream of the signal connection with a reset, without a close frame, and resumes the session there:
    /// media goes on meanwhile. Says whether the server took it for a resume and not for a new join.
    ///
    /// # Errors
    /// As for [`Signal::resume`]; the participant has ended then. [`JoinError::Protocol`] when it had ended before.
    pub async fn cut_and_resume(&mut self, signal: &Signal, token: &Token) -> Result<bool, JoinError> {
        let (done, answer) = oneshot::channel();
        let command = Command::Resume(Box::new((signal.clone(), token.clone())), done);
        self.commands.send(command).await.map_err(|_| JoinError::Protocol(self.ended()))?;
        // Joins have a bound of their own.
        answer.await.unwrap_or_else(|_| Err(JoinError::Protocol(self.ended())))
    }

    async fn ask<T>(&self, what: &str, command: impl FnOnce(oneshot::Sender<Result<T>>) -> Command) -> Result<T> {
        let (done, answer) = oneshot::channel();
        self.commands.send(command(done)).await.map_err(|_| self.ended())?;
        match timeout_at(Instant::now() + PUBLISH_TIMEOUT, answer).await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => Err(self.ended()),
            Err(_) => bail!("{what} did not come within {} s", PUBLISH_TIMEOUT.as_secs()),
        }
    }

    /// Audio packets received from others so far, told apart by their senders' numbers: each counts once.
    pub fn audio_received(&self) -> u64 {
        self.state.borrow().audio.received
    }

    /// Numbers that were missing between two packets that came from the same sender. What was lost before the first
    /// packet or after the last one is not in here: look at [`audio_received`](Self::audio_received) as well.
    pub fn audio_missed(&self) -> u64 {
        self.state.borrow().audio.missed
    }

    /// Waits until so many audio packets came in all, and says how long that took; none when they did not come in that
    /// time.
    ///
    /// # Errors
    /// When the participant has ended before.
    pub async fn until_audio(&mut self, packets: u64, time: Duration) -> Result<Option<Duration>> {
        let started = Instant::now();
        self.until(time, |state| (state.audio.received >= packets).then(|| started.elapsed())).await
    }

    /// Waits for the server's LeaveRequest, and returns its reason and action as LiveKit's `DisconnectReason` and
    /// `LeaveRequest.Action` number them; none when it did not come in that time.
    ///
    /// # Errors
    /// When the participant has ended without one.
    pub async fn until_left(&mut self, time: Duration) -> Result<Option<(i32, i32)>> {
        self.until(time, |state| state.left).await
    }

    async fn until<T>(&mut self, time: Duration, mut wanted: impl FnMut(&State) -> Option<T>) -> Result<Option<T>> {
        let deadline = Instant::now() + time;
        loop {
            let (found, ended) = {
                let state = self.state.borrow_and_update();
                (wanted(&state), state.ended.clone())
            };
            if found.is_some() {
                return Ok(found);
            }
            if let Some(why) = ended {
                bail!("the participant {} ended: {why}", self.identity);
            }
            match timeout_at(deadline, self.state.changed()).await {
                Ok(changed) => changed.context("the participant's task is gone")?,
                Err(_) => return Ok(None),
            }
        }
    }

    fn ended(&self) -> anyhow::Error {
        let state = self.state.borrow();
        anyhow!("the participant {} ended: {}", self.identity, state.ended.as_deref().unwrap_or("its task is gone"))
    }

    /// Leaves the room with a goodbye. What goes wrong here no longer matters to the caller.
    pub async fn leave(mut self) {
        if self.commands.send(Command::Leave).await.is_ok() {
            let _ = timeout_at(Instant::now() + LEAVE_TIMEOUT, self.task.join_next()).await;
        }
    }

    /// Cuts everything without a goodbye, as a client whose process was killed: no LeaveRequest, no closing handshake
    /// on any of the connections, and the sockets are closed.
    pub fn vanish(self) {
        drop(self);
    }
}
