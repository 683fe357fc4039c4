//! Which operation of which user is due when, and what became of it.

use crate::job::{Job, Scenario};
use crate::record::{Operation, Record, Sample};
use std::sync::mpsc::Sender;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// The round of the room API. One call in five is of a kind that little else makes.
const CALLS: [Operation; 5] = [
    Operation::CreateRoom,
    Operation::ListRooms,
    Operation::UpdateRoomMetadata,
    Operation::ListRooms,
    Operation::DeleteRoom,
];

/// So many samples wake the writer once: each by itself costs two changes of threads, more than the request beside it.
const KEPT: usize = 1_000;
/// From when everybody stands ready to the beginning: starting users is work, and must not delay the first request.
const LEAD: Duration = Duration::from_millis(300);

/// The planned operations of every user. Each gets exactly one sample.
pub(crate) struct Timetable {
    pub(crate) job: Job,
    state: Mutex<State>,
}

struct State {
    begin: Option<Instant>,
    last: Option<Instant>,
    /// Operations that each user has behind it.
    done: Vec<usize>,
    samples: usize,
    /// Samples that the writer has not been given yet.
    kept: Vec<Sample>,
    sender: Option<Sender<Record>>,
}

impl Timetable {
    pub(crate) fn new(job: Job, sender: Sender<Record>) -> Self {
        let done = vec![0; job.users];
        Self {
            job,
            state: Mutex::new(State { begin: None, last: None, done, samples: 0, kept: vec![], sender: Some(sender) }),
        }
    }

    /// The operation of this number, which counts from 0 for each user.
    pub(crate) fn operation(&self, number: usize) -> Operation {
        match (self.job.scenario, number % 2) {
            (Scenario::RoomCalls, _) => CALLS[number % CALLS.len()],
            (Scenario::Peak, _) => Operation::ListRooms,
            (_, 0) => Operation::Join,
            _ => Operation::Ping,
        }
    }

    /// When it is due, from the beginning.
    pub(crate) fn due_after(&self, user: usize, number: usize) -> Duration {
        let Job { users, spread_ms, interval_ms, scenario, .. } = &self.job;
        let count = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
        let round = number / scenario.operations_a_round();
        Duration::from_millis(spread_ms * count(user) / count((*users).max(1)) + interval_ms * count(round))
    }

    /// Sets the beginning, once: when every user stands ready.
    pub(crate) fn begin(&self) -> Instant {
        *self.lock().begin.get_or_insert_with(|| Instant::now() + LEAD)
    }

    pub(crate) fn has_begun(&self) -> Option<Instant> {
        self.lock().begin
    }

    /// Records what became of this user's next operation. After the end nothing is recorded any more.
    pub(crate) fn record(&self, user: usize, sample: Sample) {
        let mut state = self.lock();
        if state.sender.is_none() {
            return;
        }
        state.kept.push(sample);
        state.last = Some(Instant::now());
        if let Some(done) = state.done.get_mut(user) {
            *done += 1;
        }
        if state.kept.len() == KEPT {
            state.hand_over();
        }
    }

