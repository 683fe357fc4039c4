//! `staging_tests.yaml`: images and limits.

use crate::error::ConfigError;
use crate::staged::LivekitYaml;
use crate::thresholds::Threshold;
use crate::waivers::Waiver;
use serde::Deserialize;

const FORMAT: u32 = 1;
const DEFAULT: &str = include_str!("../../../config/staging_tests.yaml");

/// The whole file.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StagingTests {
    format: u32,
    /// Images of the containers target.
    pub images: Images,
    /// How clients reach the media ports of a staging.
    pub media: Media,
    /// A livekit.yaml of the user's that the nodes are to run; the staging's own where there is none.
    #[serde(skip)]
    pub livekit_yaml: Option<LivekitYaml>,
    /// The version that every node must report.
    pub livekit_version: String,
    /// Capabilities without which the containers target is no staging, by name.
    pub requires: Vec<String>,
    /// What checks hold the target to.
    pub limits: Limits,
    /// What load is held to, and the generator of load.
    pub thresholds: Vec<Threshold>,
    /// Failures that are known and accepted for the time being.
    #[serde(default)]
    pub waivers: Vec<Waiver>,
}

/// One choice per container.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Images {
    /// The media server.
    pub livekit: ImageChoice,
    /// Its state store and message bus.
    pub redis: ImageChoice,
    /// The balancer.
    pub haproxy: ImageChoice,
    /// The application's database.
    pub postgres: ImageChoice,
    /// The SIP edge.
    pub kamailio: ImageChoice,
}

impl Images {
    /// Every choice with its key in the file.
    pub fn all(&self) -> [(&'static str, &ImageChoice); 5] {
        let Self { livekit, redis, haproxy, postgres, kamailio } = self;
        [("livekit", livekit), ("redis", redis), ("haproxy", haproxy), ("postgres", postgres), ("kamailio", kamailio)]
    }
}

/// The address that nodes of a staging advertise for media.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Media {
    /// 127.0.0.1, where their media ports are published: clients run on this machine.
    Loopback,
    /// Their own container's address: clients run in the staging's network.
    Network,
}

/// A registry's image, and the equivalent that `cargo xtask images` builds.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImageChoice {
    /// Pulled when the local one is missing.
    pub official: String,
    /// Preferred when the engine has it.
    pub local: String,
}

/// Limits; the unit ends each name.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Slowest answer to `GET /`.
    pub health_ms_max: f64,
    /// Slowest round trip through Redis.
    pub redis_ms_max: f64,
    /// Slowest room API call on an existing room.
    pub api_ms_max: f64,
    /// 95th percentile of a join among 50 at once.
    pub join_ms_p95: f64,
    /// Memory of Redis in use, of what it may have.
    pub redis_memory_percent_max: f64,
    /// Connections to Redis, of those that it takes.
    pub redis_clients_percent_max: f64,
    /// Longest time that one command kept Redis from everything else.
    pub redis_slow_ms_max: f64,
    /// Size of the application's database.
    pub database_mib_max: f64,
    /// Connections of the database in use, of those that the application may have.
    pub database_connections_percent_max: f64,
    /// Days that a certificate must still be valid.
    pub certificate_days_min: f64,
    /// Difference of two clocks.
    pub clock_skew_s_max: f64,
    /// Resident memory of a media server node.
    pub node_memory_mib_max: f64,
    /// Goroutines of a media server node.
    pub node_goroutines_max: f64,
    /// Seconds after which what Redis keeps of the dead is looked at again.
    pub orphans_apart_s: f64,
    /// Files and sockets that a process may have open.
    pub open_files_min: f64,
    /// Media packets dropped for want of a buffer, of all that came.
    pub media_drops_percent_max: f64,
    /// Free share of a file system.
    pub disk_free_percent_min: f64,
    /// Free space of a file system.
    pub disk_free_mib_min: f64,
    /// Life of a token that the application issues.
    pub token_life_s_max: f64,
}

