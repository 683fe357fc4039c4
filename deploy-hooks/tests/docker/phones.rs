//! Two livekit-servers on one Redis with a password, and an operator's folder with a deployment.yaml that keeps trunks.

use crate::world::{docker, done, ports};
use greenlight_clients::{
    Endpoint, Http, Json, Key, Secret, SipGrant, Twirp, VideoGrant, install_crypto_provider, json,
};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;

const SERVER: &str = "greenlight/livekit-server:v1.13.5";
const REDIS: &str = "greenlight/redis:7.0";
const SECRET: &str = "WUDnXb3vYc1qLr8TgZ5sKe7hFa2jMp9oQi4wRx6y";
/// Of Redis, and of a trunk: neither may be seen anywhere.
pub(crate) const PASSWORDS: [&str; 2] = ["s3cret-of-redis-itself", "s3cret-of-a-trunk"];
/// Made for these tests with `age-keygen`; it opens nothing else.
const IDENTITY: &str = "AGE-SECRET-KEY-1KGHQU4RYKSHGK7MWXZ8V5YKE96FTAJ5N72VX6WW7HLYK0GW9EDQSVVNTWA";
const RECIPIENT: &str = "age15letucc8fgq974gaq25axlnz8z00qz9krkq7qa6gjhrefnawac0suv9dqq";
const UP_MAX: Duration = Duration::from_secs(60);

pub(crate) struct Phones {
    folder: tempfile::TempDir,
    name: String,
    runtime: Runtime,
    pub(crate) redis: u16,
    nodes: [u16; 2],
}

impl Drop for Phones {
    fn drop(&mut self) {
        for part in ["a", "b", "redis", "other"] {
            docker(&["rm", "-fv", &format!("{}-{part}", self.name)]);
        }
        docker(&["network", "rm", &self.name]);
    }
}

impl Phones {
    pub(crate) fn start() -> Self {
        install_crypto_provider();
        let letters: String = (0..5).map(|_| char::from(b'a' + rand::random::<u8>() % 26)).collect();
        let [redis, a, a_tcp, a_udp, b, b_tcp, b_udp] = ports();
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
        let folder = tempfile::tempdir().expect("a folder");
        let phones = Self { folder, name: format!("gls-{letters}"), runtime, redis, nodes: [a, b] };
        done(&["network", "create", "--label", "dev.greenlight.test=phones", &phones.name]);
        let mut create = phones.create("redis", &[(redis, 6379, "tcp")]);
        create.extend([REDIS, "redis-server", "--save", "", "--requirepass", PASSWORDS[0]].map(str::to_owned));
        phones.started("redis", &create);
        for (part, http, tcp, udp) in [("a", a, a_tcp, a_udp), ("b", b, b_tcp, b_udp)] {
            let file = phones.path(&format!("{part}.yaml"));
            fs::write(&file, livekit(&phones.name, tcp, udp)).expect("written");
            let mut create = phones.create(part, &[(http, 7880, "tcp"), (tcp, tcp, "tcp"), (udp, udp, "udp")]);
            create.extend([SERVER, "--config", "/livekit.yaml"].map(str::to_owned));
            let arguments: Vec<&str> = create.iter().map(String::as_str).collect();
            done(&arguments);
            done(&["cp", &file.display().to_string(), &format!("{}-{part}:/livekit.yaml", phones.name)]);
            done(&["start", &format!("{}-{part}", phones.name)]);
        }
        for node in phones.nodes {
            phones.wait(phones.is_up(node));
        }
        fs::write(phones.path("key.txt"), format!("{IDENTITY}\n")).expect("written");
        fs::set_permissions(phones.path("key.txt"), fs::Permissions::from_mode(0o600)).expect("rights");
        fs::write(phones.path("deployment.yaml"), deployment(a)).expect("written");
        assert_eq!(phones.greenlight(&["keygen", "--out", "sign"]).0, Some(0));
        phones
    }

    fn create(&self, part: &str, published: &[(u16, u16, &str)]) -> Vec<String> {
        let name = format!("{}-{part}", self.name);
        let create = ["create", "--name", &name, "--network", &self.name, "--label", "dev.greenlight.test=phones"];
        let mut create: Vec<String> = create.map(str::to_owned).to_vec();
        for (port, inside, kind) in published {
            create.extend(["-p".to_owned(), format!("127.0.0.1:{port}:{inside}/{kind}")]);
        }
        create
    }

    fn started(&self, part: &str, create: &[String]) {
        let arguments: Vec<&str> = create.iter().map(String::as_str).collect();
        done(&arguments);
        done(&["start", &format!("{}-{part}", self.name)]);
    }

