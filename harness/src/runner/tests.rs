//! The runner under checks that hang, panic, skip, drill and leave things behind.

use super::Executor;
use crate::check::{Capability, Check, CheckFuture, Lane};
use crate::{Action, Ctx, Fault, FileSystem, Interrupt, Operating, Operator, PartState, Target, TargetKind};
use greenlight_clients::{Http, Key, Secret};
use greenlight_config::{ExpectedSkips, StagingTests, Waiver};
use greenlight_reports::Limit::AtLeast;
use greenlight_reports::{Attempt, Component, Identity, NodeIdentity, Outcome};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A check with an id of its own and nothing else of interest.
pub(crate) fn check(id: &'static str, tags: &'static [&'static str]) -> &'static Check {
    with(id, tags, Lane::Shared, |_| Box::pin(async { crate::PassBuilder::new().counted("tries", 1, AtLeast(1.0)) }))
}

fn with(
    id: &'static str,
    tags: &'static [&'static str],
    lane: Lane,
    run: for<'a> fn(&'a Ctx) -> CheckFuture<'a>,
) -> &'static Check {
    Box::leak(Box::new(Check {
        id,
        title: "a claim",
        tags,
        blame: Component::LivekitServer,
        needs: &[],
        timeout: Duration::from_millis(200),
        lane,
        proven_by: &[Fault::RedisStopped],
        fix: "look",
        source: crate::source!(),
        run,
    }))
}

/// A target that nobody listens at; these checks never ask it.
pub(crate) fn target() -> Target {
    greenlight_clients::install_crypto_provider();
    let entry = Http::trusting("").expect("a client").endpoint("http://127.0.0.1:9");
    let key = Key { id: "key".into(), secret: Secret::new("a-secret-of-the-target") };
    Target::known_by(TargetKind::Containers, entry, key, StagingTests::shipped().expect("shipped").limits, [].into())
}

fn executor() -> Executor {
    Executor {
        target: Arc::new(target()),
        run_id: "test1".into(),
        interrupt: Interrupt::default(),
        lanes: super::Lanes::default(),
        expected_skips: ExpectedSkips::default(),
        waivers: vec![],
        blind: false,
        recording: None,
        leftovers: Mutex::default(),
        identity: Mutex::new(target().identity),
        restarts: Mutex::default(),
    }
}

async fn attempt(run: for<'a> fn(&'a Ctx) -> CheckFuture<'a>) -> Attempt {
    executor().attempt(with("a.b", &[], Lane::Shared, run)).await.expect("an attempt")
}

#[tokio::test]
async fn a_hanging_check_is_errored_at_its_timeout() {
    let hung = attempt(|_| Box::pin(std::future::pending())).await;
    assert_eq!(hung.outcome, Outcome::Errored);
    assert_eq!(hung.reason.as_deref(), Some("did not end within its 0.2 s"));
}

#[tokio::test]
async fn a_panicking_check_is_errored_with_its_message() {
    let panicked = attempt(|_| Box::pin(async { panic!("index {} is out of range", 7) })).await;
    assert_eq!(panicked.outcome, Outcome::Errored);
    assert_eq!(panicked.reason.as_deref(), Some("the check panicked: index 7 is out of range"));
}

#[tokio::test]
async fn a_skip_that_nobody_announced_is_a_failure() {
    let skipped = attempt(|_| Box::pin(async { crate::skip!("no TURN") })).await;
    assert_eq!(skipped.outcome, Outcome::Failed);
    assert_eq!(skipped.failure.expect("a failure").found, "skipped: no TURN");
}

#[tokio::test]
async fn a_missing_capability_is_a_failure_too() {
    let check = check("a.b", &[]);
    let needy = Box::leak(Box::new(Check { needs: &[Capability::Redis], title: "x", ..copy(check) }));
    let missing = executor().attempt(needy).await.expect("an attempt");
    assert_eq!(missing.failure.expect("a failure").found, "skipped: the target does not offer a Redis address");
}

