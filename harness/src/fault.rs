//! The names of planted faults. How one is planted is the fixtures' business; a check only says which ones it has
//! been seen red under.

use std::fmt;

macro_rules! faults {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// A disturbance that is planted on purpose, to see checks turn red.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Fault {
            $($(#[$doc])* $name,)*
        }

        impl Fault {
            /// Every fault.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The name used on the command line and in reports.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }
        }
    };
}

faults! {
    // Redis.
    /// The Redis container is stopped.
    RedisStopped = "redis_stopped",
    /// One node uses a Redis of its own.
    NodeOnOtherRedis = "node_on_other_redis",
    // livekit-server.
    /// One media server node is stopped.
    NodeStopped = "node_stopped",
    /// The servers have another secret under the same key id.
    SecretSwapped = "secret_swapped",
    // Balancer and certificate.
    /// The balancer presents an expired certificate.
    CertificateExpired = "certificate_expired",
    /// The balancer cuts connections that are silent for two seconds.
    BalancerIdleTimeout = "balancer_idle_timeout",
    // Mutant proxy.
    /// Expired tokens are accepted.
    ExpiredTokensAccepted = "expired_tokens_accepted",
    /// Tokens with a signature that is not theirs are accepted.
    ForgedTokensAccepted = "forged_tokens_accepted",
    /// Tokens that are unsigned, or signed in another way than HS256, are accepted.
    OtherAlgorithmsAccepted = "other_algorithms_accepted",
    /// Tokens that are not valid yet are accepted.
    EarlyTokensAccepted = "early_tokens_accepted",
    /// Every token may do everything.
    GrantsIgnored = "grants_ignored",
    /// 401 comes out as 200.
    RefusalsHidden = "refusals_hidden",
    // Access and signalling.
    /// No token, or something that is none, is accepted.
    AnythingAccepted = "anything_accepted",
    /// 400 comes out as 200 where tokens are looked at.
    BadRequestsHidden = "bad_requests_hidden",
    /// Tokens without an expiry are refused, as later versions do.
    ExpiryRequired = "expiry_required",
    /// Answers repeat the token of the request.
    TokenEchoed = "token_echoed",
    /// Identities and room names may have a thousand bytes.
    LongNamesAllowed = "long_names_allowed",
    /// Debug endpoints stand on the public port.
    DevelopmentMode = "development_mode",
    /// The balancer hands its metrics to everybody.
    MetricsPublic = "metrics_public",
    /// The balancer takes TLS 1.0 and 1.1.
    OldTlsAccepted = "old_tls_accepted",
    /// The balancer answers HTTP without TLS on the same port.
    PlainHttpAnswered = "plain_http_answered",
    /// The balancer passes bytes on without reading them.
    BalancerPassesBytes = "balancer_passes_bytes",
    /// The balancer tells its version.
    BalancerTellsVersion = "balancer_tells_version",
    /// The balancer knows `/rtc` and not `/rtc/v1`.
    V1PathDenied = "v1_path_denied",
    /// The balancer answers unknown visitors of `/rtc` with a page.
    SignalPathTaken = "signal_path_taken",
    /// The balancer drops what a resume says in its query.
    ResumeQueryDropped = "resume_query_dropped",
    /// Joins take seconds.
    JoinsLate = "joins_late",
    /// Rooms are not opened by a join.
    AutoCreateOff = "auto_create_off",
    /// Refresh tokens are signed by any of several keys.
    ManyKeys = "many_keys",
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
