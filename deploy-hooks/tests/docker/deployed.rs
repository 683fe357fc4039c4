//! A deployment of livekit-server 1.7.0 in containers, with trunks in its Redis and an application's database beside it, and
//! what its migration needs.

use crate::phones::durable_of;
use crate::postgres::{PASSWORD, Postgres};
use crate::world::{World, ask, done};
use greenlight_clients::{Http, Json, SipGrant, TokenBuilder, Twirp, VideoGrant, install_crypto_provider, json};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;
use std::time::Duration;

pub(super) const OLD: &str = "greenlight/livekit-server:v1.7.0";
pub(super) const NEW: &str = "greenlight/livekit-server:v1.13.5";
/// Made for these tests with `age-keygen`; it opens nothing else.
const IDENTITY: &str = "AGE-SECRET-KEY-1KGHQU4RYKSHGK7MWXZ8V5YKE96FTAJ5N72VX6WW7HLYK0GW9EDQSVVNTWA";
const RECIPIENT: &str = "age15letucc8fgq974gaq25axlnz8z00qz9krkq7qa6gjhrefnawac0suv9dqq";
/// What 1.7.0 read and 1.13.5 ends its start on.
const OF_ITS_TIME: &str = "rtc:
  congestion_control:
    enabled: true
    # probing, tuned for the office line
    probe_mode: padding
";
/// Its environment file, a component of the point by itself.
pub(super) const ENV: &str = "disk/livekit.env";
const ROWS: u32 = 1_000;
/// Rows of every table, whatever was written to others meanwhile and taken out again.
const ALL_ROWS: &str = "SELECT md5(string_agg(t::text, ',' ORDER BY t::text)) FROM shop.calls t \
    UNION ALL SELECT md5(string_agg(t::text, ',' ORDER BY t::text)) FROM shop.\"we\"\"ird Name\" t \
    UNION ALL SELECT md5(string_agg(t::text, ',' ORDER BY t::text)) FROM shop.days t";
/// With which file systems agree: what a folder takes up is their own affair.
const SEEN: &str = "find disk -mindepth 1 -type d -printf '%p %y %m %U %G\\n' | sort; \
    find disk ! -type d -printf '%p %y %m %U %G %n %s %T@ %l\\n' | sort; find disk -type f -print0 | sort -z | xargs -0 sha256sum";
/// Said by the script of a small disk.
const NOT_MOUNTED: i32 = 99;
const HOURS: Duration = Duration::from_secs(6 * 3_600);

/// Status, and everything that was said.
pub(super) type Heard = (Option<i32>, String);

/// Blue has the traffic.
pub(super) struct Deployed {
    pub(super) world: World,
    pub(super) postgres: Postgres,
    token: String,
}

/// What must be the same before and after, each by another program's eye than ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct State {
    /// By `psql`.
    pub(super) rows: String,
    /// By `redis-cli`.
    pub(super) durable: BTreeMap<String, Vec<String>>,
    /// By LiveKit's API.
    pub(super) trunks: Vec<String>,
}

impl Deployed {
    pub(super) fn start(environment: &'static str) -> Self {
        install_crypto_provider();
        let (world, postgres) = (World::start_as(environment), Postgres::start(ROWS, ""));
        fs::create_dir_all(world.path("disk/ops")).expect("made");
        world.put("disk/ops/livekit.yaml", &world.read("livekit.yaml").replace("rtc:\n", OF_ITS_TIME));
        world.put(ENV, "LIVEKIT_RTC_NODE_IP=127.0.0.1\n");
        for (file, text) in
            [("key.txt", IDENTITY.to_owned()), ("sign.pem", crate::hooks_world::signer().to_pem().expect("pem"))]
        {
            world.put(file, &text);
            fs::set_permissions(world.path(file), fs::Permissions::from_mode(0o600)).expect("rights");
        }
        let sections = format!(
            "    target: {{url: \"ws://127.0.0.1:{}\"}}
    rollback:
      store: points
      recipients: [{RECIPIENT}]
      files: [disk/ops]
      env: [{ENV}]
      database: {{name: application, user: admin, password_env: DATABASE_PASSWORD, container: {}, host: 127.0.0.1}}
      redis: {{url_env: REDIS_URL}}
      sip: true
      rehearse: {{name: looks, run: [sh, -c, 'grep -q probe_mode $GREENLIGHT_RESTORED{}/disk/ops/livekit.yaml'], timeout_s: 30}}
    migrate:
      folder: disk/ops
      from: 1.7.0
      to: 1.13.5
      engine: false
    driver:\n",
            world.balancer,
            postgres.container,
            fs::canonicalize(world.path("")).expect("there").display()
        );
        let text = world.read("deployment.yaml").replacen("    driver:\n", &sections, 1);
        world.put(
            "deployment.yaml",
            &text.replace("config: livekit.yaml", "config: disk/ops/livekit.yaml").replace(NEW, OLD),
        );
        world.report(OLD);
        let (code, said) = world.deploy();
        assert_eq!(code, Some(0), "livekit-server 1.7.0 with the configuration of its time: {said}");
        // What the old build comes back with: its own configuration, and the report that let it through.
        world.put("old.yaml", &world.read("deployment.yaml").replace("report: report.json", "report: old.json"));
        for ending in ["json", "intoto.jsonl"] {
            fs::copy(world.path(&format!("report.{ending}")), world.path(&format!("old.{ending}"))).expect("copied");
        }
        world.put("deployment.yaml", &world.read("deployment.yaml").replace(OLD, NEW));
        world.report(NEW);
        // A token of an application, minted before: good for hours, as tokens are.
        let grants = VideoGrant::join("minted-before");
        let token = TokenBuilder::new(&world.key, grants).identity("caller").expires_in(HOURS).sign().expect("signed");
        let deployed = Self { world, postgres, token: token.expose().to_owned() };
        assert_eq!(deployed.image("blue"), OLD);
        deployed.furnish();
        deployed
    }