impl Limits {
    /// Every limit with its key in the file.
    fn all(&self) -> [(&'static str, f64); 19] {
        [
            ("health_ms_max", self.health_ms_max),
            ("redis_ms_max", self.redis_ms_max),
            ("api_ms_max", self.api_ms_max),
            ("join_ms_p95", self.join_ms_p95),
            ("redis_memory_percent_max", self.redis_memory_percent_max),
            ("redis_clients_percent_max", self.redis_clients_percent_max),
            ("redis_slow_ms_max", self.redis_slow_ms_max),
            ("database_mib_max", self.database_mib_max),
            ("database_connections_percent_max", self.database_connections_percent_max),
            ("certificate_days_min", self.certificate_days_min),
            ("clock_skew_s_max", self.clock_skew_s_max),
            ("node_memory_mib_max", self.node_memory_mib_max),
            ("node_goroutines_max", self.node_goroutines_max),
            ("orphans_apart_s", self.orphans_apart_s),
            ("open_files_min", self.open_files_min),
            ("media_drops_percent_max", self.media_drops_percent_max),
            ("disk_free_percent_min", self.disk_free_percent_min),
            ("disk_free_mib_min", self.disk_free_mib_min),
            ("token_life_s_max", self.token_life_s_max),
        ]
    }
}

impl StagingTests {
    /// The file compiled into the program.
    ///
    /// # Errors
    /// Never in a build whose tests passed.
    pub fn shipped() -> Result<Self, ConfigError> {
        Self::parse("config/staging_tests.yaml (built in)", DEFAULT)
    }

    /// Reads a file.
    ///
    /// # Errors
    /// [`ConfigError`] names file, line and remedy.
    pub fn read(file: &str) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(file).map_err(|source| ConfigError::Read { file: file.into(), source })?;
        Self::parse(file, &text)
    }

