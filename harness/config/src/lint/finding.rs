//! What the linter says: one mistake, where it stands, what it does, and how to mend it.

/// One finding of the linter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The rule that found it: snake_case, never renamed; a row of [`RULES`](super::RULES) has this id.
    pub rule: &'static str,
    /// The line of the offending key or value, counted from 1; 0 means the file as a whole.
    pub line: usize,
    /// The offending text; of a secret only what is wrong with it, never the value.
    pub found: String,
    /// What the server makes of it.
    pub what: String,
    /// What to write instead.
    pub fix: String,
    /// How bad it is.
    pub level: Level,
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// It works against what is written: the server takes another value in silence, or does not serve and says so
    /// only in its log, with exit status 0.
    Wrong,
    /// It works today and will hurt.
    Risky,
}

/// What a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FileKind {
    /// The configuration of livekit-server.
    LivekitYaml,
    /// The configuration of the SIP bridge.
    SipYaml,
    /// `KEY=VALUE` lines of livekit-server's environment, as the process sees them. One pair of quotes around a value
    /// is taken off, and a quoted value may go over several lines, as Compose reads such a file.
    Environment,
    /// A compose file: services and what they run with.
    Compose,
    /// Manifests of Kubernetes, also several in one text, and rendered charts.
    Kubernetes,
    /// Values of LiveKit's Helm charts, alone or below another chart.
    Helm,
    /// The configuration of HAProxy.
    Haproxy,
    /// The configuration of nginx.
    Nginx,
    /// A Caddyfile.
    Caddy,
}