    /// Trunks and a rule, as 1.7.0 takes them.
    fn furnish(&self) {
        let inbound =
            json!({"name": "berlin", "numbers": ["+4930100"], "auth_username": "berlin", "auth_password": "s3cret"});
        let made = self.sip("CreateSIPInboundTrunk", &json!({ "trunk": inbound }));
        let outbound = json!({"name": "out", "address": "sip.example.com", "numbers": ["+4930900"]});
        self.sip("CreateSIPOutboundTrunk", &json!({ "trunk": outbound }));
        let rule = json!({"dispatch_rule_direct": {"room_name": "hall", "pin": "4711"}});
        let rule = json!({"name": "desk", "trunk_ids": [made["sip_trunk_id"]], "rule": rule});
        self.sip("CreateSIPDispatchRule", &rule);
    }

    pub(super) fn sip(&self, method: &str, request: &Json) -> Json {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let answer = runtime.block_on(async {
            let endpoint =
                Http::trusting("").expect("a client").endpoint(format!("http://127.0.0.1:{}", self.world.balancer));
            let grant = SipGrant { admin: true, call: false };
            Twirp::new(endpoint, self.world.key.clone()).ask_json("SIP", method, grant, request).await
        });
        let answer = answer.expect("an answer");
        assert_eq!(answer.status, 200, "{method}: {}", answer.body);
        answer.json()
    }

    pub(super) fn image(&self, colour: &str) -> String {
        done(&["inspect", "-f", "{{.Config.Image}}", &format!("{}-{colour}", self.world.name)])
    }

    /// A command of ours in the operator's folder.
    pub(super) fn greenlight(&self, arguments: &[&str]) -> Heard {
        self.heard(Command::new(env!("CARGO_BIN_EXE_greenlight")).args(arguments))
    }

    /// The same with the folder on a disk of so many KiB, in a mount namespace that is gone afterwards; and what
    /// [`Self::files`] sees there before and after. `None` where nobody may mount.
    pub(super) fn on_a_small_disk(&self, folder: &str, kib: u32, arguments: &[&str]) -> Option<(Heard, [String; 2])> {
        let script = format!(
            "set -u; mkdir -p -m 700 $1; cp -a $1 aside; mount -t tmpfs -o size=$2k tmpfs $1 || exit {NOT_MOUNTED}; cp -a aside/. $1; rm -r aside
             seen() {{ {SEEN}; }}; shift 2; seen >seen.before; \"$@\"; code=$?; seen >seen.after; exit $code"
        );
        let mut command = Command::new("unshare");
        command.args(["--mount", "bash", "-c", &script, "bash", folder, &kib.to_string()]);
        let ended = self.heard(command.arg(env!("CARGO_BIN_EXE_greenlight")).args(arguments));
        if ended.0 == Some(NOT_MOUNTED) || ended.1.contains("unshare failed") {
            assert!(std::env::var_os("CI").is_none(), "nobody may mount a disk of its own here: {}", ended.1);
            eprintln!("NOTHING IS TESTED: nobody may mount a disk of its own here");
            return None;
        }
        Some((ended, ["seen.before", "seen.after"].map(|file| self.world.read(file))))
    }

    /// A command that ends with one of ours; it shows no secret.
    pub(super) fn heard(&self, command: &mut Command) -> Heard {
        let world = &self.world;
        command.args(["--config", "deployment.yaml"]).current_dir(world.path(""));
        command.env("GREENLIGHT_SIGN_KEY", "sign.pem").env("GREENLIGHT_IDENTITY", "key.txt").env_remove("CI");
        command.env("LIVEKIT_API_KEY", &world.key.id).env("LIVEKIT_API_SECRET", world.key.secret.expose());
        command.env("DATABASE_PASSWORD", PASSWORD).env("REDIS_URL", format!("redis://127.0.0.1:{}/0", world.redis));
        let output = command.output().expect("it runs");
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        for secret in [world.key.secret.expose(), PASSWORD] {
            assert!(!said.contains(secret), "{command:?} shows a secret");
        }
        (output.status.code(), said)
    }

