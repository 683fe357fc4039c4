//! One operation of one user: when it is due, it is sent, and what comes is recorded, here and by goose.

use crate::job::{Job, Scenario};
use crate::record::{Operation, Sample};
use crate::timetable::Timetable;
use anyhow::Result;
use goose::goose::{GooseUser, TransactionResult};
use greenlight_clients::{
    JoinError, Key, Refusal, Rooms, Session, Signal, Token, TokenBuilder, Unreachable, VideoGrant, proto,
};
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::{Barrier, Mutex, Notify, watch};
use tokio::time::{Instant, sleep_until};

/// All users of a load.
pub(crate) struct Crowd {
    pub(crate) timetable: Timetable,
    users: Vec<Mutex<User>>,
    /// Everybody stands ready: the timetable begins.
    ready: Barrier,
    /// Everybody has joined or failed to.
    joined: Barrier,
    open: AtomicUsize,
    begun: watch::Sender<Option<Instant>>,
    /// Operations without an answer; the last one to be answered tells.
    left: AtomicUsize,
    all_answered: Notify,
}

/// One user, with connections of its own.
struct User {
    room: String,
    rooms: Rooms,
    signal: Signal,
    token: Token,
    number: usize,
    free_at: Option<Instant>,
}

/// Why an operation was not answered as wanted: the status of a refusal, and words without a body.
type Outcome = Result<(), (Option<u16>, String)>;

impl Crowd {
    pub(crate) fn new(timetable: Timetable) -> Result<Self> {
        let job = &timetable.job;
        let (endpoint, key) = (job.endpoint()?, job.key());
        let user = |index: usize| -> Result<Mutex<User>> {
            // A client of its own is a connection of its own; joins open theirs anyway.
            let own = match job.scenario {
                Scenario::RoomCalls | Scenario::Peak => endpoint.through(&endpoint.http().http1()?),
                Scenario::Joins | Scenario::HeldJoins => endpoint.clone(),
            };
            let room = job.room(index).to_owned();
            let rooms = Rooms::new(own.clone(), key.clone());
            Ok(Mutex::new(User {
                // Signing costs as much as a part of the request; whoever wants the highest rate signs once.
                rooms: match job.scenario {
                    Scenario::Peak => rooms.as_token(&list_token(&key)?),
                    _ => rooms,
                },
                signal: Signal::new(own),
                token: token(&key, &room, index)?,
                room,
                number: 0,
                free_at: None,
            }))
        };
        let users = (0..job.users).map(user).collect::<Result<Vec<_>>>()?;
        let (count, operations) = (users.len(), job.operations());
        Ok(Self {
            users,
            ready: Barrier::new(count),
            joined: Barrier::new(count),
            open: AtomicUsize::new(0),
            begun: watch::Sender::new(None),
            left: AtomicUsize::new(operations),
            all_answered: Notify::new(),
            timetable,
        })
    }

    /// Waits until every user stands ready.
    pub(crate) async fn begun(&self) -> Option<Instant> {
        let mut begun = self.begun.subscribe();
        let begin = begun.wait_for(Option::is_some).await.ok()?;
        *begin
    }

    /// Waits until every operation is answered.
    pub(crate) async fn all_answered(&self) {
        // One permit is kept for whoever asks later.
        self.all_answered.notified().await;
    }

    /// Connections that were open at the same time.
    pub(crate) fn open_at_once(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }

    /// One round of the user that goose runs.
    pub(crate) async fn round(&self, goose: &mut GooseUser) -> TransactionResult {
        let index = goose.weighted_users_index;
        let Some(user) = self.users.get(index) else { return Ok(()) };
        let mut user = user.lock().await;
        let begin = match self.timetable.has_begun() {
            Some(begin) => begin,
            None => {
                self.ready.wait().await;
                let begin = self.timetable.begin();
                self.begun.send_if_modified(|begun| begun.replace(begin).is_none());
                begin
            }
        };
        let due = begin + self.timetable.due_after(index, user.number);
        let ready = user.free_at.map_or(due, |free| free.max(due));
        let Job { scenario, .. } = self.timetable.job;
        // Without a timetable a request is due when its user is free.
        let due = if scenario == Scenario::Peak { ready } else { due };
        if due > Instant::now() {
            sleep_until(due).await;
        }
        let late_ms = ready.elapsed().as_secs_f64() * 1e3;
        if matches!(scenario, Scenario::RoomCalls | Scenario::Peak) {
            let operation = self.timetable.operation(user.number);
            let outcome = user.call(operation).await;
            self.record(goose, &mut user, operation, due, late_ms, outcome).await?;
        } else {
            self.join(goose, &mut user, due, late_ms).await?;
        }
        user.free_at = Some(Instant::now());
        Ok(())
    }