    /// Another Redis, and the port at which it is.
    pub(crate) fn another_redis(&self, arguments: &[&str]) -> u16 {
        docker(&["rm", "-fv", &format!("{}-other", self.name)]);
        let [port] = ports();
        let mut create = self.create("other", &[(port, 6379, "tcp")]);
        create.extend([REDIS, "redis-server", "--save", "", "--protected-mode", "no"].map(str::to_owned));
        create.extend(arguments.iter().map(|argument| argument.replace("{redis}", &format!("{}-redis", self.name))));
        self.started("other", &create);
        self.eventually("the other Redis answers", || {
            let said = done_or(&["exec", &format!("{}-other", self.name), "redis-cli", "INFO", "replication"]);
            said.contains("role:master") || said.contains("master_link_status:up")
        });
        port
    }

    fn eventually(&self, what: &str, is: impl Fn() -> bool) {
        let end = Instant::now() + UP_MAX;
        while !is() {
            assert!(Instant::now() < end, "{}: not in time: {what}", self.name);
            std::thread::park_timeout(Duration::from_millis(50));
        }
    }

    async fn is_up(&self, port: u16) {
        let endpoint = Http::trusting("").expect("a client").endpoint(format!("http://127.0.0.1:{port}"));
        let end = Instant::now() + UP_MAX;
        let mut ticks = tokio::time::interval(Duration::from_millis(50));
        while !endpoint.get("/", None).await.is_ok_and(|answer| answer.status == 200) {
            assert!(Instant::now() < end, "{}: a server does not come up", self.name);
            ticks.tick().await;
        }
    }

    pub(crate) fn wait<T>(&self, for_it: impl Future<Output = T>) -> T {
        self.runtime.block_on(for_it)
    }

    pub(crate) fn path(&self, file: &str) -> PathBuf {
        self.folder.path().join(file)
    }

    pub(crate) fn endpoint(&self, node: usize) -> Endpoint {
        Http::trusting("").expect("a client").endpoint(format!("http://127.0.0.1:{}", self.nodes[node]))
    }

    pub(crate) fn key() -> Key {
        Key { id: "APIprod".into(), secret: Secret::new(SECRET) }
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://:{}@127.0.0.1:{}/0", PASSWORDS[0], self.redis)
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_greenlight"));
        command.args(arguments).current_dir(self.folder.path()).env("REDIS_URL", self.url());
        command.env("LIVEKIT_API_KEY", "APIprod").env("LIVEKIT_API_SECRET", SECRET);
        for name in ["GREENLIGHT_STORE", "GREENLIGHT_SIGN_KEY", "CI"] {
            command.env_remove(name);
        }
        command
    }

    /// Status, and everything that was said; never a secret.
    pub(crate) fn greenlight(&self, arguments: &[&str]) -> (Option<i32>, String) {
        heard(&self.command(arguments).output().expect("it runs"))
    }

    pub(crate) fn rollback(&self, arguments: &[&str]) -> (Option<i32>, String) {
        self.greenlight(&rollback(arguments))
    }

    /// A point with these components.
    pub(crate) fn point(&self, name: &str, only: &str) -> String {
        let sign = ["--only", only, "--recipient", RECIPIENT, "--sign-key", "sign.pem"];
        let (code, said) = self.rollback(&[&["create", name], &sign[..]].concat());
        assert_eq!(code, Some(0), "{said}");
        said
    }

    /// Of LiveKit's own API, in JSON as it comes over the wire.
    pub(crate) fn sip(&self, method: &str, request: &Json) -> Json {
        let twirp = Twirp::new(self.endpoint(0), Self::key());
        let grant = SipGrant { admin: true, call: false };
        let answer = self.wait(twirp.ask_json("SIP", method, grant, request)).expect("an answer");
        assert_eq!(answer.status, 200, "{method}: {}", answer.body);
        answer.json()
    }

    pub(crate) fn ingress(&self, method: &str, request: &Json) -> Json {
        let twirp = Twirp::new(self.endpoint(0), Self::key());
        let grant = VideoGrant { ingress_admin: true, ..VideoGrant::default() };
        let answer = self.wait(twirp.ask_json("Ingress", method, grant, request)).expect("an answer");
        assert_eq!(answer.status, 200, "{method}: {}", answer.body);
        answer.json()
    }

    /// What redis-cli says.
    pub(crate) fn redis_cli(&self, arguments: &[&str]) -> String {
        let (name, password) = (format!("{}-redis", self.name), format!("REDISCLI_AUTH={}", PASSWORDS[0]));
        done(&[&["exec", "-e", &password, &name, "redis-cli", "--no-raw"], arguments].concat())
    }

    /// Every key of trunks, rules and ingress with all that is in it, as redis-cli says it. Redis says fields in any order.
    pub(crate) fn durable(&self) -> BTreeMap<String, Vec<String>> {
        durable_of(|arguments| self.redis_cli(arguments))
    }

