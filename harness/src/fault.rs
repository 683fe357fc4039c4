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
    // The API.
    /// One node gives rooms other defaults than the other.
    DefaultsDiffer = "defaults_differ",
    /// A room is answered without the limit that was asked for.
    RoomLimitLost = "room_limit_lost",
    /// The balancer answers calls that change participants by itself, and nothing happens.
    ModerationSwallowed = "moderation_swallowed",
    /// The balancer answers that a room was deleted, and it was not.
    DeletionSwallowed = "deletion_swallowed",
    /// The servers let an administrator switch microphones on.
    RemoteUnmuteAllowed = "remote_unmute_allowed",
    /// The balancer blocks calls that are seldom made.
    SeldomCallsBlocked = "seldom_calls_blocked",
    /// The balancer waits two seconds for an answer.
    BalancerAnswerTimeout = "balancer_answer_timeout",
    /// The servers take room names up to 200 bytes only.
    NameLimitLow = "name_limit_low",
    /// The servers take metadata up to 64 bytes only.
    MetadataLimitLow = "metadata_limit_low",
    /// The balancer turns the server's 500 into 503.
    ServerErrorsMasked = "server_errors_masked",
    /// The balancer refuses to create a room with an empty request.
    EmptyRequestsRefused = "empty_requests_refused",
    /// JSON answers have a name in camel case.
    JsonInCamelCase = "json_in_camel_case",
    /// The balancer does not know WHIP.
    WhipNotRouted = "whip_not_routed",
    /// The balancer knows neither egress nor ingress.
    EgressNotRouted = "egress_not_routed",
    /// The balancer adds a header for other origins to the server's.
    CorsTwice = "cors_twice",
    /// The balancer refuses what browsers ask first.
    PreflightBlocked = "preflight_blocked",
    /// The balancer replaces a header of the server.
    HeaderReplaced = "header_replaced",
    /// The balancer limits how often an address may ask who is in a room.
    CallsLimited = "calls_limited",
    /// The balancer does not know where agents register.
    AgentNotRouted = "agent_not_routed",
    /// The balancer answers dispatches by itself.
    DispatchesSwallowed = "dispatches_swallowed",
    // SIP.
    /// Something else stands in Redis where trunks and rules are kept.
    SipStoreBroken = "sip_store_broken",
    /// Malformed trunks, rules and calls are answered with 200.
    SipRefusalsHidden = "sip_refusals_hidden",
    /// A dispatch rule takes calls of any trunk and of none.
    SipOpenDoor = "sip_open_door",
    /// The SIP edge is stopped.
    SipEdgeStopped = "sip_edge_stopped",
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
