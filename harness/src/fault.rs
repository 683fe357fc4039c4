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
    // Webhooks.
    /// The servers sign webhooks with a key that the receiver does not know.
    WebhookKeyOther = "webhook_key_other",
    /// A proxy before the receiver removes the token of webhooks.
    WebhookTokenStripped = "webhook_token_stripped",
    /// A proxy before the receiver gives webhooks another content type.
    WebhookTypeChanged = "webhook_type_changed",
    /// The servers send webhooks to a port where nobody is.
    WebhookUrlWrong = "webhook_url_wrong",
    /// One node sends webhooks to a port where nobody is.
    WebhooksOfOneNodeLost = "webhooks_of_one_node_lost",
    /// The servers do not tell who left.
    WebhookLeavesFiltered = "webhook_leaves_filtered",
    /// The servers do not tell of connections that were aborted.
    WebhookAbortsFiltered = "webhook_aborts_filtered",
    /// A proxy before the receiver answers every webhook with 403.
    WebhooksDenied = "webhooks_denied",
    /// A proxy before the receiver answers every webhook with 200 and throws it away.
    WebhooksSwallowed = "webhooks_swallowed",
    /// A proxy before the receiver turns its 200 into 500.
    WebhookSuccessesHidden = "webhook_successes_hidden",
    /// A proxy before the receiver turns its 500 into 200.
    WebhookFailuresHidden = "webhook_failures_hidden",
    /// A proxy before the receiver turns its 401 into 503.
    WebhookRejectionsRetried = "webhook_rejections_retried",
    /// A proxy before the receiver gives it one webhook at a time.
    WebhooksOneAtATime = "webhooks_one_at_a_time",
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
