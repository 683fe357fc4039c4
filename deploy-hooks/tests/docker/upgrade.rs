//! A real move from livekit-server 1.7.0 with a configuration of its time to 1.13.5, by `greenlight plan` and `validate`.

use crate::bad_builds::suites;
use crate::world::{docker, done, ports};
use greenlight_clients::{Http, Key, Secret, SipApi, install_crypto_provider, proto, system_roots};
use greenlight_config::yaml_edit::{Edit, edit};
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

const OLD: &str = "greenlight/livekit-server:v1.7.0";
const NEW: &str = "greenlight/livekit-server:v1.13.5";
const REDIS: &str = "greenlight/redis:7.0";
const SECRET: &str = "WUDnXb3vYc1qLr8TgZ5sKe7hFa2jMp9oQi4wRx6y";
const UP_MAX: Duration = Duration::from_secs(30);

/// The deployment in `tests/plan/old`, on ports of its own, with a Redis.
struct Deployment {
    folder: tempfile::TempDir,
    name: String,
    http: u16,
    tcp: u16,
    udp: u16,
}

impl Drop for Deployment {
    fn drop(&mut self) {
        for part in ["server", "redis"] {
            docker(&["rm", "-fv", &format!("{}-{part}", self.name)]);
        }
        docker(&["network", "rm", &self.name]);
    }
}

impl Deployment {
    fn new() -> Self {
        let letters: String = (0..5).map(|_| char::from(b'a' + rand::random::<u8>() % 26)).collect();
        let [http, tcp, udp] = ports();
        let there =
            Self { folder: tempfile::tempdir().expect("a folder"), name: format!("glp-{letters}"), http, tcp, udp };
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/plan/old");
        for file in [".env", "app/package.json", "docker-compose.yml", "livekit.yaml", "sip.yaml"] {
            let to = there.path("ops").join(file);
            fs::create_dir_all(to.parent().expect("a folder")).expect("made");
            // On one machine the address and the ports are other ones; everything else is as it was.
            let text = fs::read_to_string(from.join(file)).expect("there");
            let text = text
                .replace("203.0.113.10", "127.0.0.1")
                .replace("address: redis:6379", &format!("address: {}-redis:6379", there.name))
                .replace("tcp_port: 7881", &format!("tcp_port: {tcp}"))
                .replace("  port_range_start: 50000\n  port_range_end: 60000\n", &format!("  udp_port: {udp}\n"));
            fs::write(to, text).expect("written");
        }
        done(&["network", "create", &there.name]);
        let redis = format!("{}-redis", there.name);
        let run = ["run", "-d", "--name", &redis, "--network", &there.name, REDIS];
        done(&[&run[..], &["redis-server", "--save", "", "--protected-mode", "no"]].concat());
        there
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Starts a version with the livekit.yaml that is there now, strict as it comes. Its log, if it has ended.
    fn serve(&self, image: &str) -> Result<(), String> {
        let server = format!("{}-server", self.name);
        // As an operator does it: a node that is killed stays in Redis for some seconds, and gets rooms.
        docker(&["stop", "--time", "30", &server]);
        docker(&["rm", "-fv", &server]);
        let publish = |port: u16, inside: u16, kind: &str| format!("127.0.0.1:{port}:{inside}/{kind}");
        let ports =
            [publish(self.http, 7880, "tcp"), publish(self.tcp, self.tcp, "tcp"), publish(self.udp, self.udp, "udp")];
        let create =
            ["create", "--name", &server, "--network", &self.name, "-p", &ports[0], "-p", &ports[1], "-p", &ports[2]];
        done(&[&create[..], &[image, "--config", "/livekit.yaml"]].concat());
        done(&["cp", &self.path("ops/livekit.yaml").display().to_string(), &format!("{server}:/livekit.yaml")]);
        done(&["start", &server]);
        let begun = Instant::now();
        while begun.elapsed() < UP_MAX {
            if done(&["inspect", "-f", "{{.State.Running}}", &server]) == "false" {
                let output = docker(&["logs", &server]);
                return Err(String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned());
            }
            if self.answers() {
                return Ok(());
            }
            std::thread::park_timeout(Duration::from_millis(50));
        }
        Err("it neither answers nor ends".to_owned())
    }

    fn answers(&self) -> bool {
        let ask = || -> std::io::Result<String> {
            let mut stream = TcpStream::connect(("127.0.0.1", self.http))?;
            stream.set_read_timeout(Some(Duration::from_secs(2)))?;
            stream.write_all(b"GET / HTTP/1.0\r\nHost: here\r\n\r\n")?;
            let mut answer = String::new();
            stream.read_to_string(&mut answer)?;
            Ok(answer)
        };
        ask().is_ok_and(|answer| answer.contains(" 200 ") && answer.ends_with("OK"))
    }

    fn url(&self) -> String {
        format!("ws://127.0.0.1:{}", self.http)
    }

    /// Status, and everything that was said.
    fn greenlight(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_greenlight"));
        command.args(arguments).current_dir(self.folder.path());
        command.env("LIVEKIT_API_KEY", "APIold").env("LIVEKIT_API_SECRET", SECRET).env_remove("CI");
        let output = command.output().expect("it runs");
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert!(!said.contains(SECRET), "{arguments:?} shows the secret");
        (output.status.code(), said)
    }

    /// An open door, as operators make them: a rule that is bound to no trunk.
    fn open_door(&self) -> String {
        install_crypto_provider();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let http = Http::trusting(&system_roots(None).expect("roots")).expect("a client");
            let key = Key { id: "APIold".into(), secret: Secret::new(SECRET) };
            let api = SipApi::new(http.endpoint(format!("http://127.0.0.1:{}", self.http)), key);
            let direct = proto::SipDispatchRuleDirect { room_name: "door".into(), ..Default::default() };
            let rule =
                proto::SipDispatchRule { rule: Some(proto::sip_dispatch_rule::Rule::DispatchRuleDirect(direct)) };
            let rule = proto::SipDispatchRuleInfo { rule: Some(rule), name: "door".into(), ..Default::default() };
            api.create_rule(rule).await.expect("an answer").expect("made").sip_dispatch_rule_id
        })
    }
}