    /// A line of the operator's, as a script in his folder.
    pub(super) fn script(&self, name: &str, text: &str) -> String {
        self.world.put(name, text);
        format!("{{name: {name}, run: [sh, \"{}\"], timeout_s: 120}}", self.world.path(name).display())
    }

    /// The line that gives the traffic to the old build, unless it has it.
    pub(super) fn gives_back(&self) -> String {
        let gives = format!(
            "[ \"$(docker inspect -f '{{{{.Config.Image}}}}' {}-blue)\" = {OLD} ] || exec {} deploy --env {} --config old.yaml\n",
            self.world.name,
            env!("CARGO_BIN_EXE_greenlight"),
            self.world.environment
        );
        self.script("gives-back", &gives)
    }

    /// A statement by `psql`, as a line of a script.
    pub(super) fn statement(&self, statement: &str) -> String {
        format!(
            "docker exec -e PGPASSWORD={PASSWORD} {} psql -h127.0.0.1 -Uadmin -XqAt -v ON_ERROR_STOP=1 -d application -c \"{statement}\"\n",
            self.postgres.container
        )
    }

    /// A call of the SIP API, as a line of a script.
    pub(super) fn call(&self, method: &str, request: &Json) -> String {
        let grant = SipGrant { admin: true, call: false };
        let token = TokenBuilder::new(&self.world.key, grant).identity("operator").sign().expect("signed");
        format!(
            "python3 -c \"import urllib.request as u; u.urlopen(u.Request('http://127.0.0.1:{}/twirp/livekit.SIP/{method}', \
             b'''{}''', {{'Content-Type': 'application/json', 'Authorization': 'Bearer {}'}}), timeout=5)\"\n",
            self.world.balancer,
            request.to_string().replace('"', "\\\""),
            token.expose()
        )
    }

    /// What `find` and `sha256sum` see of the deployment's files, and of all that lies beside their folder.
    pub(super) fn files(&self) -> String {
        let output =
            Command::new("bash").args(["-euo", "pipefail", "-c", SEEN]).current_dir(self.world.path("")).output();
        String::from_utf8(output.expect("bash").stdout).expect("text")
    }

    /// The same after a way back. What the step `environment` keeps beside a file that lies in no folder of the point stays
    /// there: it must be what the file is again, and is taken away.
    pub(super) fn files_again(&self) -> String {
        let kept = self.world.path(&format!("{ENV}.before"));
        if kept.exists() {
            assert_eq!(fs::read(&kept).expect("read"), fs::read(self.world.path(ENV)).expect("read"));
            fs::remove_file(kept).expect("removed");
        }
        self.files()
    }

    pub(super) fn state(&self) -> State {
        let redis = format!("{}-redis", self.world.name);
        let durable = durable_of(|arguments| done(&[&["exec", &redis, "redis-cli", "--no-raw"], arguments].concat()));
        let mut trunks = Vec::new();
        for method in ["ListSIPInboundTrunk", "ListSIPOutboundTrunk", "ListSIPDispatchRule"] {
            for one in self.sip(method, &json!({}))["items"].as_array().expect("a list") {
                // What both versions know.
                let fields = [
                    "sip_trunk_id",
                    "sip_dispatch_rule_id",
                    "name",
                    "numbers",
                    "address",
                    "auth_username",
                    "auth_password",
                    "trunk_ids",
                    "rule",
                ];
                // What is empty is said by one of them and left out by the other.
                let is_said = |value: &Json| ![json!(null), json!([]), json!("")].contains(value);
                let kept = fields.iter().filter(|field| is_said(&one[**field]));
                trunks.push(kept.map(|field| format!("{field} {}", one[*field])).collect::<Vec<_>>().join(" "));
            }
        }
        trunks.sort();
        State { rows: self.postgres.sql("application", ALL_ROWS), durable, trunks }
    }

    /// The token that was minted before is accepted, and a forged one is not.
    pub(super) fn accepts(&self, when: &str) {
        let question = format!("GET /rtc/validate?access_token={} HTTP/1.0\r\nHost: here\r\n\r\n", self.token);
        let answer = ask(self.world.balancer, &question).expect("an answer");
        assert!(answer.starts_with("HTTP/1.") && answer[8..].starts_with(" 200"), "{when}: {answer}");
        let answer = ask(self.world.balancer, &question.replace(" HTTP/1.0", "x HTTP/1.0")).expect("an answer");
        assert!(answer[8..].starts_with(" 401"), "{when}, and so was a forged one: {answer}");
    }
}
