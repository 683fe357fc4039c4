//! A deployment at its address: what is healthy stays without a failure however little of it can be seen, what is wrong
//! is found, and nobody there is harmed.
//!
//! Needs a container engine; without one each case is shown as ignored, and with `CI` set that is an error.

use anyhow::{Context as _, Result, ensure};
use greenlight_fixtures::{Engine, Staging, find};
use greenlight_harness::clients::{Key, Rooms, Worker, proto};
use greenlight_harness::config::StagingTests;
use greenlight_harness::{Interrupt, Target};
use greenlight_verify::new_run_id;
use libtest_mimic::{Arguments, Completion, Failed, Trial};
use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, ExitCode, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::runtime::Runtime;

type Case = fn(&Runtime, &Engine) -> Result<()>;

const CASES: &[(&str, Case)] = &[
    ("a_staging_by_its_address", staging),
    ("a_single_node_without_redis", single_node),
    ("livekit_server_1_7_0", old_server),
];

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let Ok(runtime) = Runtime::new() else {
        return ExitCode::from(101);
    };
    let runtime = Arc::new(runtime);
    let engine = match runtime.block_on(Engine::connect()) {
        _ if arguments.list => None,
        Ok(engine) => Some(engine),
        Err(missing) if std::env::var_os("CI").is_some() => {
            eprintln!("error: {missing}");
            return ExitCode::from(101);
        }
        Err(missing) => {
            eprintln!("NOTHING IS TESTED: {missing}");
            None
        }
    };
    {
        let _context = runtime.enter();
        if let Err(error) = greenlight_harness::init() {
            eprintln!("error: {error}");
            return ExitCode::from(101);
        }
    }
    let trial = |(name, case): &(&'static str, Case)| {
        let (case, runtime, engine) = (*case, runtime.clone(), engine.clone());
        Trial::ignorable_test(*name, move || match engine {
            None => Ok(Completion::ignored_with("no container engine answers")),
            Some(engine) => match case(&runtime, &engine) {
                Ok(()) => Ok(Completion::Completed),
                Err(error) => Err(Failed::from(format!("{error:#}"))),
            },
        })
    };
    libtest_mimic::run(&arguments, CASES.iter().map(trial).collect()).exit_code()
}

/// Where a deployment is, as its user says it.
struct Address {
    url: String,
    key: Key,
    ca: Option<PathBuf>,
}

impl Address {
    /// `greenlight-verify --target url`, told by the environment as users of `lk` do it.
    fn command(&self, arguments: &[&str]) -> Result<Command> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_greenlight-verify"));
        let out = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("remote-{}", new_run_id()));
        command.args(["--target", "url", "--out"]).arg(out).args(arguments);
        if let Some(ca) = &self.ca {
            command.arg("--ca").arg(ca);
        }
        command.env("LIVEKIT_URL", &self.url).env("LIVEKIT_API_KEY", &self.key.id);
        command.env("LIVEKIT_API_SECRET", self.key.secret.expose()).env_remove("CI");
        Ok(command)
    }

    fn run(&self, arguments: &[&str]) -> Result<Output> {
        Ok(self.command(arguments)?.output()?)
    }
}

fn text(output: &Output) -> String {
    format!("{}\n{}", String::from_utf8_lossy(&output.stderr), String::from_utf8_lossy(&output.stdout))
}

/// Exit 0, some passes, and no failure of any kind.
fn healthy(output: &Output) -> Result<String> {
    let text = text(output);
    ensure!(output.status.code() == Some(0), "{}:\n{text}", output.status);
    ensure!(text.contains("\nPASSED "), "no verdict:\n{text}");
    Ok(text)
}

fn staging(runtime: &Runtime, engine: &Engine) -> Result<()> {
    let run_id = new_run_id();
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("remote-staging-{run_id}"));
    let config = StagingTests::shipped()?;
    let interrupt = Interrupt::default();
    let starting = Staging::start(engine, &run_id, &config, &folder, &interrupt);
    let mut staging = runtime.block_on(starting).map_err(|error| anyhow::anyhow!("{error:?}"))?;
    let ca = folder.join("ca.pem");
    std::fs::write(&ca, staging.target().entry.http().ca_pem())?;
    let seen = looked_at(runtime, &mut staging, ca);
    runtime.block_on(staging.stop())?;
    seen.with_context(|| format!("container logs: {}", folder.display()))?;
    Ok(std::fs::remove_dir_all(&folder)?)
}

