//! Builds that start, answer `/`, and are no good: the suites on the new colour see it, and it never gets traffic or loses
//! it again.

use crate::world::{World, docker, done};
use greenlight_clients::{Http, Rooms, proto};
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// With so much of a processor the room API does not answer 40 calls a second in time on any machine: each costs a node
/// about a millisecond of its processor time, more on a slow one.
const THROTTLED_CPUS: &str = "0.03";
/// Each goes to a node of the server's choice: that none of so many goes to the dead one of two is one in a thousand.
const ROOMS: usize = 10;
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Blue is good and has the traffic. After each of the others blue has it still, verified, and nothing else is left.
pub(super) fn bad_builds() {
    let world = &World::start();
    assert_eq!(world.deploy().0, Some(0));
    world.put("deployment.yaml", &with_suites(world));
    let good = world.read("livekit.yaml");
    let redis = format!("{}-redis", world.name);

    // The server takes it in silence; `/` is 200, and whoever makes or joins a room gets 500 (livekit-server 1.13.5).
    world.put("livekit.yaml", &format!("{good}node_selector:\n  sort_by: bogus\n"));
    never(world, "refuses joins", &["unknown sort by option"]);

    world.put("livekit.yaml", &good.replace(world.key.secret.expose(), "another-secret-than-applications-sign-with"));
    never(world, "other keys", &["the target knows this API key and has another secret for it"]);

    world.another_redis();
    world.put("livekit.yaml", &good.replace(&redis, &format!("{redis}-other")));
    never(world, "another Redis", &["failed   infrastructure.cross_node_room"]);
    let red = failed(world, "verify");
    assert!(red.contains(&"infrastructure.cross_node_room".to_owned()), "{red:?}");

    world.put("livekit.yaml", &good);
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| throttle(world, &over));
        taken_back(world, "slow", &["failed   performance.api_response_time"]);
        over.store(true, Ordering::Relaxed);
    });
    assert_eq!(failed(world, "watch"), ["performance.api_response_time"]);
    let slow = world.read("watch/junit.xml");
    // Whether answers come late or not at all is a matter of the machine.
    assert!(slow.contains("{load=steady}") && slow.contains(" is beyond its threshold"), "{slow}");

    through_a_proxy(world);

    // The same lines let a good one through.
    let begun = Instant::now();
    let (code, said) = world.deploy();
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(world.there(), (vec!["green".to_owned()], "green".to_owned()));
    eprintln!("  a good build: all new, exit 0, {:.1} s", begun.elapsed().as_secs_f64());
}

/// What no setting of the server does: it accepts tokens that were forged, and it is slow by just ten times. Both through
/// the mutant proxy before the port of green, on the real server behind it.
fn through_a_proxy(world: &World) {
    let lines = world.read("deployment.yaml");
    let [blue, green] = [0, 1].map(|colour| world.urls[colour].rsplit(':').next().expect("a port").to_owned());
    let through = |proxy: &Proxy, line: &str, arguments: &str| {
        let port = &proxy.port;
        let to = format!("--url ws://127.0.0.1:{port} {arguments}");
        let lines = match line {
            "verify" => lines.replacen("--target url --tag smoke", &format!("--target url {to}"), 1),
            _ => lines.replacen("--url \"$LIVEKIT_URL\"", &to, 1),
        };
        // What may be loaded is what the environment names.
        lines.replacen("nodes: [", &format!("nodes: [{{name: proxy, url: \"ws://127.0.0.1:{port}\"}}, "), 1)
    };

    let forged = Proxy::before(world, &green, &["--proxy", "forged_tokens_accepted"]);
    world.put("deployment.yaml", &through(&forged, "verify", "--suite auth"));
    never(world, "forged tokens accepted, through the mutant proxy", &[]);
    let red = failed(world, "verify");
    assert!(red.contains(&"auth.tampered_token_refused".to_owned()), "{red:?}");

    // What ten times is, the colour that has the traffic says, by the same path.
    let even = Proxy::before(world, &blue, &["--delay-ms", "0"]);
    // Only blue runs now.
    let alone = through(&even, "watch", "").replace("nodes: [", "nodes: []}\n    # [");
    world.put(
        "deployment.yaml",
        &alone.replace("url: \"ws://127.0.0.1:1\"", &format!("url: \"ws://127.0.0.1:{}\"", even.port)),
    );
    let limits = world.path("limits.yaml");
    let shipped = include_str!("../../../config/staging_tests.yaml");
    let compares = shipped.replacen("p(50) < 200ms'", "p(50) < 200ms, vs baseline +400%'", 1);
    assert_ne!(compares, shipped);
    world.put("limits.yaml", &compares);
    let baseline = world.path("baseline.json");
    let recorded = Command::new(suites())
        .args(["--target", "production", "--allow", "load", "--test", "performance.api_response_time"])
        .args(["--url", &format!("ws://127.0.0.1:{}", even.port)])
        .args(
            [
                ["--deployment", &world.path("deployment.yaml").display().to_string()],
                ["--config", &limits.display().to_string()],
            ]
            .concat(),
        )
        .args([
            "--out",
            &world.path("record").display().to_string(),
            "--record-baseline",
            &baseline.display().to_string(),
        ])
        .envs([("LIVEKIT_API_KEY", world.key.id.as_str()), ("LIVEKIT_API_SECRET", world.key.secret.expose())])
        .output()
        .expect("the suites");
    assert!(recorded.status.success(), "{}", String::from_utf8_lossy(&recorded.stderr));
    let once_ms = median(world, "record");
    let delay = (once_ms * 9.0).round().to_string();
    let slow = Proxy::before(world, &green, &["--delay-ms", &delay]);
    let held = format!("--config {} --baseline {}", limits.display(), baseline.display());
    world.put("deployment.yaml", &through(&slow, "watch", &held));
    taken_back(world, "slow by ten times", &["failed   performance.api_response_time"]);
    let (slow_ms, times) = (median_found(world), once_ms);
    eprintln!("    api_ms p(50): {times:.1} ms on blue, {slow_ms} on green");
    world.put("deployment.yaml", &lines);
}