    /// The ids of the nodes that are registered; a set, since Redis gives the fields of a hash in no order.
    pub(crate) fn nodes(&self) -> BTreeSet<String> {
        self.redis_cli(&["HKEYS", "nodes"])
            .lines()
            .filter_map(|line| line.split_once(") ").map(|(_, id)| id.trim_matches('"').to_owned()))
            .collect()
    }

    /// How many inbound trunks, outbound trunks and rules the API lists.
    pub(crate) fn counted(&self) -> [usize; 3] {
        ["ListSIPInboundTrunk", "ListSIPOutboundTrunk", "ListSIPDispatchRule"]
            .map(|method| self.sip(method, &json!({}))["items"].as_array().expect("a list").len())
    }

    /// Everything that the API lists, without ids: rules say the names of their trunks.
    pub(crate) fn content(&self) -> Vec<String> {
        let list = |method: &str| self.sip(method, &json!({}))["items"].as_array().expect("a list").clone();
        let mut content = Vec::new();
        let mut names = BTreeMap::new();
        for mut trunk in [list("ListSIPInboundTrunk"), list("ListSIPOutboundTrunk")].concat() {
            names.insert(trunk["sip_trunk_id"].take().to_string(), trunk["name"].clone());
            content.push(without_times(trunk).to_string());
        }
        for mut rule in list("ListSIPDispatchRule") {
            rule["sip_dispatch_rule_id"].take();
            for id in rule["trunk_ids"].as_array_mut().expect("a list") {
                *id = names.get(&id.to_string()).cloned().unwrap_or(id.clone());
            }
            content.push(without_times(rule).to_string());
        }
        content.sort();
        content
    }
}

/// Every key of trunks, rules and ingress, as some redis-cli says it.
pub(crate) fn durable_of(redis_cli: impl Fn(&[&str]) -> String) -> BTreeMap<String, Vec<String>> {
    let script = "local out = {} \
            for _, key in ipairs(redis.call('KEYS', '*')) do \
              if key:find('^sip_') or (key:find('ingress') and not key:find('_state:')) then \
                local all = redis.call(redis.call('TYPE', key).ok == 'set' and 'SMEMBERS' or 'HGETALL', key) \
                for i = 1, #all do out[#out + 1] = key .. ' ' .. redis.sha1hex(all[i]) end \
              end \
            end return out";
    let mut durable: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in redis_cli(&["EVAL", script, "0"]).lines() {
        let Some((_, line)) = line.split_once(") ") else { continue };
        let line = line.trim_matches('"');
        let (key, sum) = line.rsplit_once(' ').expect("a key and a sum");
        durable.entry(key.to_owned()).or_default().push(sum.to_owned());
    }
    durable.values_mut().for_each(|sums| sums.sort());
    durable
}

/// The server fills `media` in when it changes one (protocol's UpgradeWith); without a codec it means nothing.
fn without_times(mut one: Json) -> Json {
    for field in ["created_at", "updated_at"] {
        one[field].take();
    }
    if one["media"]["codecs"].as_array().is_none_or(Vec::is_empty) && one["media"]["encryption"].is_null() {
        one["media"].take();
    }
    one
}

/// Status, and everything that was said; never a secret.
pub(crate) fn heard(output: &Output) -> (Option<i32>, String) {
    let said = String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).into_owned();
    for secret in PASSWORDS.iter().chain([&SECRET]) {
        assert!(!said.contains(secret), "it shows a secret: {said}");
    }
    (output.status.code(), said)
}

/// A command of `rollback` on the environment.
pub(crate) fn rollback<'a>(arguments: &[&'a str]) -> Vec<&'a str> {
    let place = ["--environment", "production", "--config", "deployment.yaml"];
    [&["rollback"], arguments, &place[..]].concat()
}

fn done_or(arguments: &[&str]) -> String {
    String::from_utf8_lossy(&docker(arguments).stdout).into_owned()
}

fn livekit(name: &str, tcp: u16, udp: u16) -> String {
    format!(
        "port: 7880
redis: {{address: \"{name}-redis:6379\", password: {}}}
rtc: {{node_ip: 127.0.0.1, use_external_ip: false, tcp_port: {tcp}, udp_port: {udp}}}
ingress: {{rtmp_base_url: \"rtmp://127.0.0.1/live\", whip_base_url: \"http://127.0.0.1/whip\"}}
keys: {{APIprod: {SECRET}}}
",
        PASSWORDS[0]
    )
}

fn deployment(port: u16) -> String {
    format!(
        "format: 1
keys: [sign.pub.pem]
state: records
environments:
  production:
    gate: {{report: report.json, required: [api.a], age_max_s: 3600}}
    artefact: {{image: x}}
    target: {{url: \"ws://127.0.0.1:{port}\"}}
    rollback:
      store: points
      redis: {{url_env: REDIS_URL}}
      sip: true
      verify: {{name: own, run: [python3, -c, pass], timeout_s: 30}}
      rehearse: {{name: rehearsed, run: [python3, -c, pass], timeout_s: 30}}
"
    )
}
