//! The driver `docker` on a real engine: livekit-server in two colours behind HAProxy on one Redis, under joins and API
//! calls all the while.
//!
//! Needs a container engine and the images of `cargo xtask images`; without an engine each case is shown as ignored, and
//! with `CI` set that is an error.

#![expect(clippy::expect_used, reason = "a test ends where it can not go on")]

#[path = "hooks/world.rs"]
#[expect(dead_code, reason = "the other tests use the rest")]
mod hooks_world;

use greenlight_clients::{Http, Key, Rooms, Secret, Signal, TokenBuilder, VideoGrant};
use greenlight_reports::{Plan, Redactor, Report, attest, json};
use hooks_world::{good, signer};
use libtest_mimic::{Arguments, Completion, Failed, Trial};
use std::fs;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Command, ExitCode, Output};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

const IMAGES: [&str; 3] = ["greenlight/redis:7.0", "greenlight/haproxy:2.6", "greenlight/livekit-server:v1.13.5"];
type Case = fn(&World);

const CASES: &[(&str, Case)] = &[
    ("traffic_moves_from_colour_to_colour_without_a_failed_join_or_call", moves),
    ("what_does_not_start_or_work_never_gets_traffic", bad_releases),
    ("killed_in_each_phase_it_ends_all_old_or_all_new", killed),
];

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let engine = docker(&["version", "--format", "{{.Server.Version}}"]).status.success();
    if !engine && std::env::var_os("CI").is_some() {
        eprintln!("error: no container engine answers, and with CI set that is no reason to skip");
        return ExitCode::FAILURE;
    }
    let trial = |(name, case): &(&'static str, Case)| {
        let case = *case;
        Trial::ignorable_test(*name, move || match engine {
            false => Ok(Completion::ignored_with("no container engine answers")),
            true => match std::panic::catch_unwind(|| case(&World::start())) {
                Ok(()) => Ok(Completion::Completed),
                Err(panic) => Err(Failed::from(panic.downcast_ref::<String>().cloned().unwrap_or_default())),
            },
        })
    };
    libtest_mimic::run(&Arguments { test_threads: Some(1), ..arguments }, CASES.iter().map(trial).collect()).exit_code()
}

fn docker(arguments: &[&str]) -> Output {
    Command::new("docker").args(arguments).output().expect("the docker client")
}