fn looked_at(runtime: &Runtime, staging: &mut Staging, ca: PathBuf) -> Result<()> {
    let target = staging.target().clone();
    let address = Address { url: target.entry.ws_url(), key: target.key.clone(), ca: Some(ca) };
    let redis = redis_of(staging.run_id())?;
    url_and_key_only(runtime, &target, &address, &redis)
        .context("URL and key only, two nodes hidden behind the balancer")?;
    everything_given(&target, &address, &redis).context("with nodes, metrics, Redis, database and SIP edge given")?;
    managed_redis(&address, &redis).context("a Redis that denies CONFIG and PUBSUB")?;
    other_secret(&address).context("another secret")?;
    let lie = find("expired_tokens_accepted").context("no such fault")?;
    let planted = runtime.block_on(lie.plant(staging))?;
    let red = address.run(&["--test", "auth.expired_token_refused"])?;
    runtime.block_on(planted.undo(staging))?;
    let said = text(&red);
    ensure!(
        red.status.code() == Some(1) && said.contains("FAILED   auth.expired_token_refused"),
        "{}:\n{said}",
        red.status
    );
    Ok(())
}

/// The promise of the safe mode, kept by its word: few rooms and participants, all by their names, nobody's agents.
fn url_and_key_only(runtime: &Runtime, target: &Target, address: &Address, redis: &str) -> Result<()> {
    // An agent of the application: it has no name, so every room calls it that does not forbid it.
    let mut agents = Vec::new();
    for node in &target.nodes {
        agents.push(runtime.block_on(Worker::register(&node.endpoint, &target.key, "", proto::JobType::JtRoom))?);
    }
    let (output, seen) = observed(redis, || address.run(&[]))?;
    let said = healthy(&output)?;
    let run_id = said.split("rooms glt-").nth(1).and_then(|rest| rest.get(..5)).context("no run id")?.to_owned();
    seen.within(&run_id)?;
    for line in
        ["mode     SAFE: at most 4 rooms", "not seen ", "the addresses of two nodes: name two nodes with --node"]
    {
        ensure!(said.contains(line), "no {line:?} in:\n{said}");
    }
    ensure!(!said.contains(address.key.secret.expose()), "the secret is shown");
    for agent in &mut agents {
        let job = runtime.block_on(agent.next_job(Duration::from_millis(1)))?;
        ensure!(
            job.is_none(),
            "an agent of the application was called into {}",
            job.map(|job| job.room_name).unwrap_or_default()
        );
    }
    // The control: such an agent is called by a room that does not forbid it.
    let rooms = Rooms::new(target.entry.clone(), target.key.clone());
    let mut called = false;
    for attempt in 0..20 {
        let name = format!("app-{attempt}");
        let request = proto::CreateRoomRequest { name: name.clone(), ..Default::default() };
        runtime.block_on(rooms.create(&request))?.map_err(|refusal| anyhow::anyhow!("{refusal}"))?;
        for agent in &mut agents {
            called |= runtime.block_on(agent.next_job(Duration::from_millis(500)))?.is_some();
        }
        runtime.block_on(rooms.delete(&name))?.map_err(|refusal| anyhow::anyhow!("{refusal}"))?;
        if called {
            return Ok(());
        }
    }
    anyhow::bail!("the control: no room calls an agent without a name")
}

fn everything_given(target: &Target, address: &Address, redis: &str) -> Result<()> {
    let mut arguments = Vec::new();
    for node in &target.nodes {
        let metrics = node.metrics.as_ref().context("no metrics")?;
        arguments.extend(["--node".to_owned(), format!("{}={},{}", node.name, node.endpoint.url(), metrics.url())]);
    }
    arguments.extend(["--sip-edge".to_owned(), target.sip_edge.context("no edge")?.to_string()]);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (output, seen) = observed(redis, || {
        let mut command = address.command(&arguments)?;
        Ok(command.env("GREENLIGHT_REDIS_URL", format!("redis://{redis}")).output()?)
    })?;
    let said = healthy(&output)?;
    let run_id = said.split("rooms glt-").nth(1).and_then(|rest| rest.get(..5)).context("no run id")?.to_owned();
    seen.within(&run_id)?;
    ensure!(!said.contains("name two nodes with --node"), "the nodes are given, and not seen:\n{said}");
    Ok(())
}

/// As cloud providers sell it.
fn managed_redis(address: &Address, place: &str) -> Result<()> {
    let mut redis = TcpStream::connect(place)?;
    redis.write_all(b"ACL SETUSER managed on >pass ~* &* +@all -config -pubsub -acl -slowlog -client|list\r\n")?;
    let mut reply = [0; 5];
    redis.read_exact(&mut reply)?;
    ensure!(&reply == b"+OK\r\n", "Redis says {:?}", String::from_utf8_lossy(&reply));
    let mut command = address.command(&["--suite", "infrastructure"])?;
    let output = command.env("GREENLIGHT_REDIS_URL", format!("redis://managed:pass@{place}")).output()?;
    let said = healthy(&output)?;
    ensure!(said.contains("its Redis denies what this check asks: NoPerm: this user has no permissions to run the 'slowlog|get' command"), "what could not be asked is not said:\n{said}");
    Ok(())
}

