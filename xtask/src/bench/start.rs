//! How long Redis and one LiveKit node take to be ready, and who starts them fastest.

use super::command::Effort;
use super::measure::{Line, run};
use super::page::{Goal, Limit, Section, figure};
use super::parse::ours;
use super::peers::{self, emptied};
use super::programs::write;
use super::stats::{abba, median, spread};
use crate::docker::docker;
use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

const REDIS: &str = "greenlight/redis:7.0";
const SERVER: &str = "greenlight/livekit-server:v1.13.5";
const REDIS_COMMAND: &[&str] = &["redis-server", "--save", "", "--appendonly", "no", "--protected-mode", "no"];
const READY_TIMEOUT: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(10);

type Way = (&'static str, String, fn(&World) -> Result<f64>);

/// What all ways are told.
struct World {
    program: String,
    folder: PathBuf,
    compose: Option<String>,
    name: String,
    http: u16,
    tcp: u16,
    udp: u16,
    /// What our own start consisted of.
    phases: RefCell<Vec<(String, f64)>>,
}

/// Whatever it started is removed when it goes.
impl Drop for World {
    fn drop(&mut self) {
        for part in ["redis", "livekit"] {
            let _ = docker(&["rm", "-f", "-v", &format!("{}-{part}", self.name)]);
        }
        let _ = docker(&["network", "rm", &self.name]);
    }
}

/// Runs the contest.
pub(super) fn section(program: &str, effort: &Effort) -> Result<Section> {
    docker(&["version", "--format", "{{.Server.Version}}"]).context("no container engine answers")?;
    let mut notes = Vec::new();
    let compose = if effort.quick { None } else { peers::or_note(peers::compose(), &mut notes) };
    let client = docker(&["version", "--format", "client {{.Client.Version}}, engine {{.Server.Version}}"])?;
    let mut ways: Vec<Way> = vec![
        ("greenlight's fixtures", peers::ourselves(), by_fixtures),
        ("docker CLI, one after the other", client.trim().to_owned(), by_cli),
        ("Redis alone, docker CLI", client.trim().to_owned(), |world| timed(|| redis(world))),
        ("livekit-server alone, docker CLI", client.trim().to_owned(), server_alone),
    ];
    if let Some(compose) = &compose {
        ways.push(("docker compose up --wait", compose.version.clone(), by_compose));
    }
    let mut ready_s = vec![Vec::new(); ways.len()];
    let mut phases: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for (round, order) in abba(ways.len(), effort.rounds).into_iter().enumerate() {
        for index in order {
            let (name, _, way) = &ways[index];
            let world = World::new(program, compose.as_ref().map(|peer| peer.path.clone()))?;
            let seconds = way(&world).with_context(|| (*name).to_owned())?;
            for (phase, seconds) in world.phases.take() {
                phases.entry(phase).or_default().push(seconds);
            }
            eprintln!("bench    round {} {name:<34} {seconds:>6.2} s", round + 1);
            ready_s[index].push(seconds);
        }
    }
    let mut profile: Vec<(String, f64)> =
        phases.into_iter().map(|(phase, seconds)| (phase, median(&seconds))).collect();
    profile.sort_by(|a, b| b.1.total_cmp(&a.1));
    let shown: Vec<String> = profile.iter().map(|(phase, seconds)| format!("{phase} {} s", figure(*seconds))).collect();
    notes.push(format!("where greenlight's time goes, medians of the parts: {}", shown.join(", ")));
    notes.push(
        "both containers are started beside each other; a node that was there before Redis is made anew. Of `ready`, the \
         server takes most for the first join on a fresh node (its log: CreateRoom, then `starting RTC session`), which \
         nobody else here asks for"
            .to_owned(),
    );
    Ok(written(&ways, &ready_s, notes))
}

impl World {
    fn new(program: &str, compose: Option<String>) -> Result<Self> {
        let folder = emptied("start")?;
        let free = || Ok::<_, std::io::Error>(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port());
        let name = format!("glbench-{}", std::process::id());
        let world = Self {
            program: program.to_owned(),
            folder,
            compose,
            name,
            http: free()?,
            tcp: free()?,
            udp: free()?,
            phases: RefCell::default(),
        };
        let common = format!(
            "port: 7880\nrtc:\n  tcp_port: {}\n  udp_port: {}\n  node_ip: 127.0.0.1\n  use_external_ip: false\n\
             keys:\n  bench: a-secret-of-no-deployment-at-all\n",
            world.tcp, world.udp
        );
        write(&world.folder, "alone.yaml", &common)?;
        write(&world.folder, "livekit.yaml", &format!("{common}redis:\n  address: {}-redis:6379\n", world.name))?;
        write(&world.folder, "compose.yaml", &world.compose_file())?;
        Ok(world)
    }

    fn part(&self, part: &str) -> String {
        format!("{}-{part}", self.name)
    }

    fn file(&self, name: &str) -> String {
        self.folder.join(name).display().to_string()
    }

    fn published(&self) -> [String; 3] {
        let Self { http, tcp, udp, .. } = self;
        [format!("127.0.0.1:{http}:7880"), format!("127.0.0.1:{tcp}:{tcp}"), format!("127.0.0.1:{udp}:{udp}/udp")]
    }

    /// The server's image has no shell: its own `list-nodes` is what can be asked in it.
    fn compose_file(&self) -> String {
        let words = REDIS_COMMAND.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(", ");
        let ports = self.published().map(|port| format!("      - \"{port}\"\n")).concat();
        let (redis, livekit) = (self.part("redis"), self.part("livekit"));
        let config = self.file("livekit.yaml");
        format!(
            "name: {name}\nservices:\n  redis:\n    image: {REDIS}\n    container_name: {redis}\n    command: [{words}]\n    \
             healthcheck: {{ test: [\"CMD\", \"redis-cli\", \"ping\"], interval: 1s }}\n  livekit:\n    image: {SERVER}\n    \
             container_name: {livekit}\n    command: [\"--config\", \"/livekit.yaml\"]\n    ports:\n{ports}    volumes:\n      \
             - {config}:/livekit.yaml:ro\n    depends_on: {{ redis: {{ condition: service_healthy }} }}\n    \
             healthcheck: {{ test: [\"CMD\", \"/livekit-server\", \"--config\", \"/livekit.yaml\", \"list-nodes\"], interval: 1s }}\n",
            name = self.name
        )
    }
}

fn by_fixtures(world: &World) -> Result<f64> {
    let said = run(&Line::new([world.program.as_str(), "start"]))?;
    let said = ours(&said.stderr)?;
    let phase = |phase: &Value| Some((phase[0].as_str()?.to_owned(), phase[1].as_f64()?));
    world.phases.replace(said["phases"].as_array().into_iter().flatten().filter_map(phase).collect());
    said["ready_s"].as_f64().context("no `ready_s`")
}

fn by_cli(world: &World) -> Result<f64> {
    timed(|| {
        docker(&["network", "create", &world.name])?;
        redis(world)?;
        server(world, "livekit.yaml")
    })
}

fn server_alone(world: &World) -> Result<f64> {
    docker(&["network", "create", &world.name])?;
    timed(|| server(world, "alone.yaml"))
}

fn by_compose(world: &World) -> Result<f64> {
    let compose = world.compose.as_deref().context("no compose")?;
    let file = world.file("compose.yaml");
    let up = Line::new([compose, "-f", &file, "up", "--wait", "--quiet-pull"]);
    let seconds = timed(|| run(&up).map(drop));
    run(&Line::new([compose, "-f", &file, "down", "--volumes", "--timeout", "0"]))?;
    seconds
}

/// Redis in a container, until it answers.
fn redis(world: &World) -> Result<()> {
    let name = world.part("redis");
    let has_network = docker(&["network", "inspect", &world.name]).is_ok();
    let network: &[&str] = if has_network { &["--network", &world.name] } else { &[] };
    docker(&[&["run", "-d", "--name", &name], network, &[REDIS], REDIS_COMMAND].concat())?;
    until("Redis", || docker(&["exec", &name, "redis-cli", "ping"]).is_ok_and(|said| said.trim() == "PONG"))
}

/// The server in a container, until it answers over HTTP.
fn server(world: &World, config: &str) -> Result<()> {
    let (name, mount) = (world.part("livekit"), format!("{}:/livekit.yaml:ro", world.file(config)));
    let ports = world.published();
    let published = ports.iter().flat_map(|port| ["-p", port.as_str()]).collect::<Vec<_>>();
    let words = ["run", "-d", "--name", &name, "--network", &world.name, "-v", &mount];
    docker(&[&words, &published[..], &[SERVER, "--config", "/livekit.yaml"]].concat())?;
    until("livekit-server", || answers(world.http))
}

/// Whether 200 comes back.
fn answers(port: u16) -> bool {
    let asked = || -> std::io::Result<bool> {
        let mut stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_read_timeout(Some(Duration::from_secs(1)))?;
        stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
        let mut head = [0; 12];
        stream.read_exact(&mut head)?;
        Ok(&head == b"HTTP/1.1 200")
    };
    asked().unwrap_or(false)
}

fn until(what: &str, is_so: impl Fn() -> bool) -> Result<()> {
    // Nobody sends: what is received is the end of a pause.
    let (_sender, pause) = channel::<()>();
    let began = Instant::now();
    while !is_so() {
        ensure!(began.elapsed() < READY_TIMEOUT, "{what} was not ready within {} s", READY_TIMEOUT.as_secs());
        if pause.recv_timeout(POLL) == Err(RecvTimeoutError::Disconnected) {
            bail!("a pause without an end");
        }
    }
    Ok(())
}

fn timed(work: impl FnOnce() -> Result<()>) -> Result<f64> {
    let began = Instant::now();
    work()?;
    Ok(began.elapsed().as_secs_f64())
}

fn written(ways: &[Way], ready_s: &[Vec<f64>], notes: Vec<String>) -> Section {
    let medians: Vec<f64> = ready_s.iter().map(|seconds| median(seconds)).collect();
    let mut table = vec![["", "ready after, s", "spread", "beside greenlight"].map(str::to_owned).to_vec()];
    for (index, (name, ..)) in ways.iter().enumerate() {
        let spread = format!("{} %", figure(spread(&ready_s[index]) * 100.0));
        let beside = format!("{} ×", figure(medians[index] / medians[0]));
        table.push(vec![(*name).to_owned(), figure(medians[index]), spread, beside]);
    }
    let goal = |text, found, limit| Goal { text, found, limit: Limit::AtMost(limit), unit: " ×" };
    let goals = vec![
        goal("beside the docker CLI, one after the other", Some(medians[0] / medians[1]), 0.8),
        goal("beside docker compose up --wait", medians.get(4).map(|compose| medians[0] / compose), 0.25),
    ];
    let about = "Redis and one livekit-server on it, from nothing to ready. By our fixtures ready means that the node has \
                 said who it is over `/agent`, has taken a room and a participant in it; for the CLI that Redis says PONG \
                 and then the server answers 200, each asked every 10 ms; for compose that both health checks, of every \
                 second, have passed. Times include the network. Images are there; removal is not counted."
        .to_owned();
    let shown = |name: &str| match name {
        "greenlight's fixtures" => "target/debug/greenlight-bench start".to_owned(),
        "docker compose up --wait" => "docker-compose -f compose.yaml up --wait (healthcheck interval: 1s)".to_owned(),
        "Redis alone, docker CLI" => format!("docker run -d {REDIS} {}", REDIS_COMMAND.join(" ")),
        "livekit-server alone, docker CLI" => {
            format!("docker run -d -v livekit.yaml -p … {SERVER} --config /livekit.yaml")
        }
        _ => "docker network create …; docker run -d … (Redis); docker run -d … (livekit-server)".to_owned(),
    };
    let commands = ways.iter().map(|(name, version, _)| [(*name).to_owned(), version.clone(), shown(name)]).collect();
    Section { title: "Start", about, table, goals, commands, notes }
}

#[cfg(test)]
mod tests {
    use super::answers;
    use std::io::Write as _;
    use std::net::TcpListener;

    #[test]
    fn only_200_is_an_answer() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let serving = std::thread::spawn(move || {
            for answer in ["HTTP/1.1 503 Service Unavailable\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n"] {
                let (mut stream, _) = listener.accept().expect("a caller");
                stream.write_all(answer.as_bytes()).expect("written");
            }
        });
        assert_eq!([answers(port), answers(port)], [false, true]);
        serving.join().expect("served");
        assert!(!answers(port), "nobody listens any more");
    }
}
