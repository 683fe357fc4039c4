//! What a child is to do.

use anyhow::Result;
use greenlight_clients::{Endpoint, Http, Key, Secret};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::Duration;

/// A load: users, each doing the same number of rounds by a timetable.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Job {
    entry: String,
    ca_pem: String,
    key_id: String,
    key_secret: String,
    /// What a round is.
    pub scenario: Scenario,
    /// What sends the requests.
    pub engine: Engine,
    /// Rooms; user n takes room n modulo their number.
    pub rooms: Vec<String>,
    /// Users, each with connections of its own.
    pub users: usize,
    /// Rounds of each user.
    pub rounds: usize,
    /// Milliseconds from the first user's first round to the last user's.
    pub spread_ms: u64,
    /// Milliseconds between two rounds of a user.
    pub interval_ms: u64,
    /// Milliseconds after the last round was due, for answers that are still awaited.
    pub grace_ms: u64,
    /// Computes on every thread of the child meanwhile, so that it is no generator to be believed.
    pub saturate: bool,
}

/// What a user does in a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scenario {
    /// One call of the room API: create, list, update, list, delete, and again from the start.
    RoomCalls,
    /// A join and a ping; then the user leaves.
    Joins,
    /// A join, and when every user has joined or failed, a ping; then all leave. One round.
    HeldJoins,
    /// ListRooms by name, again as soon as the answer is there: the highest rate that users and target come to. There is
    /// no timetable, so its times leave out whatever nobody waited for; what it is for is the rate. `grace_ms` bounds the
    /// whole of it.
    Peak,
}

/// What sends the requests and hears the answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Engine {
    /// goose runs the users and counts what they did.
    Goose,
    /// One hyper connection a user and nothing around it, for [`Scenario::Peak`] alone.
    Native,
}

impl Job {
    /// A job on this endpoint; what it does has to be set.
    pub fn new(entry: &Endpoint, key: &Key, scenario: Scenario, rooms: Vec<String>) -> Self {
        Self {
            entry: entry.url().to_owned(),
            ca_pem: entry.http().ca_pem().to_owned(),
            key_id: key.id.clone(),
            key_secret: key.secret.expose().to_owned(),
            scenario,
            engine: Engine::Goose,
            rooms,
            users: 1,
            rounds: 1,
            spread_ms: 0,
            interval_ms: 0,
            grace_ms: 5_000,
            saturate: false,
        }
    }

    /// Where it goes, with trust of its own.
    pub(crate) fn endpoint(&self) -> Result<Endpoint> {
        Ok(Http::trusting(&self.ca_pem)?.endpoint(self.entry.clone()))
    }

    pub(crate) fn key(&self) -> Key {
        Key { id: self.key_id.clone(), secret: Secret::new(self.key_secret.clone()) }
    }

    pub(crate) fn room(&self, user: usize) -> &str {
        self.rooms.get(user % self.rooms.len().max(1)).map_or("", String::as_str)
    }

    /// From the first due request to the end, answered or not.
    pub(crate) fn longest(&self) -> Duration {
        let rounds = u64::try_from(self.rounds.saturating_sub(1)).unwrap_or(u64::MAX);
        Duration::from_millis(self.spread_ms + self.interval_ms.saturating_mul(rounds) + self.grace_ms)
    }

    /// Operations that the whole load consists of.
    pub fn operations(&self) -> usize {
        self.users * self.rounds * self.scenario.operations_a_round()
    }
}

impl Scenario {
    pub(crate) fn operations_a_round(self) -> usize {
        match self {
            Self::RoomCalls | Self::Peak => 1,
            Self::Joins | Self::HeldJoins => 2,
        }
    }
}

/// Without key and certificates.
impl fmt::Debug for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { scenario, users, rounds, .. } = self;
        write!(f, "Job({scenario:?}, {users} users, {rounds} rounds)")
    }
}
