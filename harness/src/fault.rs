//! The names of planted faults. How one is planted is the fixtures' business; a check only says which ones it has
//! been seen red under.

use std::fmt;

/// A disturbance that is planted on purpose, to see checks turn red.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fault {
    /// The Redis container is stopped.
    RedisStopped,
    /// One media server node is stopped.
    NodeStopped,
    /// The balancer presents an expired certificate.
    CertificateExpired,
    /// The servers have another secret under the same key id.
    SecretSwapped,
    /// The balancer cuts connections that are silent for two seconds.
    BalancerIdleTimeout,
    /// One node uses a Redis of its own.
    NodeOnOtherRedis,
    /// Expired tokens are accepted.
    ExpiredTokensAccepted,
    /// Tokens with a signature that is not theirs are accepted.
    ForgedTokensAccepted,
    /// Tokens that are unsigned, or signed in another way than HS256, are accepted.
    OtherAlgorithmsAccepted,
    /// Tokens that are not valid yet are accepted.
    EarlyTokensAccepted,
    /// Every token may do everything.
    GrantsIgnored,
    /// 401 comes out as 200.
    RefusalsHidden,
}

impl Fault {
    /// Every fault, in the order of the catalogue.
    pub const ALL: &'static [Self] = &[
        Self::RedisStopped,
        Self::NodeStopped,
        Self::CertificateExpired,
        Self::SecretSwapped,
        Self::BalancerIdleTimeout,
        Self::NodeOnOtherRedis,
        Self::ExpiredTokensAccepted,
        Self::ForgedTokensAccepted,
        Self::OtherAlgorithmsAccepted,
        Self::EarlyTokensAccepted,
        Self::GrantsIgnored,
        Self::RefusalsHidden,
    ];

    /// The name used on the command line and in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::RedisStopped => "redis_stopped",
            Self::NodeStopped => "node_stopped",
            Self::CertificateExpired => "certificate_expired",
            Self::SecretSwapped => "secret_swapped",
            Self::BalancerIdleTimeout => "balancer_idle_timeout",
            Self::NodeOnOtherRedis => "node_on_other_redis",
            Self::ExpiredTokensAccepted => "expired_tokens_accepted",
            Self::ForgedTokensAccepted => "forged_tokens_accepted",
            Self::OtherAlgorithmsAccepted => "other_algorithms_accepted",
            Self::EarlyTokensAccepted => "early_tokens_accepted",
            Self::GrantsIgnored => "grants_ignored",
            Self::RefusalsHidden => "refusals_hidden",
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
