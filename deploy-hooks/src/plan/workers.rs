//! The SIP bridge, egress and ingress beside the server: they hear of their work only through its Redis.

use super::document::{Risk, Severity};
use super::inputs::{Kind, Read};
use super::risks::place;
use greenlight_config::lint::{FileKind, Inside, Program, keys_of, values};

/// Where a program's Redis stands, as it is written.
struct Store {
    program: Program,
    path: String,
    /// The line of `redis`, 0 where there is none.
    line: usize,
    /// `host:port`; none where sentinels or a cluster are named, where it is filled in elsewhere, or where there is none.
    address: Option<String>,
    /// Whether something is said of Redis at all.
    told: bool,
}

/// Programs that would wait for ever, or end.
pub(super) fn risks(files: &[Read], services: &[(String, Inside)]) -> Vec<Risk> {
    let stores = stores(files, services);
    let (servers, workers): (Vec<Store>, Vec<Store>) =
        stores.into_iter().partition(|store| store.program == Program::LiveKitServer);
    workers.iter().filter_map(|worker| of_worker(worker, &servers)).collect()
}

/// How many of them there are.
pub(super) fn count(files: &[Read], services: &[(String, Inside)]) -> usize {
    stores(files, services).iter().filter(|store| store.program != Program::LiveKitServer).count()
}

fn of_worker(worker: &Store, servers: &[Store]) -> Option<Risk> {
    let name = super::versions::word(worker.program);
    // The linter says it of the bridge.
    if !worker.told && worker.program != Program::Sip {
        let what =
            format!("{name} is given its work through Redis only: without, every request for it is answered 503");
        return Some(risk(
            Severity::High,
            worker,
            "worker_redis_missing",
            "no redis",
            what,
            "write redis.address, the same as the server's",
        ));
    }
    let address = worker.address.as_deref()?;
    let known: Vec<&Store> = servers.iter().filter(|server| server.address.is_some()).collect();
    // A server whose Redis is not known may have this one.
    if known.is_empty() || known.len() < servers.len() {
        return None;
    }
    let differs = |server: &&Store| server.address.as_deref().is_some_and(|other| are_different(address, other));
    if known.iter().all(differs) {
        let server = known.iter().find_map(|server| server.address.as_deref()).unwrap_or_default();
        let what = format!(
            "the server's Redis is {server}: unless both mean one machine, it never hears of this {name} and answers 503"
        );
        return Some(risk(
            Severity::Medium,
            worker,
            "worker_redis_differs",
            address,
            what,
            "write the server's redis.address",
        ));
    }
    None
}

fn risk(severity: Severity, worker: &Store, rule: &str, found: &str, what: String, fix: &str) -> Risk {
    Risk {
        severity,
        rule: rule.to_owned(),
        at: place(&worker.path, worker.line),
        found: found.to_owned(),
        what,
        fix: fix.to_owned(),
        source: "livekit/egress issues 344 and 525, livekit/livekit issue 2362; 503 without a bridge seen on livekit-server 1.13.5".to_owned(),
        step: if worker.program == Program::Sip { "sip" } else { "config" }.to_owned(),
        found_by: "greenlight validate --category services --level config".to_owned(),
    }
}

/// Two names for one machine are not told apart from two machines: only what is certain counts.
fn are_different(one: &str, other: &str) -> bool {
    let split = |address: &str| {
        let (host, port) = address.rsplit_once(':').unwrap_or((address, "6379"));
        (host.to_lowercase(), port.to_owned())
    };
    let ((host, port), (other_host, other_port)) = (split(one), split(other));
    if host == other_host {
        return port != other_port;
    }
    // A container's name and an address, or loopback of the host and a name in its network, may be one machine, with a port
    // that is published as another one.
    let is_name = |host: &str| host.parse::<std::net::IpAddr>().is_err() && host != "localhost";
    let short = |host: &str| host.split('.').next().unwrap_or_default().to_owned();
    is_name(&host) && is_name(&other_host) && (short(&host) != short(&other_host) || port != other_port)
}