/// Rule, place and what was found, of every risk that such a command finds.
fn risks(plan: &serde_json::Value, found_by: &str) -> Vec<(String, String, String)> {
    let text = |risk: &serde_json::Value, name: &str| risk[name].as_str().unwrap_or_default().to_owned();
    let all = plan["risks"].as_array().expect("risks").iter();
    let of_it = all.filter(|risk| text(risk, "found_by").starts_with(found_by));
    of_it.map(|risk| (text(risk, "rule"), text(risk, "at"), text(risk, "found"))).collect()
}

/// What the plan calls removed is for the linter a key that it does not know.
fn now_called(rule: &str) -> &str {
    if rule == "key_removed" { "unknown_key" } else { rule }
}

/// Everything is corrected but one: the new version does not start, and `validate` says which one it is.
fn ignored_one_by_one(there: &Deployment, planned: &[(String, String, String)]) {
    let corrected = fs::read_to_string(there.path("ops/livekit.yaml")).expect("there");
    let mut seen = 0;
    for (_, _, path) in planned.iter().filter(|(rule, ..)| rule == "key_removed") {
        let again = Edit::Set { path: path.clone(), value: "x".to_owned() };
        let text = edit(&corrected, &[again]).expect("the key is put back");
        fs::write(there.path("ops/livekit.yaml"), text).expect("written");
        let ended = there.serve(NEW).expect_err("1.13.5 must not start with a key that it does not have");
        let name = path.rsplit('.').next().unwrap_or_default();
        assert!(ended.contains(&format!("field {name} not found")), "{path}: {ended}");
        let (code, said) = there.greenlight(&["validate", "ops", "--full", "--level", "config"]);
        assert!(code == Some(1) && said.contains(&format!(" unknown_key: {path};")), "{path}: {said}");
        assert_eq!(said.matches("unknown_key: ").count(), 1, "{said}");
        seen += 1;
    }
    assert!(seen >= 4, "{seen} keys were put back");
    fs::write(there.path("ops/livekit.yaml"), corrected).expect("written");
}