fn other_secret(address: &Address) -> Result<()> {
    let mut command = address.command(&[])?;
    let output = command.env("LIVEKIT_API_SECRET", "another-secret-of-another-environment-000").output()?;
    let said = text(&output);
    ensure!(
        output.status.code() == Some(2) && said.contains("has another secret for it"),
        "{}:\n{said}",
        output.status
    );
    Ok(())
}

/// Host and port of the staging's Redis, as the engine has published it.
fn redis_of(run_id: &str) -> Result<String> {
    let label = format!("label=dev.greenlight.run={run_id}");
    let listed = docker(&["ps", "--filter", &label, "--format", "{{.Names}}"])?;
    let names = String::from_utf8(listed.stdout)?;
    let name = names.lines().find(|name| name.ends_with("redis")).context("no Redis container")?;
    let port = docker(&["port", name, "6379/tcp"])?;
    Ok(String::from_utf8(port.stdout)?.lines().next().context("Redis is not published")?.to_owned())
}

/// What Redis had of rooms and participants, looked at all the while by a bare socket.
struct Seen {
    rooms: BTreeSet<String>,
    rooms_max: usize,
    participants_max: usize,
    looks: usize,
}

impl Seen {
    fn within(&self, run_id: &str) -> Result<()> {
        let foreign: Vec<&String> =
            self.rooms.iter().filter(|room| !room.starts_with(&format!("glt-{run_id}-"))).collect();
        ensure!(foreign.is_empty(), "rooms of other names: {foreign:?}");
        ensure!(
            self.looks > 100 && self.rooms_max >= 2,
            "the observer saw {} rooms in {} looks",
            self.rooms_max,
            self.looks
        );
        let most = (self.rooms_max, self.participants_max);
        ensure!(most.0 <= 4 && most.1 <= 4, "{} rooms and {} participants at a time: {:?}", most.0, most.1, self.rooms);
        Ok(())
    }
}

fn observed(place: &str, run: impl FnOnce() -> Result<Output>) -> Result<(Output, Seen)> {
    let ended = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let observer = scope.spawn(|| observe(place, &ended));
        let output = run();
        ended.store(true, Ordering::Relaxed);
        let seen = observer.join().map_err(|_| anyhow::anyhow!("the observer panicked"))??;
        Ok((output?, seen))
    })
}

fn observe(place: &str, ended: &AtomicBool) -> Result<Seen> {
    let stream = TcpStream::connect(place)?;
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut ask = |command: &str| -> Result<Vec<String>> {
        (&stream).write_all(format!("{command}\r\n").as_bytes())?;
        answer(&mut reader)
    };
    let mut seen = Seen { rooms: BTreeSet::new(), rooms_max: 0, participants_max: 0, looks: 0 };
    // Rooms that the staging made to find out whether it is ready.
    let before: BTreeSet<String> = ask("HKEYS rooms")?.into_iter().collect();
    while !ended.load(Ordering::Relaxed) {
        let rooms: Vec<String> = ask("HKEYS rooms")?.into_iter().filter(|room| !before.contains(room)).collect();
        let mut participants = 0;
        for key in ask("KEYS room_participants:*")? {
            participants += ask(&format!("HKEYS {key}"))?.len();
        }
        seen.rooms_max = seen.rooms_max.max(rooms.len());
        seen.participants_max = seen.participants_max.max(participants);
        seen.rooms.extend(rooms);
        seen.looks += 1;
    }
    Ok(seen)
}

/// A list of strings in Redis' protocol (RESP).
fn answer(reader: &mut impl std::io::BufRead) -> Result<Vec<String>> {
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let count: usize = line.trim().strip_prefix('*').with_context(|| format!("Redis says {line:?}"))?.parse()?;
    let mut list = Vec::new();
    for _ in 0..count {
        let mut length = String::new();
        reader.read_line(&mut length)?;
        let length: usize = length.trim().strip_prefix('$').context("no string")?.parse()?;
        let mut bytes = vec![0; length + 2];
        reader.read_exact(&mut bytes)?;
        bytes.truncate(length);
        list.push(String::from_utf8(bytes)?);
    }
    Ok(list)
}

/// One server in a container, without anything beside it.
struct Server {
    name: String,
    address: Address,
}

