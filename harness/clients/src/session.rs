//! A participant's signal connection, from the first message to the last.

use crate::candidates::Candidate;
use crate::proto::{self, signal_request, signal_response};
use crate::websocket::{Socket, cut, decode, next_binary, send};
use anyhow::{Context, Result, bail};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::time::{Instant as Deadline, timeout_at};
use tokio_tungstenite::tungstenite::Message;

/// How often to ping where the server did not say.
const PING_INTERVAL: Duration = Duration::from_secs(5);
/// The timestamp of pings that nobody asked for, by which their pongs are known.
const AUTOMATIC: i64 = 1;

/// A participant's signal connection. Dropping it closes the socket without a goodbye.
///
/// Whatever waits here pings the server as often as it wants, except [`Self::stay_silent`].
pub struct Session {
    join: Box<proto::JoinResponse>,
    reconnect: Option<Box<proto::ReconnectResponse>>,
    sid: String,
    socket: Socket,
    candidates: Vec<Candidate>,
    candidates_done: bool,
    next_ping: Deadline,
}

impl Session {
    pub(crate) fn joined(join: proto::JoinResponse, socket: Socket) -> Self {
        let sid = join.participant.as_ref().map(|participant| participant.sid.clone()).unwrap_or_default();
        Self::new(join, None, sid, socket)
    }

    pub(crate) fn resumed(reply: proto::ReconnectResponse, sid: String, socket: Socket) -> Self {
        let join = proto::JoinResponse {
            server_info: reply.server_info.clone(),
            ice_servers: reply.ice_servers.clone(),
            ..Default::default()
        };
        Self::new(join, Some(Box::new(reply)), sid, socket)
    }

    fn new(
        join: proto::JoinResponse,
        reconnect: Option<Box<proto::ReconnectResponse>>,
        sid: String,
        socket: Socket,
    ) -> Self {
        let join = Box::new(join);
        let next_ping = Deadline::now() + PING_INTERVAL;
        Self { join, reconnect, sid, socket, candidates: Vec::new(), candidates_done: false, next_ping }
    }

    /// The server's first message. Of a resumed session it has only server and ICE servers.
    pub fn join(&self) -> &proto::JoinResponse {
        &self.join
    }

    /// The server's first message of a resumed session.
    pub fn reconnected(&self) -> Option<&proto::ReconnectResponse> {
        self.reconnect.as_deref()
    }

    /// The participant's sid (`PA_…`), by which the session is resumed.
    pub fn participant_sid(&self) -> &str {
        &self.sid
    }

    /// STUN and TURN servers that the server hands out, with credentials: never print them.
    pub fn ice_servers(&self) -> &[proto::IceServer] {
        &self.join.ice_servers
    }

    /// The room's sid, or empty.
    pub fn room_sid(&self) -> &str {
        self.join.room.as_ref().map(|room| room.sid.as_str()).unwrap_or_default()
    }

    /// The node that has the room, or empty.
    pub fn node_id(&self) -> &str {
        self.join.server_info.as_ref().map(|info| info.node_id.as_str()).unwrap_or_default()
    }

    /// The version of that node, or empty.
    pub fn version(&self) -> &str {
        self.join.server_info.as_ref().map(|info| info.version.as_str()).unwrap_or_default()
    }

    /// The interval at which the server wants pings.
    pub fn ping_interval(&self) -> Duration {
        Duration::from_secs(u64::try_from(self.join.ping_interval).unwrap_or_default())
    }

    /// The next message.
    ///
    /// # Errors
    /// When the connection ended, or nothing came within that time.
    pub async fn next(&mut self, within: Duration) -> Result<signal_response::Message> {
        self.receive(Deadline::now() + within).await?.context("nothing came in time")
    }

