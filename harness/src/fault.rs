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
    /// The Redis that a run is given is a writable replica of the one that the nodes use.
    RedisGivenIsReplica = "redis_given_is_replica",
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
    /// The balancer keeps nodes out for 20 s after two answers that took too long.
    BalancerShunsNodes = "balancer_shuns_nodes",
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
    /// One node may use all memory of the machine.
    NodeUnlimitedMemory = "node_unlimited_memory",
    /// One node may use all processors of the machine.
    NodeUnlimitedCpus = "node_unlimited_cpus",
    /// One node may have a thousand files and sockets open.
    NodeFewOpenFiles = "node_few_open_files",
    /// More packets came to a node than its buffer takes.
    MediaBufferOverrun = "media_buffer_overrun",
    /// The shared memory of the database's container is nearly full.
    DatabaseDiskFull = "database_disk_full",
    /// Nodes that are told to end are killed after three seconds.
    StopGraceShort = "stop_grace_short",
    // Monitoring.
    /// A node answers Prometheus on another port than the known one.
    PrometheusMoved = "prometheus_moved",
    /// A node wants a password for its metrics.
    PrometheusLocked = "prometheus_locked",
    /// The nodes have no webhook URL.
    WebhookUrlsMissing = "webhook_urls_missing",
    /// The balancer answers calls itself.
    BalancerAnswersCalls = "balancer_answers_calls",
    /// A cache before the Prometheus ports answers with old numbers.
    ScrapeCached = "scrape_cached",
    /// A rule of the scraper drops a series that alerts need.
    ScrapeFiltered = "scrape_filtered",
    /// Every scrape reaches the same node.
    ScrapeOfOtherNode = "scrape_of_other_node",
    /// A node may have few files open.
    OpenFilesFew = "open_files_few",
    // Configuration.
    /// One node has a further API key with a secret of eight characters.
    SecretShort = "secret_short",
    /// One node has a further API key with a secret of digits only.
    SecretOfDigits = "secret_of_digits",
    /// One node is given its address as LIVEKIT_RTC_NODE_IP, which is no longer read.
    RtcNodeIpVariable = "rtc_node_ip_variable",
    /// One node is given its media port as LIVEKIT_RTC_UDP_PORT, which is no longer read.
    RtcUdpPortVariable = "rtc_udp_port_variable",
    /// One node has a misspelt variable.
    VariableMisspelt = "variable_misspelt",
    /// One node has a NODE_IP that is no address.
    NodeIpGarbage = "node_ip_garbage",
    /// One node has a UDP_PORT that is no port.
    UdpPortGarbage = "udp_port_garbage",
    /// One node is given its webhook URLs by a variable.
    ListInEnvironment = "list_in_environment",
    /// One node has its whole configuration in LIVEKIT_CONFIG too, with another limit.
    ConfigBodyHidesFile = "config_body_hides_file",
    /// One node has udp_port and a port range.
    UdpPortAndRange = "udp_port_and_range",
    /// One node has the start of a port range and no end.
    PortRangeHalf = "port_range_half",
    /// One node has a thousand UDP mux ports.
    UdpPortsBeyondCpus = "udp_ports_beyond_cpus",
    /// The waiting file of one node has Prometheus on the port of the API.
    PortCollision = "port_collision",
    /// One node has a webhook URL that is none.
    WebhookUrlNone = "webhook_url_none",
    /// The waiting file of one node signs webhooks with a key that is not there.
    WebhookKeyUnknown = "webhook_key_unknown",
    /// One node sends webhooks only for an event that does not exist.
    WebhookEventUnknown = "webhook_event_unknown",
    /// One node enables video/h246.
    CodecMisspelt = "codec_misspelt",
    /// One node has the log level inof.
    LogLevelMisspelt = "log_level_misspelt",
    /// One node has two log levels that differ.
    LogLevelTwice = "log_level_twice",
    /// The waiting file of one node has an order of nodes that does not exist.
    SelectorOrderUnknown = "selector_order_unknown",
    /// One node denies a TURN peer network that is none.
    TurnPeerNetworkMalformed = "turn_peer_network_malformed",
    /// One node gives TURN credentials that are good for no time.
    TurnTtlZero = "turn_ttl_zero",
    /// One node has a relay range that ends before it starts.
    TurnRelayRangeInverted = "turn_relay_range_inverted",
    /// One node offers a TURN server with the protocol UDP in capitals.
    TurnServerProtocolUnknown = "turn_server_protocol_unknown",
    /// One node offers a TURN server whose host has a scheme.
    TurnServerWithScheme = "turn_server_with_scheme",
    /// The waiting file of one node has a STUN server with a scheme.
    StunServerWithScheme = "stun_server_with_scheme",
    /// One node has a TURN domain that its certificate is not for.
    TurnDomainOther = "turn_domain_other",
    /// The waiting file of one node has TURN over TLS without a domain.
    TurnWithoutDomain = "turn_without_domain",
    /// One node has TURN over TLS only, and no STUN server.
    TurnWithoutUdpPort = "turn_without_udp_port",
    /// One node has a user name for metrics, and no password.
    PrometheusHalfPassword = "prometheus_half_password",
    /// One node runs in development mode.
    DevelopmentMode = "development_mode",
    /// The waiting file of one node names a key file that others may read.
    KeyFileOpen = "key_file_open",
    /// One node advertises its internal address besides an external one that is off.
    InternalIpWithoutExternal = "internal_ip_without_external",
    /// The waiting file of one node has use_external_ip beside node_ip.
    ExternalIpBesideNodeIp = "external_ip_beside_node_ip",
    /// The waiting file of one node has a misspelt key.
    KeyMisspelt = "key_misspelt",
    /// The waiting file of one node is no YAML.
    FileUnreadable = "file_unreadable",
    /// The file of one node has a second document.
    SecondDocument = "second_document",
    /// One node has a placeholder for its region.
    VariableLeft = "variable_left",
    /// The waiting file of one node has no Redis.
    RedisNotConfigured = "redis_not_configured",
    /// The waiting file of one node has a URL where host and port of Redis belong.
    RedisAddressUrl = "redis_address_url",
    /// One node has limits, but none of traffic.
    TrafficLimitLeftOut = "traffic_limit_left_out",
    /// The waiting file of one node binds to one address.
    BindAddressesNarrow = "bind_addresses_narrow",
    /// One node does not refuse unknown keys.
    StrictParsingOff = "strict_parsing_off",
    /// One node removes empty rooms after another time than the other.
    NodesDiffer = "nodes_differ",
    /// One node answers debug questions on a port of their own.
    DebugHandlerOpen = "debug_handler_open",
    /// The balancer sends TURN over TLS to a port where nothing listens.
    TurnBehindBalancerGone = "turn_behind_balancer_gone",
    /// One node announces an address that is not its own.
    NodeIpOther = "node_ip_other",
    /// Nodes announce an address that nobody reaches.
    NodeIpNowhere = "node_ip_nowhere",
    /// One node gives TURN credentials that are good for a year.
    TurnTtlYear = "turn_ttl_year",
    /// Redis says that another version of livekit-server started last.
    VersionNoteOther = "version_note_other",
    /// One node has video codecs only.
    CodecsWithoutOpus = "codecs_without_opus",
    // Configuration of the SIP bridge.
    /// A key of sip.yaml is misspelt.
    BridgeKeyMisspelt = "bridge_key_misspelt",
    /// A key of sip.yaml stands twice.
    BridgeKeyTwice = "bridge_key_twice",
    /// sip.yaml is no YAML.
    BridgeFileUnreadable = "bridge_file_unreadable",
    /// A switch of sip.yaml is a text.
    BridgeValueOfOtherKind = "bridge_value_of_other_kind",
    /// A time of sip.yaml has no unit.
    BridgeDurationBare = "bridge_duration_bare",
    /// sip.yaml has a second document.
    BridgeSecondDocument = "bridge_second_document",
    /// A variable is left in sip.yaml.
    BridgeVariableLeft = "bridge_variable_left",
    /// sip.yaml has no secret.
    BridgeSecretMissing = "bridge_secret_missing",
    /// sip.yaml does not say where livekit-server is.
    BridgeUrlMissing = "bridge_url_missing",
    /// The bridge has one media port in place of a range.
    BridgeOneMediaPort = "bridge_one_media_port",
    /// The bridge's range of media ports ends before it starts.
    BridgeMediaPortsInverted = "bridge_media_ports_inverted",
    /// Health and metrics of the bridge have one port.
    BridgePortCollision = "bridge_port_collision",
    /// The bridge has a fixed address and is to find it out too.
    BridgeExternalAddressTwice = "bridge_external_address_twice",
    /// The bridge's load limit is written in percent.
    BridgeLoadInPercent = "bridge_load_in_percent",
    /// The bridge's log level is misspelt.
    BridgeLogLevelMisspelt = "bridge_log_level_misspelt",
    /// The bridge has a Redis of its own.
    BridgeOtherRedis = "bridge_other_redis",
    /// The bridge is in another database of the servers' Redis.
    BridgeOtherDatabase = "bridge_other_database",
    /// sip.yaml names no Redis.
    BridgeRedisMissing = "bridge_redis_missing",
    /// The bridge has a key that no server knows.
    BridgeKeyUnknown = "bridge_key_unknown",
    /// The bridge has another secret for the servers' key.
    BridgeSecretOther = "bridge_secret_other",
    /// The bridge talks to a node past the balancer.
    BridgeUrlOfNode = "bridge_url_of_node",
    /// The address of livekit-server in sip.yaml has no scheme.
    BridgeUrlWithoutScheme = "bridge_url_without_scheme",
    // End of configuration.
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
    /// Every token is for another room.
    RoomSwapped = "room_swapped",
    /// No token may administer a room.
    AdminDropped = "admin_dropped",
    /// A header stands twice in every answer.
    HeaderDoubled = "header_doubled",
    /// A header is missing from every answer.
    HeaderStripped = "header_stripped",
    /// The balancer answers `/` with another word than the node.
    HealthMisquoted = "health_misquoted",
    // Access and signalling.
    /// No token, or something that is none, is accepted.
    AnythingAccepted = "anything_accepted",
    /// 400 comes out as 200 where tokens are looked at.
    BadRequestsHidden = "bad_requests_hidden",
    /// Tokens without an expiry are refused, as later versions do.
    ExpiryRequired = "expiry_required",
    /// Tokens that say they were issued in the future are refused.
    IssueTimeEnforced = "issue_time_enforced",
    /// The application's tokens never end.
    ApplicationTokensEndless = "application_tokens_endless",
    /// The application signs its tokens with another secret.
    ApplicationTokensForged = "application_tokens_forged",
    /// The application writes grants with underscores.
    ApplicationTokensSnakeCase = "application_tokens_snake_case",
    /// One node takes its keys from a variable, and not from its file.
    KeysInEnvironment = "keys_in_environment",
    /// Answers repeat the token of the request.
    TokenEchoed = "token_echoed",
    /// Identities and room names may have a thousand bytes.
    LongNamesAllowed = "long_names_allowed",
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
    /// A firewall before the receiver writes the JSON of webhooks anew.
    WebhookBodyRewritten = "webhook_body_rewritten",
    // JSON on its way.
    /// A gateway writes a name of JSON answers in camel case.
    JsonInCamelCase = "json_in_camel_case",
    /// A gateway changes a time in JSON answers.
    JsonNumberChanged = "json_number_changed",
    /// A gateway answers that a room has no limit, whatever it was created with.
    RoomLimitLost = "room_limit_lost",
    // The API.
    /// One node gives rooms other defaults than the other.
    DefaultsDiffer = "defaults_differ",
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
    /// The balancer calls JSON answers plain text.
    JsonMislabelled = "json_mislabelled",
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
    /// Who ends a recording gets no answer: the connection ends.
    ConnectionsDropped = "connections_dropped",
    /// That no bridge makes a phone call comes out as 500.
    CallRefusalMasked = "call_refusal_masked",
    /// The balancer ends connections without an answer when an address asks too often who is in a room.
    CallsCutOff = "calls_cut_off",
    /// The balancer limits how often an address may ask who is in a room.
    CallsLimited = "calls_limited",
    /// The balancer does not know where agents register.
    AgentNotRouted = "agent_not_routed",
    /// The balancer answers dispatches by itself.
    DispatchesSwallowed = "dispatches_swallowed",
    // Performance.
    /// Both nodes get a fraction of a processor.
    LivekitThrottled = "livekit_throttled",
    /// One in ten of the calls that change metadata is answered with 500: 2 % of the calls of the load.
    TwoPercentErrors = "two_percent_errors",
    /// The balancer lets only so many joins of an address through in a time.
    JoinsLimited = "joins_limited",
    /// The balancer takes only so many connections at the same time.
    ConnectionsLimited = "connections_limited",
    /// Something fills the memory of Redis.
    RedisBallast = "redis_ballast",
    // SIP.
    /// Something else stands in Redis where trunks and rules are kept.
    SipStoreBroken = "sip_store_broken",
    /// The balancer answers 200 when malformed trunks, rules and calls are refused.
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
