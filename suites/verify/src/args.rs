//! The command line of `greenlight-verify`.

use clap::{Parser, ValueEnum};
use std::path::PathBuf;

/// Proves with real protocols that a LiveKit deployment works, and writes a sealed report.
///
/// Without arguments every check runs on a staging of two nodes, Redis and HAProxy with TLS, which is started in
/// containers and removed afterwards. Progress goes to standard error; standard output holds the result only.
#[derive(Debug, Parser)]
#[command(name = "greenlight-verify", bin_name = "cargo verify", version, after_help = AFTER_HELP)]
pub struct Cli {
    /// What to test: `containers` starts a staging; `auto` does so when a container engine answers.
    #[arg(long, value_name = "TARGET", default_value = "auto")]
    pub target: String,

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

    /// Tokens that your application issued, one a line: auth.application_tokens says what is wrong with them, and shows
    /// none. They are held against the target's API keys. Without it, the staging writes some of its own.
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,

    /// What to print on standard output: a summary with every failure, one line, or the report.
    #[arg(short, long, value_enum, default_value = "text")]
    pub output: OutputFormat,
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
    6  the target can't be reached, or the staging did not start
  130  interrupted; everything that was started is removed

Examples:
  cargo verify --suite auth
  cargo verify --test infrastructure.service_health
  cargo verify --tag smoke -o short
  cargo verify --plant redis_stopped      # see it turn red";