    /// Ends the recording: operations without an answer get a sample that says so. Gives the sender back, with the
    /// number of samples, the seconds that they took, and whether any was without an answer.
    pub(crate) fn end(&self, now: Instant) -> Option<(Sender<Record>, usize, f64, bool)> {
        let mut state = self.lock();
        state.hand_over();
        let sender = state.sender.take()?;
        let begin = state.begin.unwrap_or(now);
        let planned = self.job.rounds * self.job.scenario.operations_a_round();
        let mut cut_off = false;
        for user in 0..self.job.users {
            for number in state.done[user]..planned {
                cut_off = true;
                let waited = now.duration_since(begin).saturating_sub(self.due_after(user, number));
                let sample = Sample {
                    operation: self.operation(number),
                    ms: waited.as_secs_f64() * 1e3,
                    due_ms: Some(self.due_after(user, number).as_secs_f64() * 1e3),
                    late_ms: 0.0,
                    ok: false,
                    status: None,
                    error: Some("no answer by the end of the load".into()),
                };
                state.samples += usize::from(sender.send(Record::Sample(sample)).is_ok());
            }
        }
        let last = if cut_off { now } else { state.last.unwrap_or(now) };
        Some((sender, state.samples, last.duration_since(begin).as_secs_f64(), cut_off))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Gives the writer what was kept.
    fn hand_over(&mut self) {
        if let Some(sender) = &self.sender {
            let written = self.kept.drain(..).filter_map(|sample| sender.send(Record::Sample(sample)).ok()).count();
            self.samples += written;
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::Timetable;
    use crate::job::{Job, Scenario};
    use crate::record::{Operation, Record, Sample};
    use greenlight_clients::{Http, Key, Secret};
    use std::sync::mpsc::channel;
    use std::time::Duration;

    pub(crate) fn calls(users: usize, rounds: usize) -> Job {
        greenlight_clients::install_crypto_provider();
        let key = Key { id: "key".into(), secret: Secret::new("a-secret-that-is-not-shown") };
        let http = Http::trusting(CA).expect("a CA");
        let mut job = Job::new(&http.endpoint("https://127.0.0.1:1"), &key, Scenario::RoomCalls, vec!["r".into()]);
        (job.users, job.rounds, job.interval_ms, job.spread_ms) = (users, rounds, 100, 100);
        job
    }

    pub(crate) fn sample(operation: Operation) -> Sample {
        Sample { operation, ms: 1.0, due_ms: None, late_ms: 0.0, ok: true, status: None, error: None }
    }

    /// A self-signed certificate of `openssl req -x509 -newkey ed25519`, for nothing else than being read.
    const CA: &str = "-----BEGIN CERTIFICATE-----\nMIIBNDCB56ADAgECAhQFWpp4vwsSVNXLR12imCSOVGo9BTAFBgMrZXAwDzENMAsG\nA1UEAwwEdGVzdDAgFw0yNjExMjMwODE5MDRaGA8yMTI2MTAzMDA4MTkwNFowDzEN\nMAsGA1UEAwwEdGVzdDAqMAUGAytlcAMhAO0G+tZytKL+4NdCIpk3K16MGFwVlKmI\n7ZzJcHZMOmfko1MwUTAdBgNVHQ4EFgQUHoBL4AxGd/UnCLYetywidc1IvyswHwYD\nVR0jBBgwFoAUHoBL4AxGd/UnCLYetywidc1IvyswDwYDVR0TAQH/BAUwAwEB/zAF\nBgMrZXADQQCcITEiM5NhLSJtvIA6JZzduzPyQuT1MluermU+EYGXh0EkiCAuFk+g\nTMHHkRE9/tnes2+SeSVg5knj7wY+nFsE\n-----END CERTIFICATE-----\n";

    #[test]
    fn users_take_turns_and_rounds_keep_their_distance() {
        let timetable = Timetable::new(calls(4, 3), channel().0);
        let due = |user, number| timetable.due_after(user, number).as_millis();
        assert_eq!([due(0, 0), due(1, 0), due(3, 0), due(0, 1), due(3, 2)], [0, 25, 75, 100, 275]);
        assert_eq!(timetable.operation(0), Operation::CreateRoom);
        assert_eq!(timetable.operation(4), Operation::DeleteRoom);
        assert_eq!(timetable.operation(5), Operation::CreateRoom);
    }

    /// Coordinated omission: what was never sent, since its user still waited, counts with all the time it was due.
    #[test]
    fn what_was_due_and_not_answered_counts_with_its_waiting() {
        let (sender, receiver) = channel();
        let timetable = Timetable::new(calls(1, 3), sender);
        let begin = timetable.begin();
        timetable.record(0, sample(Operation::CreateRoom));
        let end = begin + Duration::from_millis(1_100);
        let (_, samples, _, cut_off) = timetable.end(end).expect("the first end");
        assert!(samples == 3 && cut_off && timetable.end(end).is_none());
        // After the end nothing is taken any more.
        timetable.record(0, sample(Operation::ListRooms));
        let told: Vec<Sample> = receiver
            .try_iter()
            .map(|record| match record {
                Record::Sample(sample) => sample,
                _ => panic!("no single sample"),
            })
            .collect();
        let waited: Vec<(bool, f64)> = told.iter().map(|sample| (sample.ok, sample.ms.round())).collect();
        assert_eq!(waited, [(true, 1.0), (false, 1000.0), (false, 900.0)]);
        assert!(told[1].is_timed() && told[1].error.is_some());
    }

    #[test]
    fn a_job_shows_no_secret() {
        assert_eq!(format!("{:?}", calls(1, 2)), "Job(RoomCalls, 1 users, 2 rounds)");
    }
}