/// The reason names the setting; and a setting excuses nothing else that is missing.
#[tokio::test]
async fn what_a_setting_withholds_is_skipped_with_that_setting() {
    let mut executor = executor();
    let withheld = [(Capability::Media, "`media: network` in staging_tests.yaml".to_owned())].into();
    executor.target = Arc::new(Target { withheld, ..target() });
    let needs = |needs| &*Box::leak(Box::new(Check { needs, ..copy(check("a.b", &[])) }));
    let skipped = executor.attempt(needs(&[Capability::Media])).await.expect("an attempt");
    assert_eq!(skipped.outcome, Outcome::Skipped);
    let reason = skipped.reason.expect("a reason");
    assert!(reason.ends_with("(`media: loopback`): `media: network` in staging_tests.yaml"), "{reason}");
    let both = executor.attempt(needs(&[Capability::Media, Capability::Redis])).await.expect("an attempt");
    assert_eq!(both.failure.expect("a failure").found, "skipped: the target does not offer a Redis address");
}

fn copy(check: &Check) -> Check {
    let Check { id, title, tags, blame, needs, timeout, lane, proven_by, fix, source, run } = *check;
    Check { id, title, tags, blame, needs, timeout, lane, proven_by, fix, source, run }
}

#[tokio::test]
async fn an_interrupt_ends_a_running_check_without_a_result() {
    let executor = executor();
    let hanging = with("a.b", &[], Lane::Shared, |_| Box::pin(std::future::pending()));
    let (attempt, ()) = tokio::join!(executor.attempt(hanging), async { executor.interrupt.set() });
    assert!(attempt.is_none());
    assert!(executor.attempt(check("a.c", &[])).await.is_none(), "a check started after the interrupt");
}

static ALONE: AtomicBool = AtomicBool::new(true);

#[tokio::test]
async fn an_exclusive_check_runs_alone() {
    let executor = executor();
    let shared = with("a.shared", &[], Lane::Shared, |_| {
        Box::pin(async {
            ALONE.store(false, Ordering::SeqCst);
            tokio::task::yield_now().await;
            ALONE.store(true, Ordering::SeqCst);
            crate::PassBuilder::new().counted("tries", 1, AtLeast(1.0))
        })
    });
    let exclusive = with("a.exclusive", &[], Lane::Exclusive, |_| {
        Box::pin(async {
            let alone = usize::from(ALONE.load(Ordering::SeqCst));
            crate::PassBuilder::new().counted("alone", alone, AtLeast(1.0))
        })
    });
    for _ in 0..20 {
        let (_, seen, _) =
            tokio::join!(executor.attempt(shared), executor.attempt(exclusive), executor.attempt(shared));
        assert_eq!(seen.expect("an attempt").outcome, Outcome::Passed);
    }
}

#[tokio::test]
async fn a_room_that_can_not_be_removed_is_reported() {
    let executor = executor();
    let naming = with("a.b", &[], Lane::Shared, |ctx| {
        let _name = ctx.name("room");
        Box::pin(async { crate::PassBuilder::new().counted("tries", 1, AtLeast(1.0)) })
    });
    assert!(executor.attempt(naming).await.is_some());
    assert_eq!(*executor.leftovers.lock().expect("lock"), ["glt-test1-a.b-room"]);
}

