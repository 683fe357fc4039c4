//! Redis and a balancer of an operator's, and the folder with his configuration.

use crate::hooks_world::{good, signer};
use greenlight_clients::{Key, Secret};
use greenlight_reports::{Plan, Redactor, Report, attest, json};
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

const IMAGES: [&str; 3] = ["greenlight/redis:7.0", "greenlight/haproxy:2.6", "greenlight/livekit-server:v1.13.5"];
const UP_MAX: Duration = Duration::from_secs(20);
const LOOK_EVERY: Duration = Duration::from_millis(20);

pub(crate) fn docker(arguments: &[&str]) -> Output {
    Command::new("docker").args(arguments).output().expect("the docker client")
}

pub(crate) fn done(arguments: &[&str]) -> String {
    let output = docker(arguments);
    assert!(output.status.success(), "docker {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// Redis and a balancer of an operator's, and the folder with his configuration.
pub(crate) struct World {
    folder: tempfile::TempDir,
    /// The environment of its deployment.yaml.
    pub(crate) environment: &'static str,
    /// Names of the network and of containers begin so.
    pub(crate) name: String,
    pub(crate) key: Key,
    pub(crate) balancer: u16,
    runtime_api: u16,
    /// Where its Redis is.
    pub(crate) redis: u16,
    /// Where blue and green are, past the balancer.
    pub(crate) urls: [String; 2],
}

impl Drop for World {
    fn drop(&mut self) {
        for part in ["blue", "green", "haproxy", "redis", "redis-other", "side"] {
            for put_aside in ["", ".greenlight-before", ".greenlight-new"] {
                docker(&["rm", "-fv", &format!("{}-{part}{put_aside}", self.name)]);
            }
        }
        docker(&["network", "rm", &self.name]);
        docker(&["rmi", "-f", &format!("{}:kept", self.name)]);
    }
}

impl World {
    pub(crate) fn start() -> Self {
        Self::start_as("production")
    }

    pub(crate) fn start_as(environment: &'static str) -> Self {
        let letters: String = (0..5).map(|_| char::from(b'a' + rand::random::<u8>() % 26)).collect();
        let [balancer, runtime_api, redis, a, b, c, d, e, f] = ports();
        let world = Self {
            folder: tempfile::tempdir().expect("a folder"),
            environment,
            name: format!("gld-{letters}"),
            key: Key { id: "APIprod".into(), secret: Secret::new("a-secret-of-production-that-is-long-enough") },
            balancer,
            runtime_api,
            redis,
            urls: [a, d].map(|port| format!("http://127.0.0.1:{port}")),
        };
        let name = &world.name;
        done(&["network", "create", name]);
        world.another("redis", &["-p", &format!("127.0.0.1:{redis}:6379")]);
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
        world.balancer_is_up();
        world.put("pub.pem", &signer().verifier().to_pem().expect("pem"));
        world.put("livekit.yaml", &livekit(name, world.key.secret.expose()));
        world.put("deployment.yaml", &world.deployment([a, b, c], [d, e, f]));
        world.report(IMAGES[2]);
        world
    }

    fn another(&self, part: &str, published: &[&str]) {
        let (name, network) = (format!("{}-{part}", self.name), &self.name);
        let run = ["run", "-d", "--name", &name, "--network", network];
        done(&[&run[..], published, &[IMAGES[0], "redis-server", "--save", "", "--protected-mode", "no"]].concat());
    }

    /// One that no colour is on.
    pub(crate) fn another_redis(&self) {
        self.another("redis-other", &[]);
    }

    pub(crate) fn path(&self, file: &str) -> PathBuf {
        self.folder.path().join(file)
    }

    pub(crate) fn put(&self, file: &str, text: &str) {
        fs::write(self.path(file), text).expect("written");
    }

    pub(crate) fn read(&self, file: &str) -> String {
        fs::read_to_string(self.path(file)).expect("read")
    }

    fn deployment(&self, blue: [u16; 3], green: [u16; 3]) -> String {
        let ports = |[http, tcp, udp]: [u16; 3]| format!("{{http: {http}, rtc_tcp: {tcp}, rtc_udp: {udp}}}");
        let told = self.path("told").display().to_string();
        let ask = |url: &str| {
            let names = "('GREENLIGHT_COLOUR', 'GREENLIGHT_URL', 'LIVEKIT_URL', 'GREENLIGHT_OTHER_URL')";
            let write =
                format!("open('{told}', 'a').write(' '.join(os.environ.get(n, '-') for n in {names}) + '\\\\n')");
            format!("[python3, -c, \"import os, urllib.request as u; {write}; u.urlopen({url}, timeout=5)\"]")
        };
        format!(
            "format: 1
keys: [pub.pem]
state: records
environments:
  {}:
    gate: {{report: report.json, required: [api.a], age_max_s: 3600}}
    artefact: {{image: \"{}\"}}
    checks: {{before: [{{name: own, run: [python3, -c, pass], timeout_s: 30}}]}}
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
            self.environment,
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

    /// A signed report about an image that is here.
    pub(crate) fn report(&self, image: &str) {
        let Report { header, mut subject, results, .. } = good(60);
        let id = done(&["image", "inspect", "--format", "{{.Id}}", image]);
        subject.before.images[0].id.clone_from(&id);
        subject.after.iter_mut().for_each(|after| after.images[0].id.clone_from(&id));
        let plan = Plan::new(results.iter().map(|result| result.id.clone()).collect());
        let report = Report::sealed(header, subject, plan, results, vec![], &Redactor::default()).expect("consistent");
        fs::write(self.path("report.json"), json(&report).expect("json")).expect("written");
        fs::write(self.path("report.intoto.jsonl"), attest(&report, &signer()).expect("signed")).expect("written");
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_greenlight"));
        command.args(arguments).args(["--env", self.environment, "--config"]).arg(self.path("deployment.yaml"));
        command.env("LIVEKIT_API_KEY", &self.key.id).env("LIVEKIT_API_SECRET", self.key.secret.expose());
        command
    }

    pub(crate) fn greenlight(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let output = self.command(arguments).output().expect("it runs");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code(), text(&output.stdout) + &text(&output.stderr))
    }

    pub(crate) fn deploy(&self) -> (Option<i32>, String) {
        self.greenlight(&["deploy"])
    }

    /// Waits until its runtime API speaks: the engine takes connections to a port before anybody in the container does.
    fn balancer_is_up(&self) {
        let end = Instant::now() + UP_MAX;
        while !ask(self.runtime_api, "show servers state nodes\n").is_ok_and(|said| said.starts_with("1\n")) {
            assert!(Instant::now() < end, "the balancer does not come up");
            std::thread::park_timeout(LOOK_EVERY);
        }
    }

    /// A caller reaches a server.
    pub(crate) fn serves(&self) {
        let answer = ask(self.balancer, "GET / HTTP/1.0\r\n\r\n").expect("an answer");
        assert!(answer.starts_with("HTTP/1.") && answer[8..].starts_with(" 200"), "callers get {answer:?}");
    }

    /// Which colours exist, and which the balancer's own file would bring back after a reload.
    pub(crate) fn there(&self) -> (Vec<String>, String) {
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

/// Says something on a connection and reads until the other side closes it.
pub(crate) fn ask(port: u16, question: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(UP_MAX))?;
    stream.write_all(question.as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

/// Ports that are free at this moment, each another one.
pub(crate) fn ports<const N: usize>() -> [u16; N] {
    let held: Vec<TcpListener> = (0..N).map(|_| TcpListener::bind(("127.0.0.1", 0)).expect("a port")).collect();
    std::array::from_fn(|index| held[index].local_addr().expect("an address").port())
}

/// The demo's, whose file this is.
fn haproxy(name: &str) -> String {
    let config = include_str!("../../../xtask/src/demo/haproxy.cfg");
    config.replace("{name}", name).replace("{state}", "haproxy.state")
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
