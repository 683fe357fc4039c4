//! From what clients told of the wire to the lines of a recording.

use super::line::{Ask, Body, Heard, Line, Said, Step};
use super::names::{Names, keys_of};
use super::token::taken_out;
use greenlight_emulator::messages::{Form, call, socket};
use greenlight_harness::clients::{Answer, Key, WireEvent, WireRequest};
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::SystemTime;

/// A longer text is not kept.
const TEXT_MAX: usize = 300;
/// The timestamp of pings that a client sends by itself, as often as time makes it.
const AUTOMATIC_PING: &str = "1";
/// Headers of answers that clients go by.
const HEADERS: [&str; 3] = ["allow", "location", "vary"];

/// The lines of one check. `places` are names of addresses: `entry`, and nodes.
pub(crate) fn lines(
    check: &str,
    events: &[WireEvent],
    key: &Key,
    run_id: &str,
    places: &[(String, String)],
) -> Vec<Line> {
    let mut listener = Listener { names: Names::new(key, run_id), places, paths: BTreeMap::new() };
    let mut lines: Vec<Line> = Vec::new();
    for event in events {
        let Some(step) = listener.step(event) else { continue };
        if let (Some(Line { step: Step::Http(before, _), .. }), Step::Http(ask, _)) = (lines.last(), &step)
            && before == ask
        {
            // The ids in the answer before may be meant later.
            let earlier = lines.pop();
            let line = with_ids_of(step, earlier);
            lines.push(Line { check: check.to_owned(), step: line });
            continue;
        }
        lines.push(Line { check: check.to_owned(), step });
    }
    lines
}

fn with_ids_of(step: Step, earlier: Option<Line>) -> Step {
    match (step, earlier.map(|line| line.step)) {
        (Step::Http(ask, mut said), Some(Step::Http(_, before))) => {
            for (place, number) in before.ids {
                said.ids.entry(place).or_insert(number);
            }
            Step::Http(ask, said)
        }
        (step, _) => step,
    }
}

struct Listener<'a> {
    names: Names<'a>,
    places: &'a [(String, String)],
    /// The paths of open WebSockets.
    paths: BTreeMap<u64, String>,
}

impl Listener<'_> {
    fn step(&mut self, event: &WireEvent) -> Option<Step> {
        Some(match event {
            WireEvent::Http(request, answer, bytes) => {
                let ask = self.ask(request);
                let (mut said, json) = said(&self.names, &request.path, answer, bytes);
                said.ids = self.names.hear(&json);
                Step::Http(ask, said)
            }
            WireEvent::Opened(number, request, refusal) => {
                let ask = self.ask(request);
                self.paths.insert(*number, request.path.clone());
                let refusal =
                    refusal.as_ref().map(|answer| said(&self.names, &request.path, answer, answer.body.as_bytes()).0);
                Step::Open(*number, ask, refusal)
            }
            WireEvent::Sent(number, bytes) => {
                let message = self.form(*number).0;
                let message = (message.json)(bytes)?;
                if is_automatic(&message, "pingReq", "timestamp") {
                    return None;
                }
                Step::Sent(*number, without_media(self.names.hidden(&message)))
            }
            WireEvent::Received(number, bytes) => {
                let message = (self.form(*number).1.json)(bytes)?;
                if is_automatic(&message, "pongResp", "lastPingTimestamp") {
                    return None;
                }
                let mut heard = heard(&message);
                heard.ids = self.names.hear(&message);
                Step::Heard(*number, heard)
            }
            WireEvent::Ended(number) => Step::Ended(*number),
            WireEvent::Closed(number) => Step::Closed(*number),
            WireEvent::Unrepeatable(what) => Step::Unrepeatable((*what).to_owned()),
        })
    }

    fn form(&self, number: u64) -> (Form, Form) {
        socket(self.paths.get(&number).map_or("", String::as_str))
    }

    fn ask(&self, request: &WireRequest) -> Ask {
        let mut tokens = Vec::new();
        let mut text = |text: &str| self.names.hidden_text(&taken_out(text, request.at, &self.names, &mut tokens));
        let path = text(&request.path);
        let headers: Vec<_> = request.headers.iter().map(|(name, value)| (name.clone(), text(value))).collect();
        let kind = request.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-type"));
        let body = match kind.map_or("", |(_, value)| value.as_str()) {
            _ if request.body.is_empty() => None,
            "application/protobuf" => {
                form_of(&request.path).and_then(|(form, _)| (form.json)(&request.body)).map(Body::Protobuf)
            }
            "application/json" => serde_json::from_slice(&request.body).ok().map(Body::Json),
            _ => None,
        };
        let body = match body {
            Some(Body::Protobuf(value)) => Some(Body::Protobuf(self.names.hidden(&value))),
            Some(Body::Json(value)) => Some(Body::Json(self.names.hidden(&value))),
            _ if request.body.is_empty() => None,
            _ => Some(Body::Text(text(&String::from_utf8_lossy(&request.body)))),
        };
        let place = self.places.iter().find(|(_, url)| *url == request.base);
        let to = place.map_or("elsewhere", |(name, _)| name).to_owned();
        Ask { to, method: request.method.clone(), path, headers, tokens, body }
    }
}

/// Session descriptions and candidates name addresses and passwords of a machine, and nobody can say them again.
fn without_media(mut message: Value) -> Value {
    for kind in message.as_object_mut().into_iter().flatten().map(|(_, content)| content) {
        for field in ["sdp", "candidateInit"] {
            if let Some(text) = kind.get_mut(field) {
                *text = "<media>".into();
            }
        }
    }
    message
}

fn is_automatic(message: &Value, kind: &str, field: &str) -> bool {
    message.get(kind).is_some_and(|ping| ping.get(field).and_then(Value::as_str) == Some(AUTOMATIC_PING))
}

/// Request and answer of the call at a path.
pub(super) fn form_of(path: &str) -> Option<(Form, Form)> {
    let (service, method) = path.strip_prefix("/twirp/livekit.")?.split_once('/')?;
    call(service, method)
}

/// An answer as far as it is compared, and its JSON.
pub(super) fn said(names: &Names<'_>, path: &str, answer: &Answer, bytes: &[u8]) -> (Said, Value) {
    let json = match answer.content_type.as_str() {
        "application/protobuf" => form_of(path).and_then(|(_, form)| (form.json)(bytes)),
        kind if kind.starts_with("application/json") => serde_json::from_slice(bytes).ok(),
        _ => None,
    };
    let is_told = |name: &str| name.starts_with("access-control-") || HEADERS.contains(&name);
    let shown = |text: &str| names.hidden_text(&taken_out(text, SystemTime::UNIX_EPOCH, names, &mut Vec::new()));
    let headers = answer.headers.iter().filter(|(name, _)| is_told(name));
    let said = Said {
        status: answer.status,
        code: answer.code(),
        content_type: answer.content_type.clone(),
        keys: json.as_ref().map(keys_of).unwrap_or_default(),
        text: match &json {
            None if answer.body.len() <= TEXT_MAX || answer.body.contains("ey") => shown(&answer.body),
            _ => String::new(),
        },
        headers: headers.map(|(name, value)| (name.clone(), shown(value))).collect(),
        ids: BTreeMap::new(),
    };
    (said, json.unwrap_or_default())
}

/// A message from the server as far as it is compared.
pub(super) fn heard(message: &Value) -> Heard {
    let kind = message.as_object().and_then(|fields| fields.keys().next()).cloned().unwrap_or_default();
    Heard { kind, keys: keys_of(message), ids: BTreeMap::new() }
}