/// Answers so many requests with the first status and an empty body, and all others with the second.
async fn server(first: &'static str, times: usize, then: &'static str) -> String {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        let mut statuses = std::iter::repeat_n(first, times).chain(std::iter::repeat(then));
        while let (Ok((mut stream, _)), Some(status)) = (listener.accept().await, statuses.next()) {
            let _ = stream.read(&mut [0; 4096]).await;
            let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    format!("http://{address}")
}

#[tokio::test]
async fn a_refused_removal_leaves_the_room() {
    const BUSY: &str = "503 Service Unavailable";
    let still = || vec!["glt-x".to_owned()];
    // A removal that fails is two requests: whether it is there is asked, too. Where that is not known, nothing is made.
    for (status, times, then, left) in [
        ("401 Unauthorized", 0, "401 Unauthorized", still()),
        ("200 OK", 0, "200 OK", vec![]),
        (BUSY, 4, "200 OK", vec![]),
        (BUSY, 6, "200 OK", still()),
    ] {
        let mut executor = executor();
        let http = Http::trusting("").expect("a client");
        executor.target = Arc::new(Target { entry: http.endpoint(server(status, times, then).await), ..target() });
        executor.clean(&["glt-x".to_owned()]).await;
        assert_eq!(*executor.leftovers.lock().expect("lock"), left, "{status}");
    }
}

static NAMED: AtomicBool = AtomicBool::new(false);

#[tokio::test]
async fn an_interrupted_check_is_cleaned_up_too() {
    let executor = executor();
    let naming = with("a.b", &[], Lane::Shared, |ctx| {
        let _name = ctx.name("room");
        NAMED.store(true, Ordering::SeqCst);
        Box::pin(std::future::pending())
    });
    let interrupt = async {
        while !NAMED.load(Ordering::SeqCst) {
            tokio::task::yield_now().await;
        }
        executor.interrupt.set();
    };
    let (attempt, ()) = tokio::join!(executor.attempt(naming), interrupt);
    assert!(attempt.is_none());
    assert_eq!(*executor.leftovers.lock().expect("lock"), ["glt-test1-a.b-room"]);
}

static DROPPED: AtomicBool = AtomicBool::new(false);

struct OnDrop;

impl Drop for OnDrop {
    fn drop(&mut self) {
        DROPPED.store(true, Ordering::SeqCst);
    }
}

#[tokio::test]
async fn a_check_has_ended_when_its_timeout_is_reported() {
    let slow = attempt(|_| {
        Box::pin(async {
            let _guard = OnDrop;
            std::future::pending().await
        })
    })
    .await;
    assert_eq!(slow.outcome, Outcome::Errored);
    assert!(slow.duration_ms >= 200, "{} ms", slow.duration_ms);
    assert!(DROPPED.load(Ordering::SeqCst), "the check goes on behind its timeout");
}

#[tokio::test]
async fn a_failure_without_a_blame_has_the_blame_of_the_check() {
    let red = attempt(|_| Box::pin(async { Err(crate::prelude::failed("a", "b", "c", "d", None)) })).await;
    assert_eq!(red.failure.map(|failure| failure.blame), Some(Component::LivekitServer));
}

fn waiver(applies_to: &str) -> Waiver {
    let (check, reason, link, owner) = ("a.b".into(), "known".into(), "livekit#4756".into(), "us".into());
    Waiver { what: "a".into(), check, reason, link, owner, applies_to: Some(applies_to.into()), expires: None }
}

fn red(_: &Ctx) -> CheckFuture<'_> {
    Box::pin(async { Err(crate::prelude::failed("a", "b", "c", "d", None)) })
}

#[tokio::test]
async fn a_waiver_turns_a_failure_into_a_warning_as_long_as_it_applies() {
    for (applies_to, outcome) in [("<1.13.6", Outcome::Warned), ("<1.13.5", Outcome::Failed)] {
        let mut executor = executor();
        let node =
            NodeIdentity { name: "a".into(), node_id: "ND_1".into(), version: "1.13.5".into(), config_sha256: None };
        executor.target =
            Arc::new(Target { identity: Identity { nodes: vec![node], images: vec![], tls_pin: None }, ..target() });
        executor.waivers = vec![waiver(applies_to)];
        let attempt = executor.attempt(with("a.b", &[], Lane::Shared, red)).await.expect("an attempt");
        assert_eq!((attempt.outcome, attempt.waiver.is_some()), (outcome, outcome == Outcome::Warned));
        assert!(attempt.failure.is_some(), "what is waived is still told");
        let other = executor.attempt(with("a.c", &[], Lane::Shared, red)).await.expect("an attempt");
        assert_eq!(other.outcome, Outcome::Failed, "a waiver is for one check");
    }
}

