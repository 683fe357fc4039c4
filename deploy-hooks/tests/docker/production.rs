//! A production of livekit-server 1.7.0 in containers, with trunks in its Redis and an application's database beside it, and
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
const ROWS: u32 = 1_000;
/// Rows of every table, whatever was written to others meanwhile and taken out again.
const ALL_ROWS: &str = "SELECT md5(string_agg(t::text, ',' ORDER BY t::text)) FROM shop.calls t \
    UNION ALL SELECT md5(string_agg(t::text, ',' ORDER BY t::text)) FROM shop.\"we\"\"ird Name\" t \
    UNION ALL SELECT md5(string_agg(t::text, ',' ORDER BY t::text)) FROM shop.days t";
const HOURS: Duration = Duration::from_secs(6 * 3_600);

/// Blue has the traffic.
pub(super) struct Production {
    pub(super) world: World,
    pub(super) postgres: Postgres,
    token: String,
}

/// What must be the same before and after, each by another program's eye than ours.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct State {
    /// By `psql`.
    pub(super) rows: String,
    /// By `redis-cli`.
    pub(super) durable: BTreeMap<String, Vec<String>>,
    /// By LiveKit's API.
    pub(super) trunks: Vec<String>,
}

impl Production {
    pub(super) fn start() -> Self {
        install_crypto_provider();
        let (world, postgres) = (World::start(), Postgres::start(ROWS, ""));
        fs::create_dir(world.path("ops")).expect("made");
        world.put("ops/livekit.yaml", &world.read("livekit.yaml").replace("rtc:\n", OF_ITS_TIME));
        world.put("ops/.env", "LIVEKIT_RTC_NODE_IP=127.0.0.1\n");
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
      files: [ops]
      database: {{name: application, user: admin, password_env: DATABASE_PASSWORD, container: {}, host: 127.0.0.1}}
      redis: {{url_env: REDIS_URL}}
      sip: true
      rehearse: {{name: looks, run: [sh, -c, 'grep -q probe_mode $GREENLIGHT_RESTORED{}/ops/livekit.yaml'], timeout_s: 30}}
    migrate:
      folder: ops
      from: 1.7.0
      to: 1.13.5
      env: [ops/.env]
      engine: false
    driver:\n",
            world.balancer,
            postgres.container,
            fs::canonicalize(world.path("")).expect("there").display()
        );
        let text = world.read("deployment.yaml").replacen("    driver:\n", &sections, 1);
        world.put(
            "deployment.yaml",
            &text.replace("config: livekit.yaml", "config: ops/livekit.yaml").replace(NEW, OLD),
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
        let production = Self { world, postgres, token: token.expose().to_owned() };
        assert_eq!(production.image("blue"), OLD);
        production.furnish();
        production
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

    /// Status, and everything that was said.
    pub(super) fn greenlight(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let world = &self.world;
        let mut command = Command::new(env!("CARGO_BIN_EXE_greenlight"));
        command.args(arguments).args(["--config", "deployment.yaml"]).current_dir(world.path(""));
        command.env("GREENLIGHT_SIGN_KEY", "sign.pem").env("GREENLIGHT_IDENTITY", "key.txt").env_remove("CI");
        command.env("LIVEKIT_API_KEY", &world.key.id).env("LIVEKIT_API_SECRET", world.key.secret.expose());
        command.env("DATABASE_PASSWORD", PASSWORD).env("REDIS_URL", format!("redis://127.0.0.1:{}/0", world.redis));
        let output = command.output().expect("it runs");
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        for secret in [world.key.secret.expose(), PASSWORD] {
            assert!(!said.contains(secret), "{arguments:?} shows a secret");
        }
        (output.status.code(), said)
    }

    /// A line of the operator's, as a script in his folder.
    pub(super) fn script(&self, name: &str, text: &str) -> String {
        self.world.put(name, text);
        format!("{{name: {name}, run: [sh, \"{}\"], timeout_s: 120}}", self.world.path(name).display())
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

    /// What `find` and `sha256sum` see of the deployment's files.
    pub(super) fn files(&self) -> String {
        let line = "find ops -printf '%p %y %m %U %G %n %s %T@ %l\\n' | sort; find ops -type f -print0 | sort -z | xargs -0 sha256sum";
        let output =
            Command::new("bash").args(["-euo", "pipefail", "-c", line]).current_dir(self.world.path("")).output();
        String::from_utf8(output.expect("bash").stdout).expect("text")
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
