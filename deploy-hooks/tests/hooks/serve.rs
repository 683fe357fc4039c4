//! The gate over HTTP, as rollout engines ask it.

use crate::world::{World, good};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Stdio};

const TOKEN: &str = "a-token-that-is-long-enough";

struct Served {
    child: Child,
    address: String,
}

impl Served {
    fn start(world: &World) -> Self {
        let mut command = world.command(&["gate", "serve", "--env", "staging", "--listen", "127.0.0.1:0"]);
        let mut child = command.env("GREENLIGHT_GATE_TOKEN", TOKEN).stderr(Stdio::piped()).spawn().expect("it runs");
        let mut line = String::new();
        BufReader::new(child.stderr.take().expect("stderr")).read_line(&mut line).expect("a line");
        let address = line.split("http://").nth(1).and_then(|rest| rest.split('/').next()).expect("an address");
        Self { child, address: address.to_owned() }
    }

    /// Status line and body of a request as it is written here.
    fn ask(&self, request: &str) -> (String, String) {
        let mut stream = TcpStream::connect(&self.address).expect("connected");
        stream.write_all(request.as_bytes()).expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        let (head, body) = answer.split_once("\r\n\r\n").expect("head and body");
        (head.lines().next().unwrap_or_default().to_owned(), body.to_owned())
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn request(method: &str, authorization: &str, body: &str) -> String {
    format!(
        "{method} /gate HTTP/1.1\r\nhost: gate\r\nconnection: close\r\n{authorization}content-length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// The body that Flagger posts (its documentation, webhooks): what it says about the release is not listened to.
const FLAGGER: &str =
    r#"{"name":"podinfo","namespace":"test","phase":"Progressing","metadata":{"image":"other","env":"development"}}"#;

#[test]
fn engines_with_the_token_get_yes_or_no_and_nobody_else_gets_anything() {
    let world = World::new();
    let served = Served::start(&world);
    let bearer = format!("authorization: Bearer {TOKEN}\r\n");
    let (status, body) = served.ask(&request("POST", &bearer, FLAGGER));
    assert_eq!(status, "HTTP/1.1 200 OK");
    let answer: serde_json::Value = serde_json::from_str(&body).expect("json");
    assert_eq!((&answer["open"], &answer["environment"]), (&true.into(), &"staging".into()));
    assert_eq!(served.ask(&request("GET", &bearer, "")).0, "HTTP/1.1 200 OK");
    for other in ["", "authorization: Bearer wrong\r\n", "authorization: Basic x\r\n", "authorization: Bearer \r\n"] {
        let (status, body) = served.ask(&request("POST", other, FLAGGER));
        assert_eq!(status, "HTTP/1.1 401 Unauthorized", "{other:?}");
        assert!(!body.contains("open"), "{other:?}: {body}");
    }
    // Read anew for each question: a report that grows old closes the gate.
    world.report(&good(3660));
    let (status, body) = served.ask(&request("POST", &bearer, FLAGGER));
    assert_eq!(status, "HTTP/1.1 403 Forbidden");
    assert!(body.contains("\"open\":false") && body.contains("stale"), "{body}");
    std::fs::remove_file(world.path("report.json")).expect("removed");
    let (status, body) = served.ask(&request("GET", &bearer, ""));
    assert_eq!(status, "HTTP/1.1 403 Forbidden");
    assert!(body.contains("\"open\":false"), "{body}");
}

#[test]
fn without_a_token_nothing_is_served() {
    let world = World::new();
    let ended = world.run(&["gate", "serve", "--env", "staging", "--listen", "127.0.0.1:0"]);
    assert_eq!(ended.code, Some(2));
    assert!(ended.said.contains("GREENLIGHT_GATE_TOKEN"), "{}", ended.said);
}