#[tokio::test]
async fn a_waiver_does_not_excuse_what_could_not_be_found_out() {
    let mut executor = executor();
    let node = NodeIdentity { name: "a".into(), node_id: "ND_1".into(), version: "1.13.5".into(), config_sha256: None };
    executor.target =
        Arc::new(Target { identity: Identity { nodes: vec![node], images: vec![], tls_pin: None }, ..target() });
    executor.waivers = vec![waiver("<1.13.6")];
    let unknown = with("a.b", &[], Lane::Shared, |_| Box::pin(async { Err(anyhow::anyhow!("no answer").into()) }));
    assert_eq!(executor.attempt(unknown).await.expect("an attempt").outcome, Outcome::Errored);
}

#[tokio::test]
async fn a_concern_makes_a_warning_with_what_was_measured() {
    let warned = attempt(|_| {
        Box::pin(async {
            let pass = crate::PassBuilder::new().counted("tries", 3, AtLeast(1.0))?;
            pass.warned(crate::prelude::failed("it ends soon", "3 days", "30 days", "renew it", None))
        })
    })
    .await;
    assert_eq!((warned.outcome, warned.measured.len()), (Outcome::Warned, 1));
    assert_eq!(warned.failure.expect("the concern").found, "3 days");
}

#[tokio::test]
async fn blind_is_a_failed_assertion_taken_for_a_pass_and_nothing_else() {
    let mut executor = executor();
    executor.blind = true;
    let failing = executor.attempt(with("a.b", &[], Lane::Shared, red)).await.expect("an attempt");
    assert_eq!(failing.outcome, Outcome::Passed);
    let unknown = with("a.b", &[], Lane::Shared, |_| Box::pin(async { Err(anyhow::anyhow!("no answer").into()) }));
    assert_eq!(executor.attempt(unknown).await.expect("an attempt").outcome, Outcome::Errored);
}

/// Counts how often it was asked to heal.
#[derive(Default)]
struct Hands(std::sync::atomic::AtomicUsize, bool);

impl Operator for Hands {
    fn parts(&self) -> Vec<String> {
        vec![]
    }
    fn act<'a>(&'a self, _: &'a str, _: Action) -> Operating<'a, ()> {
        Box::pin(async { Ok(()) })
    }
    fn state<'a>(&'a self, part: &'a str) -> Operating<'a, PartState> {
        Box::pin(async move { anyhow::bail!("no part {part}") })
    }
    fn usage<'a>(&'a self, part: &'a str) -> Operating<'a, crate::Usage> {
        Box::pin(async move { anyhow::bail!("nothing is known of {part}") })
    }

    fn read<'a>(&'a self, _: &'a str, path: &'a str) -> Operating<'a, (String, u32)> {
        Box::pin(async move { anyhow::bail!("no file {path}") })
    }
    fn process<'a>(&'a self, part: &'a str, _: &'a str) -> Operating<'a, String> {
        Box::pin(async move { anyhow::bail!("no part {part}") })
    }
    fn file_systems<'a>(&'a self, _: &'a str) -> Operating<'a, Option<Vec<FileSystem>>> {
        Box::pin(async { Ok(None) })
    }
    fn configure<'a>(&'a self, part: &'a str, _: &'a str, _: &'a Secret) -> Operating<'a, ()> {
        Box::pin(async move { anyhow::bail!("no part {part}") })
    }
    fn heal(&self) -> Operating<'_, Vec<String>> {
        self.0.fetch_add(1, Ordering::SeqCst);
        Box::pin(async { if self.1 { anyhow::bail!("it stays down") } else { Ok(vec![]) } })
    }
}