pub(crate) fn upgrade() {
    suites();
    let there = Deployment::new();
    there.serve(OLD).expect("livekit-server 1.7.0 runs with the configuration of its time");
    let ended = there.serve(NEW).expect_err("1.13.5 must not start with it");
    assert!(
        ended.contains("field probe_mode not found") && ended.contains("field stream_tracker not found"),
        "{ended}"
    );
    there.serve(OLD).expect("1.7.0 still runs");

    let (code, said) = there.greenlight(&["plan", "generate", "ops", "--to", "1.13.5"]);
    assert_eq!(code, Some(0), "{said}");
    let plan = fs::read_to_string(there.path("plan.json")).expect("a plan");
    let plan: serde_json::Value = serde_json::from_str(&plan).expect("json");
    let server = format!("{}-server", there.name);
    let seen = plan["components"].as_array().expect("components").iter().find(|one| one["name"] == server.as_str());
    let seen = seen.expect("the running container is seen");
    assert_eq!((&seen["version"], &seen["seen"]), (&"1.7.0".into(), &"container".into()));

    // Nothing done yet: what was planned is found, each at its line. One of them is about what serves.
    let config = ["validate", "ops", "--full", "--level", "config", "--from", "1.7.0"];
    let (code, said) = there.greenlight(&config);
    assert_eq!(code, Some(1), "{said}");
    let planned = risks(&plan, "greenlight validate ");
    let elsewhere = risks(&plan, "greenlight verify ");
    assert_eq!(elsewhere.iter().map(|(rule, ..)| rule.as_str()).collect::<Vec<_>>(), ["rtc_v1_path"]);
    assert_eq!(planned.len() + 1, risks(&plan, "").len(), "{plan}");
    assert!(planned.len() >= 15, "{planned:?}");
    for (rule, at, found) in &planned {
        assert!(said.contains(&format!("\n  {at} {}: {found};", now_called(rule))), "{rule} at {at} is not in {said}");
    }
    let (code, said) = there.greenlight(&["plan", "apply", "plan.json", "--folder", "ops"]);
    assert_eq!(code, Some(0), "{said}");
    let (code, said) = there.greenlight(&config);
    assert!(code == Some(1) && said.contains("\n  .env:2 env_rtc_node_ip_ignored: LIVEKIT_RTC_NODE_IP;"), "{said}");
    let (code, said) = there.greenlight(&["env", "update", "ops/.env", "--to", "1.13.5"]);
    assert_eq!(code, Some(0), "{said}");
    ignored_one_by_one(&there, &planned);

    there.serve(NEW).expect("1.13.5 starts strict with the corrected configuration");
    let (code, said) = there.greenlight(&["validate", "ops", "--full", "--url", &there.url(), "--from", "1.7.0"]);
    assert_eq!(code, Some(0), "{said}");
    // 1.7.0 did not read it, and nobody has looked at it.
    for rule in ["boolean_variables_are_read", "development"] {
        assert!(said.contains(&format!("\n  .env:3 {rule}: ")), "no {rule} in {said}");
    }
    let verdict = said.lines().find(|line| line.starts_with("PASSED ")).unwrap_or_default();
    eprintln!("  {verdict}");

    let rule = there.open_door();
    let sip = ["validate", "ops", "--category", "sip", "--level", "config", "--url", &there.url()];
    let (code, said) = there.greenlight(&sip);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains(&format!("dispatch rule {rule} sip_rule_without_trunk: no trunk_ids")), "{said}");
    let (code, said) =
        there.greenlight(&["plan", "analyze", "ops", "--no-engine", "--from", "1.7.0", "--url", &there.url()]);
    assert!(
        code == Some(0) && said.contains(&format!("HIGH     dispatch rule {rule}  sip_rule_without_trunk")),
        "{said}"
    );
}
