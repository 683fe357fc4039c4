//! The native engine against a target that says, byte by byte, what RFC 9112 wants of an answer.

use super::load;
use crate::job::{Engine, Scenario};
use crate::record::{Ended, Record, Sample};
use crate::timetable::tests::calls;
use crate::{Job, Operation};
use greenlight_clients::{Http, Key, Secret};
use std::sync::mpsc::channel;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

/// What the target says to every request, and whether it ends the connection then.
async fn target(answer: &'static str, closes: bool) -> (String, tokio::sync::mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let (sender, heard) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let sender = sender.clone();
            tokio::spawn(async move {
                let mut bytes = vec![0; 4096];
                // A request of these fits into one segment.
                while let Ok(read @ 1..) = stream.read(&mut bytes).await {
                    let _ = sender.send(String::from_utf8_lossy(&bytes[..read]).into_owned());
                    let _ = stream.write_all(answer.as_bytes()).await;
                    if closes {
                        break;
                    }
                }
            });
        }
    });
    (format!("http://{address}"), heard)
}

fn peak(url: &str, users: usize, rounds: usize) -> Job {
    greenlight_clients::install_crypto_provider();
    let key = Key { id: "key".into(), secret: Secret::new("a-secret-that-is-not-shown") };
    let http = Http::trusting("").expect("a client");
    let mut job = Job::new(&http.endpoint(url), &key, Scenario::Peak, vec!["r".into()]);
    (job.users, job.rounds, job.engine) = (users, rounds, Engine::Native);
    job
}

async fn run(job: Job) -> (Vec<Sample>, Ended) {
    let (sender, receiver) = channel();
    load(job, sender).await.expect("a load");
    let (mut samples, mut end) = (Vec::new(), None);
    for record in receiver {
        match record {
            Record::Sample(sample) => samples.push(sample),
            Record::Answered(answered) => samples.extend(answered.samples()),
            Record::Ended(ended) => end = Some(*ended),
        }
    }
    (samples, end.expect("an end"))
}

#[tokio::test]
async fn every_round_is_sent_over_the_users_own_connection_and_sampled() {
    let (url, mut heard) = target("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", false).await;
    let (samples, ended) = run(peak(&url, 2, 3)).await;
    assert_eq!((samples.len(), ended.samples, ended.counted_by_goose, ended.cut_off), (6, 6, 6, false));
    assert!(samples.iter().all(|sample| sample.ok && sample.operation == Operation::ListRooms && sample.ms > 0.0));
    let request = heard.recv().await.expect("a request");
    let (head, body) = request.split_once("\r\n\r\n").expect("a head");
    let mut lines = head.lines();
    assert_eq!(lines.next(), Some("POST /twirp/livekit.RoomService/ListRooms HTTP/1.1"));
    let mut headers: Vec<&str> = lines.collect();
    headers.sort_unstable();
    assert!(headers[0].starts_with("authorization: Bearer eyJ"), "{headers:?}");
    assert_eq!(
        headers[1..],
        ["content-length: 3", "content-type: application/protobuf", &format!("host: {}", &url[7..])]
    );
    // Field 1, a text of one byte: protobuf's encoding of `names: ["r"]`.
    assert_eq!(body, "\n\x01r");
}

#[tokio::test]
async fn a_refusal_is_a_sample_that_is_not_ok_with_its_status() {
    let (url, _heard) = target("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 2\r\n\r\nno", false).await;
    let (samples, ended) = run(peak(&url, 1, 2)).await;
    let seen: Vec<_> = samples.iter().map(|sample| (sample.ok, sample.status, sample.error.as_deref())).collect();
    assert_eq!(seen, [(false, Some(503), Some("503")); 2]);
    assert_eq!((ended.samples, ended.cut_off), (2, false));
}

#[tokio::test]
async fn a_target_that_ends_connections_gets_new_ones() {
    let closing = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    let (url, _heard) = target(closing, true).await;
    let (samples, ended) = run(peak(&url, 1, 5)).await;
    assert_eq!((samples.iter().filter(|sample| sample.ok).count(), ended.counted_by_goose), (5, 5));
}

/// A target that is silent costs a sample for each planned round, with an end that says so.
#[tokio::test]
async fn silence_ends_at_the_bound_and_is_counted() {
    let (url, _heard) = target("", false).await;
    let mut job = peak(&url, 2, 3);
    job.grace_ms = 100;
    let (samples, ended) = run(job).await;
    assert_eq!((samples.len(), ended.samples, ended.cut_off), (6, 6, true));
    assert!(samples.iter().all(|sample| !sample.ok && sample.status.is_none() && sample.ms >= 95.0));
}

#[tokio::test]
async fn a_timetable_needs_goose() {
    let mut job = calls(1, 1);
    job.engine = Engine::Native;
    let error = load(job, channel().0).await.expect_err("refused").to_string();
    assert_eq!(error, "only the scenario `peak` goes without goose: it has no timetable");
}
