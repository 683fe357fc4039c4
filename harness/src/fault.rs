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
    // Infrastructure.
    /// Redis is the replica of a server that nobody reaches, and takes writes.
    RedisWritableReplica = "redis_writable_replica",
    /// Redis denies one of the commands that LiveKit needs.
    RedisCommandDenied = "redis_command_denied",
    /// Redis removes keys when its memory is full.
    RedisEvictsKeys = "redis_evicts_keys",
    /// Redis may have little more memory than it uses.
    RedisMemoryNearlyFull = "redis_memory_nearly_full",
    /// Redis takes few more connections than there are.
    RedisClientsNearlyFull = "redis_clients_nearly_full",
    /// One command has kept Redis from everything else for long.
    RedisSlowCommand = "redis_slow_command",
    /// A node of another deployment has registered in the same Redis.
    ForeignNodeRegistered = "foreign_node_registered",
    /// A node that died long ago still stands in Redis.
    DeadNodeRegistered = "dead_node_registered",
    /// A room and its participant stand in Redis, and no node has them.
    GhostRoomKept = "ghost_room_kept",
    /// The database takes no writes by default.
    DatabaseReadOnly = "database_read_only",
    /// The database refuses new tables.
    DatabaseRefusesTables = "database_refuses_tables",
    /// The database allows one connection.
    DatabaseConnectionLimit = "database_connection_limit",
    /// The database is larger than it may be.
    DatabaseTooLarge = "database_too_large",
    /// The balancer's answers carry a date of the past.
    BalancerClockBehind = "balancer_clock_behind",
    /// The balancer sends everything to the first node.
    BalancerPrefersOneNode = "balancer_prefers_one_node",
    /// The balancer ends TLS on the TURN port with its own certificate.
    BalancerTakesTurnPort = "balancer_takes_turn_port",
    /// The balancer closes all connections to a node whose health check fails.
    BalancerShutsSessions = "balancer_shuts_sessions",
    /// The balancer looks once a minute whether a node lives.
    BalancerSlowChecks = "balancer_slow_checks",
    /// The balancer's certificate ends within days.
    CertificateEndsSoon = "certificate_ends_soon",
    /// The balancer's certificate is for another name.
    CertificateOtherName = "certificate_other_name",
    /// The balancer's certificate was signed by somebody whom no client trusts.
    CertificateOtherIssuer = "certificate_other_issuer",
    /// A part may have any number of processes.
    PartWithoutLimits = "part_without_limits",
    // Monitoring.
    /// A node answers Prometheus on another port than the known one.
    PrometheusMoved = "prometheus_moved",
    /// A node wants a password for its metrics.
    PrometheusLocked = "prometheus_locked",
    /// The nodes have no webhook URL.
    WebhookUrlsMissing = "webhook_urls_missing",
    /// The balancer answers calls itself.
    BalancerAnswersCalls = "balancer_answers_calls",
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
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