    fn parse(file: &str, text: &str) -> Result<Self, ConfigError> {
        let parsed: Self = serde_saphyr::from_str(text).map_err(|error| ConfigError::of_yaml(file, text, &error))?;
        let mut problems = Vec::new();
        if parsed.format != FORMAT {
            problems.push(format!("format is {} and must be {FORMAT}", parsed.format));
        }
        for (name, value) in parsed.limits.all() {
            if !(value.is_finite() && value > 0.0) {
                problems.push(format!("limits.{name} is {value} and must be above 0"));
            }
        }
        for (name, choice) in parsed.images.all() {
            for image in [&choice.official, &choice.local] {
                if !image.rsplit_once(':').is_some_and(|(name, tag)| !name.is_empty() && !tag.is_empty()) {
                    problems.push(format!("images.{name} has {image:?}; write it as name:tag"));
                }
            }
        }
        for (index, threshold) in parsed.thresholds.iter().enumerate() {
            if parsed.thresholds[..index].iter().any(|earlier| earlier.judges_as(threshold)) {
                problems.push(format!("two thresholds judge the same; one of them is {:?}", threshold.to_string()));
            }
        }
        problems.extend(parsed.waivers.iter().flat_map(Waiver::problems));
        match problems.is_empty() {
            true => Ok(parsed),
            false => Err(ConfigError::invalid(file, problems.join("\n"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{DEFAULT, Media, StagingTests};

    #[test]
    fn the_shipped_file_is_valid() {
        let shipped = StagingTests::shipped().expect("the shipped file");
        assert_eq!(shipped.livekit_version, "1.13.5");
        assert_eq!(shipped.images.livekit.official, "livekit/livekit-server:v1.13.5");
        assert_eq!(shipped.media, Media::Loopback);
    }

    #[test]
    fn media_is_one_of_two_words() {
        let with = |word: &str| {
            let text = DEFAULT.replace("media: loopback", &format!("media: {word}"));
            StagingTests::parse("x.yaml", &text).map(|parsed| parsed.media)
        };
        assert_eq!(with("network").expect("network"), Media::Network);
        let error = with("host").expect_err("a third word").to_string();
        for part in ["x.yaml", "host", "loopback", "network"] {
            assert!(error.contains(part), "no {part:?} in: {error}");
        }
        let error = StagingTests::parse("x.yaml", &DEFAULT.replace("media: loopback\n", "")).expect_err("no media");
        assert!(error.to_string().contains("media"), "{error}");
    }

    #[test]
    fn a_misspelt_key_is_refused_with_its_line() {
        let text = DEFAULT.replace("join_ms_p95:", "join_ms_p99:");
        let error = StagingTests::parse("x.yaml", &text).expect_err("a typo").to_string();
        assert!(error.contains("x.yaml") && error.contains("join_ms_p99"), "{error}");
        let line = text.lines().position(|line| line.contains("join_ms_p99")).expect("the line") + 1;
        assert!(error.contains(&line.to_string()), "no line {line} in: {error}");
        assert!(error.contains("did you mean \"join_ms_p95\"?"), "{error}");
        let (above, caret) = error.rsplit_once('\n').expect("a picture");
        let shown = above.lines().last().expect("the line that is wrong");
        assert_eq!(caret.find('^'), shown.find("join_ms_p99"), "{error}");
    }

    #[test]
    fn a_misspelt_threshold_is_refused_with_its_line() {
        for (good, bad, says) in [
            ("api_ms{load=steady}: p(95)", "api_mss{load=steady}: p(95)", "did you mean \"api_ms\"?"),
            ("api_ms{load=steady}: p(95) < 500ms", "api_ms{load=steady}: p(95) < 500", "has no unit"),
            ("api_ms{load=steady}: p(50)", "api_ms{load=steady}: p(95)", "two thresholds judge the same"),
        ] {
            let text = DEFAULT.replacen(good, bad, 1);
            assert_ne!(text, DEFAULT, "{good}");
            let error = StagingTests::parse("x.yaml", &text).expect_err(bad).to_string();
            assert!(error.contains("x.yaml") && error.contains(says), "{error}");
            let line = text.lines().position(|line| line.contains(bad)).expect("the line") + 1;
            assert!(says.starts_with("two") || error.contains(&line.to_string()), "no line {line} in: {error}");
        }
    }

    #[test]
    fn impossible_values_are_named_all_at_once() {
        let text = DEFAULT
            .replace("health_ms_max: 1000", "health_ms_max: 0")
            .replace("join_ms_p95: 2000", "join_ms_p95: .nan")
            .replace("official: redis:7.0", "official: redis");
        let error = StagingTests::parse("x.yaml", &text).expect_err("impossible").to_string();
        for part in ["limits.health_ms_max is 0", "limits.join_ms_p95 is NaN", "images.redis has \"redis\""] {
            assert!(error.contains(part), "no {part:?} in: {error}");
        }
    }

    #[test]
    fn each_value_is_checked_by_itself() {
        for (good, bad, problem) in [
            ("format: 1", "format: 2", "format is 2 and must be 1"),
            ("redis_ms_max: 500", "redis_ms_max: 0", "limits.redis_ms_max is 0"),
            ("api_ms_max: 2000", "api_ms_max: -1", "limits.api_ms_max is -1"),
            ("join_ms_p95: 2000", "join_ms_p95: .inf", "limits.join_ms_p95 is inf"),
            ("memory_percent_max: 50", "memory_percent_max: 0", "limits.redis_memory_percent_max is 0"),
            ("clients_percent_max: 25", "clients_percent_max: 0", "limits.redis_clients_percent_max is 0"),
            ("redis_slow_ms_max: 250", "redis_slow_ms_max: -1", "limits.redis_slow_ms_max is -1"),
            ("database_mib_max: 100", "database_mib_max: .nan", "limits.database_mib_max is NaN"),
            (
                "connections_percent_max: 80",
                "connections_percent_max: 0",
                "limits.database_connections_percent_max is 0",
            ),
            ("certificate_days_min: 21", "certificate_days_min: 0", "limits.certificate_days_min is 0"),
            ("clock_skew_s_max: 5", "clock_skew_s_max: 0", "limits.clock_skew_s_max is 0"),
            ("node_memory_mib_max: 400", "node_memory_mib_max: 0", "limits.node_memory_mib_max is 0"),
            ("node_goroutines_max: 5000", "node_goroutines_max: 0", "limits.node_goroutines_max is 0"),
            ("orphans_apart_s: 60", "orphans_apart_s: 0", "limits.orphans_apart_s is 0"),
            ("open_files_min: 4096", "open_files_min: 0", "limits.open_files_min is 0"),
            ("drops_percent_max: 1", "drops_percent_max: 0", "limits.media_drops_percent_max is 0"),
            ("free_percent_min: 5", "free_percent_min: 0", "limits.disk_free_percent_min is 0"),
            ("free_mib_min: 32", "free_mib_min: 0", "limits.disk_free_mib_min is 0"),
            ("token_life_s_max: 86400", "token_life_s_max: 0", "limits.token_life_s_max is 0"),
            ("local: greenlight/redis:7.0", "local: greenlight/redis", "images.redis has \"greenlight/redis\""),
            ("official: haproxy:2.6", "official: \"haproxy:\"", "images.haproxy has \"haproxy:\""),
            ("official: redis:7.0", "official: \":7.0\"", "images.redis has \":7.0\""),
            ("local: greenlight/postgres:15", "local: postgres", "images.postgres has \"postgres\""),
            (":5.6.5-bookworm", "", "images.kamailio has \"ghcr.io/kamailio/kamailio\""),
        ] {
            let text = DEFAULT.replace(good, bad);
            assert_ne!(text, DEFAULT, "{good}");
            let error = StagingTests::parse("x.yaml", &text).expect_err(bad).to_string();
            assert!(error.contains(problem), "no {problem:?} in: {error}");
        }
    }
}