fn stores(files: &[Read], services: &[(String, Inside)]) -> Vec<Store> {
    let own = files.iter().filter_map(|read| {
        let program = match read.kind {
            Kind::Linted(FileKind::LivekitYaml) => Program::LiveKitServer,
            Kind::Linted(FileKind::SipYaml) => Program::Sip,
            Kind::Egress => Program::Egress,
            Kind::Ingress => Program::Ingress,
            _ => return None,
        };
        Some(store(program, &read.path, &read.text, 0, 0))
    });
    let inside = services.iter().filter(|(_, service)| service.program.is_livekit()).filter_map(|(path, service)| {
        let (text, line) = service.config_text.as_ref()?;
        let mut store = store(service.program, path, text, line.saturating_sub(1), service.line);
        let host = ["REDIS_HOST", "LIVEKIT_REDIS_ADDRESS"];
        if let Some((_, value, _)) = service.environment.iter().find(|(name, _, _)| host.contains(&name.as_str())) {
            (store.told, store.address) = (true, written(value));
        }
        Some(store)
    });
    own.chain(inside).collect()
}

fn store(program: Program, path: &str, text: &str, offset: usize, without: usize) -> Store {
    let (keys, values) = (keys_of(text), values(text));
    let line = keys.iter().find(|(key, _)| key == "redis").map_or(without, |(_, line)| line + offset);
    let told = values.keys().any(|key| key.starts_with("redis."));
    let many = values
        .keys()
        .any(|key| key.starts_with("redis.sentinel_addresses") || key.starts_with("redis.cluster_addresses"));
    let address = values.get("redis.address").filter(|_| !many).and_then(|address| written(address));
    Store { program, path: path.to_owned(), line, address, told }
}

/// Filled in by something else, it can't be compared.
fn written(address: &str) -> Option<String> {
    let plain = !address.is_empty() && !address.contains(['$', '{', '<']);
    plain.then(|| address.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(path: &str, kind: Kind, text: &str) -> Read {
        Read { path: path.into(), kind, text: text.into() }
    }

    fn found(server: &str, egress: &str) -> Vec<String> {
        let files = [
            read("livekit.yaml", Kind::Linted(FileKind::LivekitYaml), server),
            read("egress.yaml", Kind::Egress, egress),
        ];
        risks(&files, &[]).iter().map(|risk| format!("{} {} {}", risk.at, risk.rule, risk.found)).collect()
    }

    #[test]
    fn whoever_waits_at_another_redis_is_seen() {
        let server = "redis:\n  address: redis:6379\n";
        let none: Vec<String> = Vec::new();
        for same in [
            "redis: {address: 'redis:6379'}\n",
            "redis: {address: 'redis.livekit.svc.cluster.local:6379'}\n",
            // The host's loopback, and a container's name on the host's port.
            "redis: {address: '127.0.0.1:6379'}\n",
            "redis: {address: 'localhost:16379'}\n",
            "redis: {address: '${REDIS}'}\n",
            "redis: {sentinel_addresses: ['a:26379']}\n",
            // Calls between the programs do not keep to a db: seen on livekit-server 1.13.5.
            "redis: {address: 'redis:6379', db: 3}\n",
        ] {
            assert_eq!(found(server, &format!("ws_url: ws://a\n{same}")), none, "{same}");
        }
        assert_eq!(found(server, "ws_url: ws://a\n"), ["egress.yaml worker_redis_missing no redis"]);
        assert_eq!(
            found(server, "ws_url: ws://a\nredis:\n  address: cache:6379\n"),
            ["egress.yaml:2 worker_redis_differs cache:6379"]
        );
        assert_eq!(
            found(server, "redis: {address: 'redis:6380'}\n"),
            ["egress.yaml:1 worker_redis_differs redis:6380"]
        );
        // Not known is not different.
        assert_eq!(found("redis: {address: '${REDIS}'}\n", "redis: {address: 'redis:6380'}\n"), none);
        assert_eq!(found("port: 7880\n", "redis: {address: 'redis:6380'}\n"), none);
    }
}
