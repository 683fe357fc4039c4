//! The command line of `greenlight-verify`.

use clap::{Parser, ValueEnum};
use std::path::PathBuf;

/// Proves with real protocols that a LiveKit deployment works, and writes a sealed report.
///
/// With LIVEKIT_URL, LIVEKIT_API_KEY and LIVEKIT_API_SECRET in the environment it tests that deployment, and hurts
/// nobody there: a few rooms of its own, no load, no attacks. Without them every check runs on a staging of two nodes,
/// Redis and HAProxy with TLS, which is started in containers and removed afterwards. Progress goes to standard error;
/// standard output holds the result only.
#[derive(Debug, Parser)]
#[command(name = "greenlight-verify", bin_name = "cargo verify", version, after_help = AFTER_HELP)]
pub struct Cli {
    /// What to test: `containers` starts a staging; `url` takes the deployment of --url or LIVEKIT_URL; a URL, or the name
    /// of an environment with a `target:` in deployment.yaml, that one; `emulator` a small fake that proves nothing about
    /// any LiveKit; `auto` the URL if one is given, else containers if an engine could start them at once, else the
    /// emulator, which is an error with CI set.
    #[arg(long, value_name = "TARGET", default_value = "auto")]
    pub target: String,

    /// Address of the deployment to test, such as wss://rtc.example.com. Also LIVEKIT_URL.
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,

    /// An API key of that deployment. Also LIVEKIT_API_KEY.
    #[arg(long, value_name = "KEY")]
    pub api_key: Option<String>,

    /// Its secret. Better in LIVEKIT_API_SECRET: everybody on this machine can see the arguments of a process.
    #[arg(long, value_name = "SECRET")]
    pub api_secret: Option<String>,

    /// A node of that deployment that can be reached past the balancer, with its Prometheus port if that can be reached;
    /// may be given several times. With two of them, checks look from node to node.
    #[arg(long = "node", value_name = "NAME=URL[,METRICS_URL]")]
    pub nodes: Vec<String>,

    /// Certificates to trust besides this machine's, in PEM: a private authority.
    #[arg(long, value_name = "FILE")]
    pub ca: Option<PathBuf>,

    /// Certificate and key to show when the deployment asks who connects, in one PEM file.
    #[arg(long, value_name = "FILE")]
    pub client_cert: Option<PathBuf>,

    /// HTTP proxy on the way to the deployment, such as http://proxy.example.com:3128. Without it HTTPS_PROXY and
    /// NO_PROXY count, as for curl. Only for wss://. Nodes, Redis, database and SIP edge are asked straight; media and TURN,
    /// which do not pass a proxy, are not tested through one.
    #[arg(long, value_name = "URL", env = "GREENLIGHT_PROXY", hide_env_values = true)]
    pub proxy: Option<String>,

    /// The deployment's SIP edge.
    #[arg(long, value_name = "ADDRESS:PORT", value_parser = crate::target::socket_address)]
    pub sip_edge: Option<std::net::SocketAddr>,

    /// What may be done to a deployment at its address besides looking. Only where its environment in deployment.yaml says
    /// `owned: true`, and never to LiveKit Cloud.
    #[arg(long, value_name = "WHAT", value_enum, value_delimiter = ',')]
    pub allow: Vec<Permission>,

    /// The file that names environments.
    #[arg(long, value_name = "FILE")]
    pub deployment: Option<String>,

    /// Run only this suite; may be given several times.
    #[arg(long = "suite", value_name = "SUITE")]
    pub suites: Vec<String>,

    /// Run only this check, as `suite.name`; may be given several times.
    #[arg(long = "test", value_name = "SUITE.NAME")]
    pub tests: Vec<String>,

    /// Run every check. This is also what happens without --suite, --test and --tag.
    #[arg(long, conflicts_with_all = ["suites", "tests", "tags"])]
    pub run_all: bool,

    /// Run only checks with this tag; may be given several times.
    #[arg(long = "tag", value_name = "TAG")]
    pub tags: Vec<String>,

    /// A set of checks for an occasion. Without it, and without any other selection, `production` for a deployment at its
    /// address and `full` for a staging in containers.
    #[arg(long, value_name = "PROFILE", value_enum, conflicts_with_all = ["suites", "tests", "tags", "run_all"])]
    pub profile: Option<Profile>,

    /// Print the selected checks and stop; nothing is started.
    #[arg(long)]
    pub list: bool,

    /// Say what a check claims, whom it hurts when that is false, how to mend it and how it was proven; nothing is
    /// started.
    #[arg(long, value_name = "SUITE.NAME")]
    pub explain: Option<String>,

