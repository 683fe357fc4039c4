//! What was seen of a machine. Nothing here judges.

/// The greenlight-verify beside this program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verifier {
    /// Of this version.
    Here,
    /// There is none.
    Missing,
    /// It can't be used, and why.
    Unusable(String),
}

/// One image of staging_tests.yaml.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Image {
    /// Pulled where the local one is missing.
    pub official: String,
    /// What `cargo xtask images` builds.
    pub local: String,
    /// Whether the engine has the official one.
    pub has_official: bool,
    /// Whether it has the local one.
    pub has_local: bool,
}

/// A file, and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Looked {
    /// Its path.
    pub file: String,
    /// What its reader says; nothing if it is good.
    pub problem: Option<String>,
}

/// The folder with the configuration.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Configuration {
    /// Its name.
    pub folder: String,
    /// Each file in it that a reader of ours reads.
    pub files: Vec<Looked>,
    /// What deployment.yaml names: keys and lists of checks.
    pub named: Vec<Looked>,
    /// Files that nobody reads, whose name is almost one that somebody does, with that one.
    pub misnamed: Vec<(String, &'static str)>,
}

/// What LIVEKIT_URL and its companions say.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Environment {
    /// LIVEKIT_URL without what may be secret in it, or why it is no address.
    pub url: Option<Result<String, String>>,
    /// Whether LIVEKIT_API_KEY is set.
    pub api_key: bool,
    /// Whether LIVEKIT_API_SECRET is set.
    pub api_secret: bool,
}

/// All of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Facts {
    /// The greenlight-verify beside this program.
    pub verifier: Verifier,
    /// What `rustc --version` prints, if it runs.
    pub rustc: Option<String>,
    /// What the C compiler prints.
    pub cc: Option<String>,
    /// What `docker --version` prints.
    pub docker: Option<String>,
    /// The engine's version, or why none answers.
    pub engine: Result<String, String>,
    /// The images; none if no engine answers.
    pub images: Vec<Image>,
    /// What `go version` prints.
    pub go: Option<String>,
    /// Whether debootstrap runs.
    pub debootstrap: bool,
    /// Whether this user is root.
    pub root: bool,
    /// Whether redis-cli runs.
    pub redis_cli: bool,
    /// Whether openssl runs.
    pub openssl: bool,
    /// The soft limit of open files; nothing if there is none.
    pub open_files: Option<u64>,
    /// Free space where this was called, MiB; nothing if it is not known.
    pub disk_mib: Option<u64>,
    /// Free memory, MiB; nothing if it is not known.
    pub memory_mib: Option<u64>,
    /// The folder with the configuration.
    pub configuration: Configuration,
    /// The target in the environment.
    pub environment: Environment,
}
