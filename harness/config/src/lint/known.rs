//! The keys and variables that the programs know, as data with its origin written in its first lines.

use std::collections::BTreeMap;

const SERVER_KEYS: &str = include_str!("../../data/livekit-server-1.13.5.keys");
const SIP_KEYS: &str = include_str!("../../data/livekit-sip-1.10.0.keys");
const SERVER_ENVIRONMENT: &str = include_str!("../../data/livekit-server-1.13.5.env");

/// The keys of one program's YAML and the kinds of their values.
pub(crate) struct Keys {
    /// From a path such as `rtc.turn_servers[].host` to its kind.
    kinds: BTreeMap<&'static str, &'static str>,
    /// Whether an unknown key ends the start; else it is ignored.
    pub(crate) strict: bool,
}

impl Keys {
    pub(crate) fn of_server() -> Self {
        Self { kinds: pairs(SERVER_KEYS), strict: true }
    }

    pub(crate) fn of_sip() -> Self {
        Self { kinds: pairs(SIP_KEYS), strict: false }
    }

    pub(crate) fn kind(&self, path: &str) -> Option<&'static str> {
        self.kinds.get(path).copied()
    }

    /// Every path.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &'static str> {
        self.kinds.keys().copied()
    }

    /// The names directly below a path.
    pub(crate) fn below(&self, path: &str) -> Vec<&'static str> {
        let prefix = if path.is_empty() { String::new() } else { format!("{path}.") };
        let names = self.kinds.keys().filter_map(|key| key.strip_prefix(prefix.as_str()));
        names.filter(|name| !name.contains(['.', '['])).collect()
    }

    /// The paths at which a name is known.
    pub(crate) fn elsewhere(&self, name: &str) -> Vec<&'static str> {
        let last = |path: &str| path.rsplit('.').next() == Some(name);
        self.kinds.keys().copied().filter(|path| last(path) && !path.contains(['*', '['])).collect()
    }
}

/// The variables that livekit-server reads, with the kinds of their values.
pub(crate) fn server_environment() -> BTreeMap<&'static str, &'static str> {
    pairs(SERVER_ENVIRONMENT)
}

/// The variables that livekit-server reads, with the flag that each stands for: mostly a key of its YAML. One name may
/// stand for two.
pub(crate) fn server_variables() -> impl Iterator<Item = (&'static str, &'static str)> {
    let lines = SERVER_ENVIRONMENT.lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| {
        let mut words = line.split(' ');
        Some((words.next()?, words.nth(1)?))
    })
}

fn pairs(data: &'static str) -> BTreeMap<&'static str, &'static str> {
    let lines = data.lines().filter(|line| !line.starts_with('#'));
    lines
        .filter_map(|line| {
            let mut words = line.split(' ');
            Some((words.next()?, words.next()?))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_data_has_what_the_programs_print() {
        // Counted in the output of `livekit-server help-verbose`, two flags sharing LIVEKIT_PROMETHEUS_PORT.
        assert_eq!(server_environment().len(), 270);
        assert_eq!(server_environment().get("NODE_IP"), Some(&"string"));
        let keys = Keys::of_server();
        assert_eq!(keys.kind("room.empty_timeout"), Some("uint"));
        assert_eq!(keys.elsewhere("node_ip"), ["rtc.node_ip"]);
        assert!(keys.below("turn").contains(&"ttl_seconds"));
        assert!(!keys.below("").contains(&"ttl_seconds"));
        assert_eq!(Keys::of_sip().kind("health_port"), Some("int"));
    }
}