    /// How --list prints.
    #[arg(long, value_enum, default_value = "text", requires = "list")]
    pub format: ListFormat,

    /// Folder for report.json, its signature, junit.xml, run.jsonl and logs. Files of an earlier run in it are replaced.
    #[arg(long, value_name = "DIR", default_value = "target/greenlight")]
    pub out: PathBuf,

    /// Plant this fault in the staging before the run, to see checks turn red.
    #[arg(long, value_name = "FAULT")]
    pub plant: Option<String>,

    /// Try a red check again so often. Every attempt is kept, and a pass after a red one is shown as flaky.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub retries: u32,

    /// How many checks run at the same time.
    #[arg(long, value_name = "N", default_value_t = 6, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub threads: u16,

    /// Decides the order of checks; printed with every run. Without it, a random one is drawn.
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,

    /// Sign the report with this private key (PEM, ed25519, as `greenlight keygen` makes it): report.intoto.jsonl. A gate
    /// believes signed reports only. Without it the report is not signed.
    #[arg(long, value_name = "FILE", env = "GREENLIGHT_SIGN_KEY")]
    pub sign_key: Option<PathBuf>,

    /// Refuse to test anything else than a staging in containers.
    #[arg(long)]
    pub require_containers: bool,

    /// Images and limits. Without it ./config/staging_tests.yaml, and where that is missing the built-in one.
    #[arg(long, value_name = "FILE")]
    pub config: Option<String>,

    /// Run this livekit.yaml of yours on the nodes of the staging, with keys, Redis, ports, addresses and certificates of the
    /// staging's own. The report is about this file then: a gate with `artefact.config` opens for it and for no other.
    #[arg(long, value_name = "FILE")]
    pub livekit_config: Option<PathBuf>,

    /// Tokens that your application issued, one a line: auth.application_tokens says what is wrong with them, and shows
    /// none. They are held against the target's API keys. Without it, the staging writes some of its own.
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,

    /// Hold what load measures against this earlier run, where a threshold says `vs baseline`.
    #[arg(long, value_name = "FILE", env = "GREENLIGHT_BASELINE")]
    pub baseline: Option<PathBuf>,

    /// Write what load measures to this file when the run has passed, for --baseline. Thresholds are held to their bounds
    /// only in such a run.
    #[arg(long, value_name = "FILE", conflicts_with = "baseline")]
    pub record_baseline: Option<PathBuf>,

    /// Record what the checks send and what is answered, for the emulator.
    #[arg(long, value_name = "FILE", hide = true, conflicts_with = "plant")]
    pub record: Option<PathBuf>,

    /// What to print on standard output: a summary with every failure, one line, or the report.
    #[arg(short, long, value_enum, default_value = "text")]
    pub output: OutputFormat,
}

/// A set of checks for an occasion. Times are of a staging on two processors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Profile {
    /// The fast set: does it work at all? Some 15 seconds.
    Smoke,
    /// What hurts nobody and ends soon: for a deployment that serves users. Below a minute.
    Production,
    /// Everything but what waits for a server's own long timeouts, drills and load included. Some 3 minutes.
    PreRelease,
    /// Everything.
    Full,
}

/// What may be done to a deployment that serves nobody else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Permission {
    /// Load, and more than a few rooms at a time.
    Load,
    /// What an attacker would send.
    Attack,
    /// Changes to what it keeps for all callers: trunks, rules, stream keys.
    Drill,
}

/// How `--list` prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ListFormat {
    /// Id and claim, by suite.
    Text,
    /// `id: test`, as libtest does.
    Terse,
    /// One array of objects.
    Json,
}

/// What goes to standard output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum OutputFormat {
    /// Suites, failures with their fix, the verdict.
    Text,
    /// The verdict in one line.
    Short,
    /// The sealed report.
    Json,
}

const AFTER_HELP: &str = "\
Exit codes:
    0  passed
    1  a check failed
    2  usage or configuration error
    3  inconclusive: something could not be found out
    4  nothing, or not everything planned, ran
    6  the target can't be reached, the staging did not start, or CI is set and only the emulator was there
  130  interrupted; everything that was started is removed

Examples:
  LIVEKIT_URL=wss://rtc.example.com LIVEKIT_API_KEY=… LIVEKIT_API_SECRET=… cargo verify
  cargo verify --target staging           # an environment of config/deployment.yaml
  cargo verify --suite auth
  cargo verify --test infrastructure.service_health
  cargo verify --tag smoke -o short
  cargo verify --plant redis_stopped      # see it turn red";
