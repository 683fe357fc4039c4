//! What a rollback point of an environment holds, where it is kept, and what says that a restore has helped.

use super::step::Step;
use serde::Deserialize;
use std::path::PathBuf;

/// Points to come back to.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RollbackSpec {
    /// Where points are kept: a folder, or `s3://bucket/prefix`.
    pub store: String,
    /// Who can restore them, as `age-keygen` prints it. Without any, `rollback create` wants `--recipient`.
    #[serde(default)]
    pub recipients: Vec<String>,
    /// Files and folders of the component `files`.
    #[serde(default)]
    pub files: Vec<PathBuf>,
    /// Environment files, the component `env`.
    #[serde(default)]
    pub env: Vec<PathBuf>,
    /// The application's database. Without it no point holds one.
    pub database: Option<DatabaseSpec>,
    /// LiveKit's Redis. Only what lasts is kept: trunks, rules and ingress, never rooms, nodes and jobs of egress. Without it no
    /// point holds any of it.
    pub redis: Option<RedisSpec>,
    /// Trunks and rules through the API of `target`. Without it no point holds them.
    #[serde(default)]
    pub sip: bool,
    /// Containers and their balancer. The colours of the driver `docker` are among them by themselves.
    pub services: Option<ServicesSpec>,
    /// What says, after a restore, that the deployment has recovered. Without it greenlight-verify runs its smoke set on
    /// `target`; without a target either, nothing says so, and the restore says that.
    pub verify: Option<Step>,
    /// What says, in a rehearsal, that what was restored would serve. It is told by GREENLIGHT_RESTORED the folder with the
    /// restored files, each below its whole path. Without it greenlight-verify runs its smoke set on a staging in containers
    /// with every livekit.yaml of the point.
    pub rehearse: Option<Step>,
    /// A deploy is refused unless a point was rehearsed within so many seconds. Without it none is demanded.
    pub rehearsal_age_max_s: Option<u64>,
}

/// A database of Postgres. The tools that dump and restore it are those of its own version, and run where it is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatabaseSpec {
    /// Its name.
    pub name: String,
    /// Who may read and make databases there.
    pub user: String,
    /// The container in which it runs, with its tools. Without it the tools of this machine are used.
    pub container: Option<String>,
    /// Its host as the tools see it, from within the container if there is one: a name, or the folder of its socket. Without
    /// it the tools' own default.
    pub host: Option<String>,
    /// Its port. Without it the tools' own default.
    pub port: Option<u16>,
    /// Name of the variable with the password. Without it none is given.
    pub password_env: Option<String>,
    /// Whether a copy is restored beside the database when a point is made: it proves that the dump can be restored, and
    /// makes coming back a rename. It takes as much room as the database.
    #[serde(default)]
    pub keep_copy: bool,
}

/// LiveKit's Redis.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RedisSpec {
    /// Name of the variable with its URL, `redis://:password@host:port/db`.
    pub url_env: String,
}

/// Containers of this machine's engine.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServicesSpec {
    /// By name.
    #[serde(default)]
    pub containers: Vec<String>,
    /// How many seconds an emergency restore waits for calls to end before it cuts them. Without it 30.
    pub stop_timeout_s: Option<u64>,
}

impl RollbackSpec {
    pub(super) fn problems(&self, has_target: bool) -> Vec<String> {
        let mut problems = Vec::new();
        if self.store.is_empty() {
            problems.push("rollback.store is empty; write a folder, or s3://bucket/prefix".to_owned());
        }
        for recipient in self.recipients.iter().filter(|recipient| !recipient.starts_with("age1")) {
            // It may be an identity, which is a secret.
            let shown = if recipient.starts_with("AGE-SECRET") { "an identity" } else { recipient.as_str() };
            problems.push(format!(
                "rollback.recipients has {shown:?}, and a recipient begins with age1; `age-keygen -y` prints it, and the identity belongs on another machine"
            ));
        }
        if self.sip && !has_target {
            problems.push("rollback.sip reads trunks through the API, and there is no target; write `target: {url: …}`, or leave it out".to_owned());
        }
        if self.rehearsal_age_max_s == Some(0) {
            problems.push("rollback.rehearsal_age_max_s is 0, and no rehearsal is that fresh; write how old it may be, such as 604800".to_owned());
        }
        let variables = [
            ("database.password_env", self.database.as_ref().and_then(|database| database.password_env.as_ref())),
            ("redis.url_env", self.redis.as_ref().map(|redis| &redis.url_env)),
        ];
        for (key, name) in variables {
            let is_name = |name: &String| {
                !name.is_empty() && name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
            };
            if name.is_some_and(|name| !is_name(name)) {
                // It may be the secret itself, which is not repeated.
                problems.push(format!(
                    "rollback.{key} is the name of a variable (A-Z, 0-9, _), and a secret never stands here"
                ));
            }
        }
        if let Some(database) = &self.database {
            for (key, text) in [("name", &database.name), ("user", &database.user)] {
                let plain = |text: &str| {
                    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.".contains(&b))
                };
                if !plain(text) {
                    problems.push(format!("rollback.database.{key} is {text:?}; use letters, digits, _, - and ."));
                }
            }
            let plain = |name: &String| {
                let begins = name.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric());
                begins && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.".contains(&b))
            };
            if let Some(container) = database.container.as_ref().filter(|name| !plain(name)) {
                problems
                    .push(format!("rollback.database.container is {container:?}, and that is no name of a container"));
            }
            if ["template0", "template1"].contains(&database.name.as_str()) {
                problems.push(format!(
                    "rollback.database.name is {:?}, from which Postgres makes others; name the application's own",
                    database.name
                ));
            }
        }
        let lines = self.verify.iter().chain(&self.rehearse);
        problems.extend(lines.flat_map(|step| step.problems("rollback")));
        problems
    }
}
