//! What the child writes: one line of JSON a sample, and a last one.

use serde::{Deserialize, Serialize};
use std::time::Duration;

/// One line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Record {
    Sample(Sample),
    /// Many good ones at once: a line for each would cost more than the request it is about.
    Answered(Answered),
    Ended(Box<Ended>),
}

/// Operations that were answered as wanted, by users who were never late.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Answered {
    pub(crate) operation: Operation,
    /// Nanoseconds from when each was due to its answer.
    pub(crate) ns: Vec<u64>,
}

impl Answered {
    /// The samples that they stand for.
    pub(crate) fn samples(self) -> impl Iterator<Item = Sample> {
        let Self { operation, ns } = self;
        let ms = ns.into_iter().map(|ns| Duration::from_nanos(ns).as_secs_f64() * 1e3);
        ms.map(move |ms| Sample { operation, ms, due_ms: None, late_ms: 0.0, ok: true, status: None, error: None })
    }
}

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// CreateRoom.
    CreateRoom,
    /// ListRooms, by name.
    ListRooms,
    /// UpdateRoomMetadata.
    UpdateRoomMetadata,
    /// DeleteRoom.
    DeleteRoom,
    /// From connecting to the JoinResponse.
    Join,
    /// A ping over the signal connection.
    Ping,
}

impl Operation {
    /// As samples and thresholds name it.
    pub fn name(self) -> &'static str {
        match self {
            Self::CreateRoom => "create_room",
            Self::ListRooms => "list_rooms",
            Self::UpdateRoomMetadata => "update_room_metadata",
            Self::DeleteRoom => "delete_room",
            Self::Join => "join",
            Self::Ping => "ping",
        }
    }
}

/// One operation, answered or not.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sample {
    /// What was done.
    pub operation: Operation,
    /// Milliseconds from when it was due to its answer, or to the end of the load.
    pub ms: f64,
    /// Milliseconds from the first due request of the load to this one; `None` at a peak, which has no timetable.
    pub due_ms: Option<f64>,
    /// Milliseconds by which the generator itself was late: from when it was due and its user free, to its sending.
    pub late_ms: f64,
    /// Whether the answer was as wanted.
    pub ok: bool,
    /// HTTP status of a refusal.
    pub status: Option<u16>,
    /// What came instead of the wanted answer; without a body, which may repeat a token.
    pub error: Option<String>,
}

impl Sample {
    /// Whether its time says how long answers take: a refusal may be fast, and silence is at least this slow.
    pub fn is_timed(&self) -> bool {
        self.ok || self.status.is_none()
    }
}

/// The last line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ended {
    /// Samples before this line.
    pub samples: usize,
    /// Requests that goose counted, as a second count of the same; without goose, rounds that ended.
    pub counted_by_goose: usize,
    /// When the first request was due, in seconds since 1970.
    pub began_unix_s: f64,
    /// Seconds from the first due request to the last answer.
    pub wall_s: f64,
    /// Processor seconds of the generator meanwhile, user and system.
    pub cpu_s: f64,
    /// Processors of the machine.
    pub processors: usize,
    /// How late a timer of five milliseconds fired, in milliseconds, each time.
    pub lag_ms: Vec<f64>,
    /// Connections that were open at the same time.
    pub open_at_once: usize,
    /// Whether the time ran out before every request was answered.
    pub cut_off: bool,
}
