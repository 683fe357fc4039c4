//! Who is told what of a deploy, how often, and that nobody learns a secret by it.

use crate::sinks::{Answers, Got, HttpSink, SmtpSink};
use crate::world::{Ended, World};
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

pub(crate) const CANARIES: [&str; 4] =
    ["T0CANARY/B0CANARY/x0canary", "hook-key-canary", "mail-password-canary", "a-secret-of-the-shell"];

/// An environment whose changes are told to these receivers.
pub(crate) fn told(sinks: &str) -> World {
    let world = World::new();
    let text = world.read("deployment.yaml");
    world.put("deployment.yaml", &format!("{text}notifications:\n{sinks}"));
    world
}

fn deploy(world: &World, slack: &str) -> Ended {
    Ended::of(&deploying(world, slack).output().expect("it runs"))
}

pub(crate) fn deploying(world: &World, slack: &str) -> Command {
    let mut command = world.command(&["deploy", "--env", "staging"]);
    command.env("SLACK_URL", slack).env("HOOK_SECRET", CANARIES[1]);
    command.env("MAIL_USER", "greenlight").env("MAIL_PASSWORD", CANARIES[2]);
    command
}

fn json(got: &Got) -> serde_json::Value {
    serde_json::from_str(&got.body).expect("json")
}