impl Server {
    fn start(image: &str) -> Result<Self> {
        let name = format!("glt-single-{}", new_run_id());
        let key = Key {
            id: "APIsingle".into(),
            secret: greenlight_harness::clients::Secret::new("single-secret-of-40-characters-0000000000"),
        };
        let free = || Ok::<u16, std::io::Error>(std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port());
        let (http, tcp, udp) = (free()?, free()?, free()?);
        let config = format!(
            "port: 7880\nrtc: {{tcp_port: {tcp}, udp_port: {udp}, node_ip: 127.0.0.1, use_external_ip: false}}\nkeys: {{{}: {}}}\n",
            key.id,
            key.secret.expose()
        );
        let started = docker(&[
            "run",
            "-d",
            "--name",
            &name,
            "--label",
            "dev.greenlight.test=remote",
            "--memory",
            "512m",
            "-p",
            &format!("127.0.0.1:{http}:7880"),
            "-p",
            &format!("127.0.0.1:{tcp}:{tcp}"),
            "-p",
            &format!("127.0.0.1:{udp}:{udp}/udp"),
            "-e",
            &format!("LIVEKIT_CONFIG={config}"),
            image,
        ])?;
        ensure!(started.status.success(), "docker run: {}", text(&started));
        let server = Self { name, address: Address { url: format!("ws://127.0.0.1:{http}"), key, ca: None } };
        server.wait(http)?;
        Ok(server)
    }

    fn wait(&self, port: u16) -> Result<()> {
        let until = std::time::Instant::now() + Duration::from_secs(20);
        loop {
            let answers = || -> Result<bool> {
                let mut stream = TcpStream::connect(("127.0.0.1", port))?;
                stream.set_read_timeout(Some(Duration::from_secs(2)))?;
                stream.write_all(b"GET / HTTP/1.0\r\n\r\n")?;
                let mut said = String::new();
                stream.read_to_string(&mut said)?;
                Ok(said.contains(" 200 "))
            };
            if answers().unwrap_or(false) {
                return Ok(());
            }
            let log = docker(&["logs", &self.name])?;
            ensure!(std::time::Instant::now() < until, "the server does not answer:\n{}", text(&log));
            std::thread::yield_now();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = docker(&["rm", "-fv", &self.name]);
    }
}

fn docker(arguments: &[&str]) -> Result<Output> {
    Ok(Command::new("docker").args(arguments).output()?)
}

fn single_node(_: &Runtime, _: &Engine) -> Result<()> {
    let server = Server::start("greenlight/livekit-server:v1.13.5")?;
    let said = healthy(&server.address.run(&[])?)?;
    ensure!(said.contains("the server has no Redis"), "{said}");
    one_run_at_a_time(&server.address)
}

fn old_server(_: &Runtime, _: &Engine) -> Result<()> {
    let server = Server::start("greenlight/livekit-server:v1.7.0")?;
    let said = healthy(&server.address.run(&[])?)?;
    ensure!(said.contains("livekit-server 1.7.0"), "{said}");
    Ok(())
}

/// A second run is refused by name; what a killed one has left is removed by the next one, as soon as its room has ended.
fn one_run_at_a_time(address: &Address) -> Result<()> {
    let (mut first, run_id) = begun(address)?;
    let second = address.run(&["--tag", "smoke"])?;
    let said = text(&second);
    ensure!(
        second.status.code() == Some(2) && said.contains(&format!("its room glt-{run_id}-lease-0")),
        "{}:\n{said}",
        second.status
    );
    // A control: it goes on undisturbed.
    ensure!(first.try_wait()?.is_none(), "the first run has ended");
    first.kill()?;
    first.wait()?;
    let until = std::time::Instant::now() + Duration::from_secs(90);
    loop {
        let next = address.run(&["--test", "auth.valid_token_accepted"])?;
        match next.status.code() {
            Some(0) => return Ok(()),
            Some(2) => {
                ensure!(std::time::Instant::now() < until, "the killed run is never forgotten:\n{}", text(&next))
            }
            _ => anyhow::bail!("{}:\n{}", next.status, text(&next)),
        }
    }
}

/// A run that is under way: it waits for a server that says nothing for a minute.
fn begun(address: &Address) -> Result<(Child, String)> {
    let mut command = address.command(&["--test", "signal.join_without_media_ends"])?;
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?;
    let mut stderr = BufReader::new(child.stderr.take().context("no standard error")?);
    let mut line = String::new();
    while !line.starts_with("run ") {
        line.clear();
        ensure!(stderr.read_line(&mut line)? > 0, "it ended before it began");
    }
    Ok((child, line.split_whitespace().nth(1).unwrap_or_default().to_owned()))
}