/// The mutant proxy before a port, as long as this lives.
struct Proxy {
    child: Child,
    port: String,
}

impl Proxy {
    fn before(world: &World, port: &str, arguments: &[&str]) -> Self {
        let mut child = Command::new(suites().with_file_name("greenlight-prove"))
            .args(arguments)
            .args(["--before", port])
            .envs([("LIVEKIT_API_KEY", world.key.id.as_str()), ("LIVEKIT_API_SECRET", world.key.secret.expose())])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the proxy");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("piped")).read_line(&mut line).expect("its port");
        Self { child, port: line.trim().to_owned() }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

/// What a call of the API took, by the report of that line.
fn median(world: &World, line: &str) -> f64 {
    let report: serde_json::Value = serde_json::from_str(&world.read(&format!("{line}/report.json"))).expect("json");
    let measured = report["results"][0]["attempts"][0]["measured"].as_array().expect("measured").clone();
    let median = measured.iter().find(|one| one["name"] == "api_ms{load=steady} p(50)").expect("a median");
    median["value"].as_f64().expect("a number")
}

/// The same where it is worse than the baseline: what was found, in words.
fn median_found(world: &World) -> String {
    let report: serde_json::Value = serde_json::from_str(&world.read("watch/report.json")).expect("json");
    let failure = &report["results"][0]["attempts"][0]["failure"];
    assert_eq!(failure["what"], "api_ms{load=steady} p(50) is worse than the baseline");
    failure["found"].as_str().expect("a text").to_owned()
}

/// It is seen before the switch.
fn never(world: &World, what: &str, reasons: &[&str]) {
    let said = refused(world, what, "never switched", reasons);
    assert!(said.contains("verify       FAILED") && !said.contains("switch       begun"), "{what}: {said}");
}

/// It is seen after the switch.
fn taken_back(world: &World, what: &str, reasons: &[&str]) {
    let said = refused(world, what, "taken back", reasons);
    assert!(said.contains("watch        FAILED") && said.contains("verify_back  done"), "{what}: {said}");
}

fn refused(world: &World, what: &str, ending: &str, reasons: &[&str]) -> String {
    let begun = Instant::now();
    let (code, said) = world.deploy();
    assert_eq!(code, Some(7), "{what}: {said}");
    assert_eq!(world.there(), (vec!["blue".to_owned()], "blue".to_owned()), "{what}: {said}");
    world.serves();
    // Nor does it take rooms with it when it is removed: a node that was killed is given new ones for five seconds more.
    makes_rooms(world);
    for reason in reasons {
        assert!(said.contains(reason), "{what}: no {reason:?} in: {said}");
    }
    eprintln!("  {what}: {ending}, exit 7, {:.1} s", begun.elapsed().as_secs_f64());
    said
}

/// Callers make rooms through the balancer, all at once.
fn makes_rooms(world: &World) {
    greenlight_clients::install_crypto_provider();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let endpoint = Http::trusting("").expect("a client").endpoint(format!("http://127.0.0.1:{}", world.balancer));
    let rooms = Rooms::new(endpoint, world.key.clone());
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..ROOMS {
        let (rooms, name) = (rooms.clone(), format!("after-{number}-{}", rand::random::<u32>()));
        let wanted = proto::CreateRoomRequest { name, empty_timeout: 5, ..Default::default() };
        tasks.spawn_on(async move { rooms.create(&wanted).await }, runtime.handle());
    }
    let made = runtime.block_on(tasks.join_all());
    let refused: Vec<String> =
        made.iter().filter(|made| !matches!(made, Ok(Ok(_)))).map(|made| format!("{made:?}")).collect();
    assert!(refused.is_empty(), "{} of {ROOMS} rooms were refused: {refused:?}", refused.len());
}

/// Takes processor time from the new colour as soon as it has the traffic: a build that is slow before is never switched.
fn throttle(world: &World, over: &AtomicBool) {
    let container = &format!("{}-green", world.name);
    while world.there().1 != "green" && !over.load(Ordering::Relaxed) {
        std::thread::park_timeout(LOOK_EVERY);
    }
    let _ = docker(&["update", "--cpus", THROTTLED_CPUS, container]);
    let quota = done(&["inspect", "--format", "{{.HostConfig.NanoCpus}}", container]);
    assert_eq!(quota, "30000000");
}

/// The program that has the checks, of the same build.
pub(crate) fn suites() -> PathBuf {
    let built = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--locked", "--bin", "greenlight-verify", "--bin", "greenlight-prove"])
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .status();
    assert!(built.expect("cargo").success(), "the suites can't be built");
    PathBuf::from(env!("CARGO_BIN_EXE_greenlight")).with_file_name("greenlight-verify")
}

/// The checks that were red in the report of that line.
fn failed(world: &World, line: &str) -> Vec<String> {
    let report: serde_json::Value = serde_json::from_str(&world.read(&format!("{line}/report.json"))).expect("json");
    let results = report["results"].as_array().expect("results");
    let red = results.iter().filter(|result| result["outcome"] == "failed");
    red.filter_map(|result| result["id"].as_str().map(str::to_owned)).collect()
}

/// The suites in place of the lines `verify` and `watch`: smoke on the colour, with rooms over both colours while the other
/// has the traffic; then a measured load on the colour that has it.
fn with_suites(world: &World) -> String {
    let [suites, out, watch, deployment] =
        [suites(), world.path("verify"), world.path("watch"), world.path("deployment.yaml")]
            .map(|path| path.display().to_string());
    let verify = format!(
        "[sh, -c, 'exec \"$0\" --target url --tag smoke --out \"$1\" \
         ${{GREENLIGHT_OTHER_URL:+--node new=$LIVEKIT_URL --node old=$GREENLIGHT_OTHER_URL}}', \"{suites}\", \"{out}\"]"
    );
    let load = format!(
        "[sh, -c, 'exec \"$0\" --target production --deployment \"$1\" --url \"$LIVEKIT_URL\" --allow load \
         --test performance.api_response_time --out \"$2\"', \"{suites}\", \"{deployment}\", \"{watch}\"]"
    );
    // What may be loaded is what the environment names: both colours.
    let deployment_now = world.read("deployment.yaml");
    let node = |colour: &str| {
        let ports = deployment_now.split(&format!("        {colour}: {{http: ")).nth(1).expect("ports");
        let port = ports.split(',').next().expect("a port");
        format!("{{name: {colour}, url: \"ws://127.0.0.1:{port}\"}}")
    };
    let nodes = format!("{}, {}", node("blue"), node("green"));
    let line = |known: &str| match known.trim_start().split(':').next() {
        Some("verify") => format!("        verify: {{name: verify, run: {verify}, timeout_s: 60}}\n"),
        Some("watch") => format!("        watch: {{name: watch, run: {load}, timeout_s: 60}}\n"),
        Some("artefact") => {
            format!("    target: {{url: \"ws://127.0.0.1:1\", owned: true, nodes: [{nodes}]}}\n{known}\n")
        }
        _ => format!("{known}\n"),
    };
    deployment_now.lines().map(line).collect()
}