fn done(arguments: &[&str]) -> String {
    let output = docker(arguments);
    assert!(output.status.success(), "docker {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// Redis and a balancer of an operator's, and the folder with his configuration.
struct World {
    folder: tempfile::TempDir,
    /// Names of the network and of containers begin so.
    name: String,
    key: Key,
    balancer: u16,
    runtime_api: u16,
    /// Where blue and green are, past the balancer.
    urls: [String; 2],
}

impl Drop for World {
    fn drop(&mut self) {
        for part in ["blue", "green", "haproxy", "redis"] {
            docker(&["rm", "-fv", &format!("{}-{part}", self.name)]);
        }
        docker(&["network", "rm", &self.name]);
    }
}

impl World {
    fn start() -> Self {
        let letters: String = (0..5).map(|_| char::from(b'a' + rand::random::<u8>() % 26)).collect();
        let [balancer, runtime_api, a, b, c, d, e, f] = ports();
        let world = Self {
            folder: tempfile::tempdir().expect("a folder"),
            name: format!("gld-{letters}"),
            key: Key { id: "APIprod".into(), secret: Secret::new("a-secret-of-production-that-is-long-enough") },
            balancer,
            runtime_api,
            urls: [a, d].map(|port| format!("http://127.0.0.1:{port}")),
        };
        let name = &world.name;
        done(&["network", "create", name]);
        let redis = ["run", "-d", "--name", &format!("{name}-redis"), "--network", name, IMAGES[0]];
        done(&[&redis[..], &["redis-server", "--save", "", "--protected-mode", "no"]].concat());
        fs::create_dir(world.path("state")).expect("made");
        world.put("state/haproxy.state", "");
        world.put("haproxy.cfg", &haproxy(name));
        let haproxy = format!("{name}-haproxy");
        let publish = |port: u16, inside: u16| format!("127.0.0.1:{port}:{inside}");
        let create = ["create", "--name", &haproxy, "--network", name, "-p", &publish(balancer, 8080)];
        let state = format!("{}:/state", world.path("state").display());
        let rest =
            ["-p", &publish(runtime_api, 9999), "-v", &state, IMAGES[1], "haproxy", "-W", "-db", "-f", "/haproxy.cfg"];
        done(&[&create[..], &rest[..]].concat());
        done(&["cp", &world.path("haproxy.cfg").display().to_string(), &format!("{haproxy}:/haproxy.cfg")]);
        done(&["start", &haproxy]);
        world.put("pub.pem", &signer().verifier().to_pem().expect("pem"));
        world.put("livekit.yaml", &livekit(name, world.key.secret.expose()));
        world.put("deployment.yaml", &world.deployment([a, b, c], [d, e, f]));
        world.report();
        world
    }

    fn path(&self, file: &str) -> PathBuf {
        self.folder.path().join(file)
    }

    fn put(&self, file: &str, text: &str) {
        fs::write(self.path(file), text).expect("written");
    }

    fn read(&self, file: &str) -> String {
        fs::read_to_string(self.path(file)).expect("read")
    }

    fn deployment(&self, blue: [u16; 3], green: [u16; 3]) -> String {
        let ports = |[http, tcp, udp]: [u16; 3]| format!("{{http: {http}, rtc_tcp: {tcp}, rtc_udp: {udp}}}");
        let told = self.path("told").display().to_string();
        let ask = |url: &str| {
            let names = "('GREENLIGHT_COLOUR', 'GREENLIGHT_URL', 'LIVEKIT_URL', 'GREENLIGHT_OTHER_URL')";
            let write = format!("open('{told}', 'a').write(' '.join(os.environ[n] for n in {names}) + '\\\\n')");
            format!("[python3, -c, \"import os, urllib.request as u; {write}; u.urlopen({url}, timeout=5)\"]")
        };
        format!(
            "format: 1
keys: [pub.pem]
state: records
environments:
  production:
    gate: {{report: report.json, required: [api.a], age_max_s: 3600}}
    artefact: {{image: \"{}\"}}
    driver:
      docker:
        name: {}
        network: {}
        config: livekit.yaml
        bind: 127.0.0.1
        blue: {}
        green: {}
        balancer: {{runtime_api: \"127.0.0.1:{}\", backend: nodes, blue: blue, green: green, state_file: state/haproxy.state}}
        verify: {{name: verify, run: {}, timeout_s: 30}}
        watch: {{name: watch, run: {}, timeout_s: 30}}
        drain_timeout_s: 120
",
            IMAGES[2],
            self.name,
            self.name,
            ports(blue),
            ports(green),
            self.runtime_api,
            ask("os.environ['LIVEKIT_URL']"),
            ask(&format!("'http://127.0.0.1:{}/'", self.balancer)),
        )
    }

    /// A signed report about the image that is here.
    fn report(&self) {
        let Report { header, mut subject, results, .. } = good(60);
        let id = done(&["image", "inspect", "--format", "{{.Id}}", IMAGES[2]]);
        subject.before.images[0].id.clone_from(&id);
        subject.after.iter_mut().for_each(|after| after.images[0].id.clone_from(&id));
        let plan = Plan::new(results.iter().map(|result| result.id.clone()).collect());
        let report = Report::sealed(header, subject, plan, results, vec![], &Redactor::default()).expect("consistent");
        fs::write(self.path("report.json"), json(&report).expect("json")).expect("written");
        fs::write(self.path("report.intoto.jsonl"), attest(&report, &signer()).expect("signed")).expect("written");
    }

    fn greenlight(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_greenlight"));
        command.args(arguments).args(["--env", "production", "--config"]).arg(self.path("deployment.yaml"));
        let output = command.output().expect("it runs");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code(), text(&output.stdout) + &text(&output.stderr))
    }

    fn deploy(&self) -> (Option<i32>, String) {
        self.greenlight(&["deploy"])
    }

    /// Which colours exist, and which the balancer's own file would bring back after a reload.
    fn there(&self) -> (Vec<String>, String) {
        let names = done(&["ps", "-a", "--filter", &format!("name={}-", self.name), "--format", "{{.Names}}"]);
        let mut colours: Vec<String> = names
            .lines()
            .filter_map(|name| name.rsplit('-').next())
            .filter(|n| ["blue", "green"].contains(n))
            .map(str::to_owned)
            .collect();
        colours.sort();
        // Field 7 is the administrative state: bits 1 and 8 are maintenance and drain by hand.
        let ready = |line: &str| {
            let fields: Vec<&str> = line.split(' ').collect();
            let state: u32 = fields.get(6)?.parse().ok()?;
            (state & 9 == 0 && fields.get(1) == Some(&"nodes")).then(|| fields[3].to_owned())
        };
        let kept = self.read("state/haproxy.state").lines().filter_map(ready).collect::<Vec<_>>().join(" ");
        (colours, kept)
    }
}

/// Ports that are free at this moment, each another one.
fn ports<const N: usize>() -> [u16; N] {
    let held: Vec<TcpListener> = (0..N).map(|_| TcpListener::bind(("127.0.0.1", 0)).expect("a port")).collect();
    std::array::from_fn(|index| held[index].local_addr().expect("an address").port())
}

fn haproxy(name: &str) -> String {
    format!(
        "global
  stats socket ipv4@0.0.0.0:9999 level admin
  server-state-file /state/haproxy.state
resolvers engine
  nameserver dns 127.0.0.11:53
  hold valid 1s
defaults
  mode http
  retries 2
  option redispatch
  timeout connect 2s
  timeout client 7200s
  timeout server 7200s
  load-server-state-from-file global
frontend clients
  bind :8080
  default_backend nodes
backend nodes
  default-server check inter 500ms fall 2 rise 1 resolvers engine init-addr none
  server blue {name}-blue:7880 disabled
  server green {name}-green:7880 disabled
"
    )
}

fn livekit(name: &str, secret: &str) -> String {
    format!(
        "port: 7880
redis:
  address: {name}-redis:6379
rtc:
  node_ip: 127.0.0.1
  use_external_ip: false
keys:
  APIprod: {secret}
"
    )
}

/// Joins and calls through the balancer, and how many of them failed.
#[derive(Default)]
struct Load {
    joins: AtomicUsize,
    calls: AtomicUsize,
    failures: std::sync::Mutex<Vec<String>>,
}

impl Load {
    fn failed(&self, what: String) {
        self.failures.lock().expect("unpoisoned").push(what);
    }

    /// 20 calls and 5 joins a second until the token is cancelled; five joins share a room, and each stays ten seconds.
    async fn run(self: Arc<Self>, url: String, key: Key, stop: CancellationToken) {
        let endpoint = Http::trusting("").expect("a client").endpoint(url);
        let (rooms, signal) = (Rooms::new(endpoint.clone(), key.clone()), Signal::new(endpoint));
        let mut ticks = tokio::time::interval(Duration::from_millis(50));
        let mut tasks = tokio::task::JoinSet::new();
        for tick in 0_usize.. {
            tokio::select! {
                _ = ticks.tick() => {}
                () = stop.cancelled() => break,
            }
            let (load, rooms) = (self.clone(), rooms.clone());
            tasks.spawn(async move {
                load.calls.fetch_add(1, Ordering::Relaxed);
                match rooms.list(&[]).await {
                    Ok(Ok(_)) => {}
                    Ok(Err(refusal)) => load.failed(format!("ListRooms: {refusal}")),
                    Err(error) => load.failed(format!("ListRooms: {error}")),
                }
            });
            if tick % 4 == 0 {
                let (load, signal, key) = (self.clone(), signal.clone(), key.clone());
                tasks.spawn(async move {
                    load.joins.fetch_add(1, Ordering::Relaxed);
                    let grant = VideoGrant::join(format!("room-{}", tick / 20));
                    let token = TokenBuilder::new(&key, grant).identity(format!("user-{tick}")).sign().expect("signed");
                    match signal.join(&token).await {
                        Ok(session) => {
                            let mut stay = tokio::time::interval(Duration::from_secs(10));
                            stay.tick().await;
                            stay.tick().await;
                            session.leave().await;
                        }
                        Err(error) => load.failed(format!("join: {error}")),
                    }
                });
            }
        }
        while tasks.join_next().await.is_some() {}
    }
}

/// The first deploy, then two more with traffic on all the while.
fn moves(world: &World) {
    let (code, said) = world.deploy();
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(world.there(), (vec!["blue".to_owned()], "blue".to_owned()));
    // Both lines are told where the colour and the other one are.
    let [blue, green] = world.urls.clone();
    assert_eq!(world.read("told"), format!("blue {blue} {blue} {green}\n").repeat(2));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let (load, stop) = (Arc::new(Load::default()), CancellationToken::new());
    let url = format!("http://127.0.0.1:{}", world.balancer);
    greenlight_clients::install_crypto_provider();
    let running = runtime.spawn(load.clone().run(url, world.key.clone(), stop.clone()));
    let rounds: usize = std::env::var("GREENLIGHT_TEST_DEPLOYS").ok().and_then(|n| n.parse().ok()).unwrap_or(2);
    for round in 0..rounds {
        let colour = ["green", "blue"][round % 2];
        let (code, said) = world.deploy();
        assert_eq!(code, Some(0), "{said}");
        assert_eq!(world.there(), (vec![colour.to_owned()], colour.to_owned()), "{said}");
    }
    stop.cancel();
    runtime.block_on(running).expect("the load ended");
    let (joins, calls) = (load.joins.load(Ordering::Relaxed), load.calls.load(Ordering::Relaxed));
    let failures = load.failures.lock().expect("unpoisoned").clone();
    eprintln!("{} of {joins} joins and {calls} calls failed over {rounds} deploys: {failures:?}", failures.len());
    assert!(joins >= rounds * 20 && calls >= rounds * 80, "{joins} joins and {calls} calls are no load");
    assert!(failures.is_empty(), "{} of {joins} joins and {calls} calls failed: {failures:?}", failures.len());
    // A reload keeps the colour. It is tried without load: HAProxy then closes idle connections under its clients' feet,
    // which is no matter of a deploy.
    let haproxy = format!("{}-haproxy", world.name);
    done(&["kill", "--signal", "USR2", &haproxy]);
    let workers = || String::from_utf8_lossy(&docker(&["logs", &haproxy]).stderr).matches("New worker").count();
    assert!((0..500).any(|_| workers() > 1), "the balancer did not reload");
    let (colour, idle) = [("blue", "green"), ("green", "blue")][rounds % 2];
    let (_, said) = world.greenlight(&["deploy", "--dry-run"]);
    assert!(said.contains(&format!("{colour} -> {idle}")), "after a reload {colour} has no traffic any more: {said}");
}

/// A configuration with which the server ends at once, a verification that is red, another image under the same name of a
/// colour, and a gate that has closed: blue keeps the traffic, and nothing else is left.
fn bad_releases(world: &World) {
    assert_eq!(world.deploy().0, Some(0));
    let (good_config, good_deployment) = (world.read("livekit.yaml"), world.read("deployment.yaml"));
    let blue = || assert_eq!(world.there(), (vec!["blue".to_owned()], "blue".to_owned()));

    world.put("livekit.yaml", &good_config.replace("node_ip:", "node_ipp:"));
    let (code, said) = world.deploy();
    assert_eq!(code, Some(7), "{said}");
    assert!(said.contains("start") && !said.contains("switch       begun"), "{said}");
    blue();

    world.put("livekit.yaml", &good_config);
    world.put(
        "deployment.yaml",
        &good_deployment.replacen("u.urlopen(os.environ['LIVEKIT_URL']", "u.urlopen('http://127.0.0.1:9'", 1),
    );
    let (code, said) = world.deploy();
    assert_eq!(code, Some(7), "{said}");
    assert!(said.contains("verify") && !said.contains("switch       begun"), "{said}");
    blue();

    // Red after the switch: traffic is taken back, and blue is verified.
    let watched = format!("u.urlopen('http://127.0.0.1:{}/'", world.balancer);
    world.put("deployment.yaml", &good_deployment.replacen(&watched, "u.urlopen('http://127.0.0.1:9'", 1));
    let (code, said) = world.deploy();
    assert_eq!(code, Some(7), "{said}");
    assert!(said.contains("switch       done") && said.contains("verify_back  done"), "{said}");
    blue();

    world.put("deployment.yaml", &good_deployment);
    world.put("report.json", &world.read("report.json").replace("\"seed\":7", "\"seed\":8"));
    let (code, said) = world.deploy();
    assert_eq!(code, Some(5), "{said}");
    blue();
}

/// `kill -9` in a phase, on containers, then `resume` and `abort` in turn.
fn killed(world: &World) {
    assert_eq!(world.deploy().0, Some(0));
    let good = world.read("deployment.yaml");
    let mut active = "blue";
    for (phase, way) in [("verify", "abort"), ("verify", "resume"), ("watch", "abort"), ("watch", "resume")] {
        // The line of that phase ends the deploy, once.
        let kill = "import os, signal; os.path.exists('KILLED') or (open('KILLED', 'w').close(), os.kill(os.getppid(), signal.SIGKILL))"
            .replace("KILLED", &world.path("killed").display().to_string());
        let line = format!("        {phase}: {{name: {phase}, run: [python3, -c, \"{kill}\"], timeout_s: 30}}");
        let lines = good.lines().map(|known| {
            if known.trim_start().starts_with(&format!("{phase}:")) { line.clone() } else { known.to_owned() }
        });
        world.put("deployment.yaml", &lines.map(|line| line + "\n").collect::<String>());
        let _ = fs::remove_file(world.path("killed"));
        assert_eq!(world.deploy().0, None, "{phase}: it was not killed");
        fs::File::open(world.path("records/production/lock")).expect("a lock").lock().expect("let go");
        let (code, said) = world.greenlight(&["deploy", way]);
        let idle = if active == "blue" { "green" } else { "blue" };
        if way == "resume" {
            active = idle;
        }
        assert_eq!(code, Some(if way == "resume" { 0 } else { 7 }), "{phase}, {way}: {said}");
        assert_eq!(world.there(), (vec![active.to_owned()], active.to_owned()), "{phase}, {way}: {said}");
    }
}