/// However a drill ends, what it has left is healed, and what can't be healed is said.
#[tokio::test]
async fn a_drill_is_healed_however_it_ends() {
    let endings: [for<'a> fn(&'a Ctx) -> CheckFuture<'a>; 3] =
        [red, |_| Box::pin(async { panic!("in the middle of a drill") }), |_| Box::pin(std::future::pending())];
    for run in endings {
        for stays_down in [false, true] {
            let hands = Arc::new(Hands(Default::default(), stays_down));
            let mut executor = executor();
            let capabilities = [Capability::Drill].into();
            executor.target = Arc::new(Target { operator: Some(hands.clone()), capabilities, ..target() });
            let drill = Box::leak(Box::new(Check {
                needs: &[Capability::Drill],
                ..copy(with("a.drill", &[], Lane::Exclusive, run))
            }));
            assert!(executor.attempt(drill).await.expect("an attempt").outcome.is_red());
            assert_eq!(hands.0.load(Ordering::SeqCst), 1);
            let left = executor.leftovers.lock().expect("lock").join(" ");
            assert_eq!(left.contains("it stays down"), stays_down, "{left}");
        }
    }
}

/// A waiver is about one known failure: neither another failure of the same check nor a check that was not made.
#[tokio::test]
async fn a_waiver_hides_neither_another_failure_nor_that_nothing_was_tested() {
    let mut executor = executor();
    let node = NodeIdentity { name: "a".into(), node_id: "ND_1".into(), version: "1.13.5".into(), config_sha256: None };
    executor.target =
        Arc::new(Target { identity: Identity { nodes: vec![node], images: vec![], tls_pin: None }, ..target() });
    executor.waivers = vec![waiver("<1.13.6")];
    let runs: [for<'a> fn(&'a Ctx) -> CheckFuture<'a>; 2] = [
        |_| Box::pin(async { Err(crate::prelude::failed("a valid token is refused", "401", "200", "look", None)) }),
        |_| Box::pin(async { crate::skip!("no address") }),
    ];
    for run in runs {
        let attempt = executor.attempt(with("a.b", &[], Lane::Shared, run)).await.expect("an attempt");
        assert_eq!((attempt.outcome, attempt.waiver), (Outcome::Failed, None));
    }
    let needy = Box::leak(Box::new(Check { needs: &[Capability::Turn], ..copy(with("a.b", &[], Lane::Shared, red)) }));
    assert_eq!(executor.attempt(needy).await.expect("an attempt").outcome, Outcome::Failed);
}

/// On the emulator: a check that is left out is not started, and of one that sends what nobody has recorded nothing is
/// believed, not even a pass. Port 9 of this machine answers nobody, which is told as well.
#[tokio::test]
async fn what_was_not_recorded_is_skipped_whatever_came_of_it() {
    let asks = with("a.asks", &[], Lane::Shared, |ctx| {
        Box::pin(async {
            let _nobody = ctx.entry().get("/new", None).await;
            crate::PassBuilder::new().counted("tries", 1, AtLeast(1.0))
        })
    });
    let judge = |check: &str, events: &[greenlight_clients::WireEvent]| {
        (!events.is_empty()).then(|| format!("{check} sends {} things that nobody recorded", events.len()))
    };
    let left_out = [("a.left".to_owned(), "not recorded".to_owned())].into();
    let mut executor = executor();
    executor.target = Arc::new(Target { kind: TargetKind::Emulator, ..target() });
    executor.recording = Some(Arc::new(crate::Recording::judged(left_out, Box::new(judge))));
    let said = async |check| {
        let attempt = executor.attempt(check).await.expect("an attempt");
        (attempt.outcome, attempt.reason.unwrap_or_default())
    };
    let one = "a.asks sends 1 things that nobody recorded".to_owned();
    assert_eq!(said(asks).await, (Outcome::Skipped, one));
    assert_eq!(said(check("a.left", &[])).await, (Outcome::Skipped, "not recorded".into()));
    assert_eq!(said(check("a.silent", &[])).await.0, Outcome::Passed);
}
