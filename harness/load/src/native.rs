//! The peak rate without goose: one hyper connection a user, and nothing between it and the samples.

use crate::child::unix_s;
use crate::generator::{Watch, processors};
use crate::job::{Job, Scenario};
use crate::line::Line;
use crate::operation::list_token;
use crate::record::{Answered, Ended, Operation, Record, Sample};
use anyhow::{Context as _, Result, ensure};
use greenlight_clients::{Endpoint, proto};
use http_body_util::Full;
use hyper::Request;
use hyper::body::Bytes;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderValue};
use prost::Message as _;
use std::sync::mpsc::Sender;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};

const PATH: &str = "/twirp/livekit.RoomService/ListRooms";
/// A token is signed once a user and lives for ten minutes.
const LONGEST: Duration = Duration::from_secs(540);
/// Times in one record.
const BATCH: usize = 10_000;

/// Runs the job and writes what became of it.
///
/// # Errors
/// When the job is not for this engine, or a user finds no connection to begin with.
pub(crate) async fn load(job: Job, records: Sender<Record>) -> Result<()> {
    ensure!(job.scenario == Scenario::Peak, "only the scenario `peak` goes without goose: it has no timetable");
    ensure!(job.longest() <= LONGEST, "a peak lasts at most {} s", LONGEST.as_secs());
    let endpoint = job.endpoint()?;
    let mut users = Vec::new();
    for index in 0..job.users {
        users.push(User::connect(&job, &endpoint, index).await?);
    }
    let mut watch = Watch::start();
    watch.begin(job.saturate);
    let begin = Instant::now();
    let end = begin + job.longest();
    let mut crowd = JoinSet::new();
    for user in users {
        crowd.spawn(user.run(job.rounds, end));
    }
    let mut done = Vec::new();
    while let Some(user) = crowd.join_next().await {
        done.push(user.context("a user panicked")?);
    }
    let (cpu_s, lag_ms) = watch.so_far();
    let mut ended = Ended {
        samples: 0,
        counted_by_goose: 0,
        began_unix_s: unix_s(begin),
        wall_s: begin.elapsed().as_secs_f64(),
        cpu_s,
        processors: processors(),
        lag_ms,
        open_at_once: job.users,
        cut_off: false,
    };
    for user in done {
        ended.counted_by_goose += user.sent;
        ended.cut_off |= user.samples() < job.rounds;
        ended.samples += user.write(job.rounds, &records)?;
    }
    records.send(Record::Ended(Box::new(ended))).ok().context("nobody writes")
}

/// One user with a connection of its own.
struct User {
    endpoint: Endpoint,
    line: Option<Line>,
    host: HeaderValue,
    token: HeaderValue,
    body: Bytes,
    /// Rounds that ended, with an answer or without.
    sent: usize,
    free_at: Instant,
    answered_ns: Vec<u64>,
    failed: Vec<Sample>,
}

impl User {
    async fn connect(job: &Job, endpoint: &Endpoint, index: usize) -> Result<Self> {
        let token = list_token(&job.key())?;
        let mut token = HeaderValue::from_str(&format!("Bearer {}", token.expose()))?;
        token.set_sensitive(true);
        let names = vec![job.room(index).to_owned()];
        Ok(Self {
            line: Some(Line::open(endpoint).await.with_context(|| format!("connecting to {}", endpoint.url()))?),
            endpoint: endpoint.clone(),
            host: HeaderValue::from_str(endpoint.authority())?,
            token,
            body: proto::ListRoomsRequest { names }.encode_to_vec().into(),
            sent: 0,
            free_at: Instant::now(),
            answered_ns: Vec::with_capacity(job.rounds),
            failed: Vec::new(),
        })
    }

    /// Its rounds, as many as there is time for.
    async fn run(mut self, rounds: usize, end: Instant) -> Self {
        self.free_at = Instant::now();
        let all = async {
            for _ in 0..rounds {
                let outcome = self.round().await;
                self.sent += 1;
                self.record(outcome);
            }
        };
        // The end cuts off whoever still waits; the rounds behind that get samples that say so.
        let _ = timeout_at(end, all).await;
        self
    }

    async fn round(&mut self) -> Result<u16, String> {
        let mut line = match self.line.take() {
            Some(line) => line,
            None => Line::open(&self.endpoint).await.map_err(|error| error.to_string())?,
        };
        let mut request = Request::new(Full::new(self.body.clone()));
        *request.method_mut() = hyper::Method::POST;
        *request.uri_mut() = hyper::Uri::from_static(PATH);
        let headers = request.headers_mut();
        headers.insert(HOST, self.host.clone());
        headers.insert(AUTHORIZATION, self.token.clone());
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/protobuf"));
        let status = line.exchange(request).await.map_err(|error| error.to_string())?;
        // A target that ends the connection after an answer gets a new one.
        self.line = (!line.is_closed()).then_some(line);
        Ok(status)
    }

    fn record(&mut self, outcome: Result<u16, String>) {
        let now = Instant::now();
        let took = now.duration_since(self.free_at);
        match outcome {
            Ok(200) => self.answered_ns.push(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX)),
            Ok(status) => self.failed.push(failed(took, Some(status), status.to_string())),
            Err(error) => self.failed.push(failed(took, None, error)),
        }
        self.free_at = now;
    }

    fn samples(&self) -> usize {
        self.answered_ns.len() + self.failed.len()
    }

    /// Writes its samples, with one for each round that found no time; gives their number.
    fn write(mut self, rounds: usize, records: &Sender<Record>) -> Result<usize> {
        let waited = self.free_at.elapsed();
        for _ in self.samples()..rounds {
            self.failed.push(failed(waited, None, "no answer by the end of the load".to_owned()));
        }
        let count = self.samples();
        for ns in self.answered_ns.chunks(BATCH) {
            let answered = Answered { operation: Operation::ListRooms, ns: ns.to_vec() };
            records.send(Record::Answered(answered)).ok().context("nobody writes")?;
        }
        for sample in self.failed {
            records.send(Record::Sample(sample)).ok().context("nobody writes")?;
        }
        Ok(count)
    }
}

fn failed(took: Duration, status: Option<u16>, error: String) -> Sample {
    let ms = took.as_secs_f64() * 1e3;
    Sample { operation: Operation::ListRooms, ms, due_ms: None, late_ms: 0.0, ok: false, status, error: Some(error) }
}

#[cfg(test)]
mod tests;