    async fn join(&self, goose: &mut GooseUser, user: &mut User, due: Instant, late_ms: f64) -> TransactionResult {
        let (mut session, outcome) = match user.signal.join(&user.token).await {
            Ok(session) => (Some(session), Ok(())),
            Err(error) => (None, Err(refused(&error))),
        };
        self.record(goose, user, Operation::Join, due, late_ms, outcome).await?;
        if self.timetable.job.scenario == Scenario::HeldJoins {
            self.open.fetch_add(usize::from(session.is_some()), Ordering::Relaxed);
            // Those who wait here answer the server's pings by asking themselves.
            tokio::select! {
                _ = self.joined.wait() => {}
                () = kept(session.as_mut()) => {}
            }
        }
        let sent = Instant::now();
        let outcome = match session.as_mut() {
            None => Err((None, "there is no connection to ping over".to_owned())),
            Some(session) => session.ping().await.map(drop).map_err(|error| (None, format!("{error:#}"))),
        };
        self.record(goose, user, Operation::Ping, sent, 0.0, outcome).await?;
        if let Some(session) = session {
            session.leave().await;
        }
        Ok(())
    }

    async fn record(
        &self,
        goose: &mut GooseUser,
        user: &mut User,
        operation: Operation,
        due: Instant,
        late_ms: f64,
        outcome: Outcome,
    ) -> TransactionResult {
        let took = due.elapsed();
        let (status, error) = outcome.err().map_or((None, None), |(status, error)| (status, Some(error)));
        let ok = error.is_none();
        let due_ms = Some(self.timetable.due_after(goose.weighted_users_index, user.number).as_secs_f64() * 1e3);
        let sample = Sample { operation, ms: took.as_secs_f64() * 1e3, due_ms, late_ms, ok, status, error };
        let method = if matches!(operation, Operation::Join | Operation::Ping) { "WS" } else { "POST" };
        let error = sample.error.clone();
        self.timetable.record(goose.weighted_users_index, sample);
        user.number += 1;
        let counted =
            goose.record_custom_request_duration(method, operation.name(), took, ok, status, error.as_deref()).await;
        if self.left.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.all_answered.notify_one();
        }
        counted
    }
}

impl User {
    async fn call(&self, operation: Operation) -> Outcome {
        let room = &self.room;
        let reply = match operation {
            Operation::CreateRoom => {
                let request = proto::CreateRoomRequest { name: room.clone(), ..Default::default() };
                self.rooms.create(&request).await.map(|reply| reply.map(drop))
            }
            Operation::UpdateRoomMetadata => {
                self.rooms.update_metadata(room, "under load").await.map(|reply| reply.map(drop))
            }
            Operation::DeleteRoom => self.rooms.delete(room).await.map(|reply| reply.map(drop)),
            _ => self.rooms.list(&[room]).await.map(|reply| reply.map(drop)),
        };
        match reply {
            Ok(Ok(())) => Ok(()),
            Ok(Err(refusal)) => Err(said(&refusal)),
            Err(error) => Err((None, format!("{error:#}"))),
        }
    }
}

fn said(refusal: &Refusal) -> (Option<u16>, String) {
    let (status, code) = refusal.said();
    (Some(status), format!("{status} {code}").trim_end().to_owned())
}

/// A refusal may repeat the token in its body, so only its status is kept.
fn refused(error: &JoinError) -> (Option<u16>, String) {
    match error {
        JoinError::Refused(answer) => (Some(answer.status), answer.status.to_string()),
        JoinError::Left(_) => (None, "the server's first word was that the participant has to leave".to_owned()),
        JoinError::Unreachable(Unreachable { why, .. }) => (None, why.to_string()),
        JoinError::Protocol(error) | JoinError::NoMedia(error) => (None, format!("{error:#}")),
    }
}

/// Reads what comes over a connection that is held, for ever: the end of it is found by the ping that follows.
async fn kept(session: Option<&mut Session>) {
    if let Some(session) = session {
        let _ = session.until(std::time::Duration::from_secs(3600), |_| None::<()>).await;
    }
    std::future::pending().await
}

/// A token that may list rooms.
pub(crate) fn list_token(key: &Key) -> Result<Token> {
    let grant = VideoGrant { room_list: true, ..VideoGrant::default() };
    Ok(TokenBuilder::new(key, grant).sign()?)
}

fn token(key: &Key, room: &str, user: usize) -> Result<Token> {
    Ok(TokenBuilder::new(key, VideoGrant::join(room)).identity(format!("user-{user}")).sign()?)
}