    /// Waits until `wanted` takes a message and gives what it made of it, or none if the time is up. Messages that it
    /// does not take are gone.
    ///
    /// # Errors
    /// When the connection ended before that.
    pub async fn until<T>(
        &mut self,
        within: Duration,
        mut wanted: impl FnMut(&signal_response::Message) -> Option<T>,
    ) -> Result<Option<T>> {
        let deadline = Deadline::now() + within;
        while let Some(message) = self.receive(deadline).await? {
            if let Some(found) = wanted(&message) {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// The ICE candidates of the server's offers and trickled messages since the join. Ends early when the server
    /// says that there are no more.
    ///
    /// # Errors
    /// When the connection ended before that.
    pub async fn candidates(&mut self, within: Duration) -> Result<Vec<Candidate>> {
        let deadline = Deadline::now() + within;
        while !self.candidates_done && self.receive(deadline).await?.is_some() {}
        Ok(self.candidates.clone())
    }

    /// Sends nothing for the given time, reads what comes, and says how long that was.
    ///
    /// # Errors
    /// When the connection ended before that.
    pub async fn stay_silent(&mut self, time: Duration) -> Result<Duration> {
        let started = Instant::now();
        let deadline = Deadline::now() + time;
        while let Ok(event) = timeout_at(deadline, self.socket.next()).await {
            let after = started.elapsed().as_millis();
            match event {
                Some(Ok(Message::Close(_))) | None => bail!("the connection was closed after {after} ms"),
                Some(Ok(_)) => {}
                Some(Err(error)) => bail!("the connection broke after {after} ms: {error}"),
            }
        }
        Ok(started.elapsed())
    }

    /// Sends a ping and waits for its pong.
    ///
    /// # Errors
    /// When the connection ended, or no pong came within five seconds.
    pub async fn ping(&mut self) -> Result<Duration> {
        let started = Instant::now();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let timestamp = i64::try_from(now.as_millis()).unwrap_or_default();
        self.send(signal_request::Message::PingReq(proto::Ping { timestamp, rtt: 0 })).await?;
        let is_pong = |message: &signal_response::Message| {
            let pong =
                matches!(message, signal_response::Message::PongResp(pong) if pong.last_ping_timestamp == timestamp);
            pong.then_some(())
        };
        self.until(Duration::from_secs(5), is_pong).await?.context("nothing came in time")?;
        Ok(started.elapsed())
    }

    /// Sends any message.
    ///
    /// # Errors
    /// When the connection has ended.
    pub async fn send(&mut self, message: signal_request::Message) -> Result<()> {
        send(&mut self.socket, &proto::SignalRequest { message: Some(message) }).await
    }

    /// Leaves the room and closes the connection. What goes wrong here no longer matters to the caller.
    pub async fn leave(mut self) {
        let _ = self.send(signal_request::Message::Leave(proto::LeaveRequest::default())).await;
        let _ = self.socket.close().await;
    }

    /// Cuts the connection with a TCP reset and without a close frame, as a client does that lost its network.
    pub fn drop_connection(self) {
        cut(self.socket);
    }

    /// The next message, or none if the time is up; pings in between. Dropping the future loses no message, because
    /// nothing is waited for while one is in hand.
    async fn receive(&mut self, deadline: Deadline) -> Result<Option<signal_response::Message>> {
        loop {
            let now = Deadline::now();
            if now >= self.next_ping {
                self.next_ping = now + if self.join.ping_interval > 0 { self.ping_interval() } else { PING_INTERVAL };
                self.send(signal_request::Message::PingReq(proto::Ping { timestamp: AUTOMATIC, rtt: 0 })).await?;
            }
            match next_message(&mut self.socket, deadline.min(self.next_ping)).await? {
                Some(signal_response::Message::PongResp(pong)) if pong.last_ping_timestamp == AUTOMATIC => {}
                Some(message) => {
                    self.note_candidates(&message);
                    return Ok(Some(message));
                }
                None if Deadline::now() >= deadline => return Ok(None),
                None => {}
            }
        }
    }

    fn note_candidates(&mut self, message: &signal_response::Message) {
        let found = match message {
            signal_response::Message::Offer(offer) => Candidate::of_sdp(&offer.sdp),
            signal_response::Message::Trickle(trickle) => {
                self.candidates_done |= trickle.r#final;
                Candidate::of_init(&trickle.candidate_init).into_iter().collect()
            }
            _ => return,
        };
        for candidate in found {
            if !self.candidates.contains(&candidate) {
                self.candidates.push(candidate);
            }
        }
    }
}

/// The next message, or none if the time is up.
pub(crate) async fn next_message(socket: &mut Socket, deadline: Deadline) -> Result<Option<signal_response::Message>> {
    while let Some(bytes) = next_binary(socket, deadline).await? {
        // A message kind that is newer than this client has no content here; the next one may.
        if let Some(message) = decode::<proto::SignalResponse>(&bytes)?.message {
            return Ok(Some(message));
        }
    }
    Ok(None)
}