/// HMAC-SHA256 as openssl computes it.
fn openssl(key: &str, text: &str) -> String {
    let mut command = Command::new("openssl");
    command.args(["dgst", "-sha256", "-hmac", key, "-r"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().expect("openssl runs");
    child.stdin.take().expect("stdin").write_all(text.as_bytes()).expect("written");
    let output = child.wait_with_output().expect("it ends");
    String::from_utf8(output.stdout).expect("text").split(' ').next().unwrap_or_default().to_owned()
}

#[test]
fn a_deploy_is_told_to_everybody_when_it_begins_and_when_it_ends() {
    let (slack, hook, smtp) =
        (HttpSink::start(Answers::With(200)), HttpSink::start(Answers::With(200)), SmtpSink::start());
    let world = told(&format!(
        "  - slack: {{url_env: SLACK_URL}}
  - webhook: {{url: '{}', secret_env: HOOK_SECRET}}
  - email: {{host: 127.0.0.1, port: {}, tls: none, from: 'Greenlight <g@example.com>', to: [ops@example.com, b@example.com], user_env: MAIL_USER, password_env: MAIL_PASSWORD}}
",
        hook.url("/hook"),
        smtp.port
    ));
    let ended = deploy(&world, &slack.url(&format!("/services/{}", CANARIES[0])));
    assert_eq!(ended.code, Some(0), "{ended:?}");

    let got = slack.got();
    assert_eq!(got.len(), 2, "{got:?}");
    let text = json(&got[1])["text"].as_str().expect("text").to_owned();
    assert!(text.starts_with("*staging: deploy NEW* (") && text.ends_with("Z\nblue -&gt; green"), "{text}");

    let got = hook.got();
    let states: Vec<_> = got.iter().map(|got| json(got)["state"].clone()).collect();
    assert_eq!(states, ["begun", "new"]);
    let notice = json(&got[1]);
    assert_eq!(
        (&notice["format"], &notice["environment"], &notice["what"], &notice["summary"]),
        (&1.into(), &"staging".into(), &"deploy".into(), &"blue -> green".into())
    );
    for got in &got {
        let header = |name: &str| got.headers.get(name).and_then(|value| value.to_str().ok()).expect(name).to_owned();
        let signed = format!("{}.{}", header("x-greenlight-timestamp"), got.body);
        assert_eq!(header("x-greenlight-signature"), format!("sha256={}", openssl(CANARIES[1], &signed)));
    }

    let mails = smtp.mails();
    assert_eq!(mails.len(), 2);
    assert_eq!(
        (mails[1].from.as_str(), &mails[1].to[..]),
        ("g@example.com", &["ops@example.com".to_owned(), "b@example.com".to_owned()][..])
    );
    assert_eq!(mails[1].login, Some(("greenlight".to_owned(), CANARIES[2].to_owned())));
    let mail = mail_parser::MessageParser::default().parse(&mails[1].bytes).expect("a mail");
    assert_eq!(mail.subject(), Some("[greenlight] staging: deploy NEW"));
    let body = mail.body_text(0).expect("a text").replace("\r\n", "\n");
    assert!(body.contains("state        NEW\n") && body.trim_end().ends_with("\n\nblue -> green"), "{body}");
}

/// The failing step prints two secrets; the summary of the end quotes it.
#[test]
fn no_secret_is_written_said_or_sent() {
    let (slack, hook, smtp) =
        (HttpSink::start(Answers::With(500)), HttpSink::start(Answers::With(200)), SmtpSink::start());
    let world = told(&format!(
        "  - slack: {{url_env: SLACK_URL}}
  - webhook: {{url: '{}', secret_env: HOOK_SECRET}}
  - email: {{host: 127.0.0.1, port: {}, tls: none, from: g@example.com, to: [ops@example.com], user_env: MAIL_USER, password_env: MAIL_PASSWORD}}
",
        hook.url("/hook"),
        smtp.port
    ));
    world.put("there/broken", "verify");
    let driver = world.read("driver");
    assert!(driver.contains("is broken: $CANARY_SECRET"));
    world.put(
        "driver",
        &driver.replace("is broken: $CANARY_SECRET", "is broken: $CANARY_SECRET $SLACK_URL $MAIL_PASSWORD"),
    );
    let ended = deploy(&world, &slack.url(&format!("/services/{}", CANARIES[0])));
    assert_eq!(ended.code, Some(7), "{ended:?}");
    assert!(ended.said.contains("not sent to slack SLACK_URL: staging: deploy OLD: it answers 500"), "{}", ended.said);
    assert_eq!(slack.got().len(), 6, "three tries for each of two");
    let summary = json(hook.got().last().expect("the end"))["summary"].to_string();
    assert!(summary.contains("verify is broken: [CANARY_SECRET] [SLACK_URL] [MAIL_PASSWORD]"), "{summary}");
    assert!(world.read("state/audit.jsonl").contains("not sent to slack SLACK_URL"));
    let sent: String = slack.got().iter().chain(&hook.got()).map(|got| format!("{got:?}")).collect();
    let mails: String = smtp.mails().iter().map(|mail| String::from_utf8_lossy(&mail.bytes).into_owned()).collect();
    let all = [world.all_text(), ended.out, ended.said, sent, mails].concat();
    for canary in CANARIES {
        assert!(!all.contains(canary), "{canary} came out");
    }
    assert!(!all.contains("/services/"), "the address came out");
}

/// A deploy is as good with receivers that are down: it ends with its own status, and in bounded time.
#[test]
fn receivers_that_hang_or_are_not_there_fail_nothing() {
    let hangs = HttpSink::start(Answers::Never);
    let world = told(&format!(
        "  - slack: {{url_env: SLACK_URL}}
  - webhook: {{url: '{}', secret_env: NOT_SET_ANYWHERE}}
  - webhook: {{url: 'http://127.0.0.1:9/', secret_env: HOOK_SECRET}}
  - email: {{smtp_url_env: NOT_SET_EITHER, from: g@example.com, to: [ops@example.com]}}
",
        hangs.url("/hook"),
    ));
    let begun = Instant::now();
    let ended = deploy(&world, &hangs.url("/services/T0CANARY"));
    let took = begun.elapsed();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(world.is_all_new());
    assert!(took < Duration::from_secs(30), "{took:?}");
    assert_eq!(hangs.got().len(), 6, "three tries for each of two");
    for words in [
        "no answer within 3 s (3 tries)",
        "the environment variable NOT_SET_ANYWHERE is not set",
        "the environment variable NOT_SET_EITHER is not set",
        "not sent to webhook http://127.0.0.1:9/: staging: deploy NEW: error sending request: Connection refused",
    ] {
        assert!(ended.said.contains(words), "no {words:?} in: {}", ended.said);
    }
}

/// An answer that says that it never will be any other is believed.
#[test]
fn a_refusal_is_not_tried_again() {
    let hook = HttpSink::start(Answers::With(403));
    let world = told(&format!("  - webhook: {{url: '{}', secret_env: HOOK_SECRET}}\n", hook.url("/hook")));
    assert_eq!(deploy(&world, "").code, Some(0));
    assert_eq!(hook.got().len(), 2);
}

/// `kill -9`, and the same deploy goes on in another process: it has begun once.
#[test]
fn a_deploy_that_goes_on_is_not_told_to_have_begun_again() {
    let hook = HttpSink::start(Answers::With(200));
    let world = told(&format!("  - webhook: {{url: '{}', secret_env: HOOK_SECRET}}\n", hook.url("/hook")));
    // The end of the step before the kill shows that the first notice had its time: it is written down when it is sent.
    world.put(
        "driver",
        &world.read("driver").replace(
            "  start)",
            "  start) timeout 20 sh -c 'until grep -q \"pending.: \\[\\]\" ../state/staging/notices.json; do :; done';",
        ),
    );
    world.put("there/kill", "verify before");
    assert_eq!(deploy(&world, "").code, None, "killed");
    let lock = std::fs::File::open(world.path("state/staging/lock")).expect("a lock");
    lock.lock().expect("let go");
    drop(lock);
    let mut resume = world.command(&["deploy", "resume", "--env", "staging"]);
    let ended = Ended::of(&resume.env("HOOK_SECRET", CANARIES[1]).output().expect("it runs"));
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let states: Vec<_> = hook.got().iter().map(|got| json(got)["state"].clone()).collect();
    assert_eq!(states, ["begun", "new"]);
}
