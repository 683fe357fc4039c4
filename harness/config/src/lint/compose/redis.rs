//! Redis: who may write to it, whether it forgets, and whether the server finds it.

use super::project::{Network, Project, Service};
use crate::lint::container::{Program, flag};
use crate::lint::findings::{Findings, words};

/// The Redis service itself.
pub(super) fn itself(service: &Service<'_>, _: &Project<'_>, findings: &mut Findings) {
    if service.container.program() != Program::Redis {
        return;
    }
    let command = &service.container.command;
    if let Some((policy, line)) = flag(command, "maxmemory-policy").filter(|(policy, _)| policy.starts_with("allkeys"))
    {
        let what = "a full Redis drops any key, also the one that says on which node a room runs: the next join opens a \
                    second room of that name, and the two groups never see each other";
        findings.risky("redis_evicts", line, words(policy, what, "write --maxmemory-policy noeviction, the default"));
    }
    let has = |part: &str| command.iter().any(|word| word.text.contains(part));
    let guarded = has("requirepass") || has(".conf") || has("aclfile");
    // What a shell starts is not read here.
    let by_shell = command.iter().any(|word| matches!(word.text.rsplit('/').next(), Some("sh" | "bash" | "ash")));
    let told = service.container.variables.iter().any(|variable| variable.name.contains("PASSWORD"));
    if guarded || by_shell || told || service.container.more_elsewhere {
        return;
    }
    let open = match service.network {
        Network::Host => (!has("--bind")).then(|| service.line_of("network_mode")),
        _ => service.ports.iter().flatten().find(|port| port.covers(6379) && !port.is_local()).map(|port| port.line),
    };
    if let Some(line) = open {
        let what = "Redis in a container answers everybody who reaches it, without a password: whoever does can end every \
                    room, and run commands on this Redis; the engine opens a published port past most firewalls";
        let fix = "remove the port if only services of this file need it, else write \"127.0.0.1:6379:6379\", or add \
                   --requirepass with a variable";
        findings.risky("redis_open", line, words("6379 without a password", what, fix));
    }
}

/// The address that a livekit-server is given.
pub(super) fn server(service: &Service<'_>, project: &Project<'_>, findings: &mut Findings) {
    if service.container.program() != Program::LiveKitServer {
        return;
    }
    let Some((address, line)) = service.container.settings().redis() else { return };
    let host = address.rsplit_once(':').map_or(address.as_str(), |(host, _)| host);
    let is_local = host == "localhost" || host.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback());
    if is_local && service.network == Network::Bridge {
        let what = "in a container of its own this address is the container itself, where no Redis listens: the server \
                    ends with exit status 0";
        let name = project.services.iter().find(|other| other.container.program() == Program::Redis);
        let name = name.map_or("redis", |redis| redis.container.name.as_str());
        let fix = format!("write {name}:6379, the name of the service, or use network_mode: host for both");
        findings.wrong("redis_on_localhost", line, words(&address, what, fix));
    }
    let is_service =
        project.services.iter().any(|other| other.container.name == host && other.network != Network::Host);
    let given = service.node.at("extra_hosts").is_some();
    if is_service && !given && service.network == Network::Host {
        let what = "with network_mode: host the names of services are not known: the server does not find Redis and ends \
                    with exit status 0";
        let fix = "write 127.0.0.1:6379, and publish \"127.0.0.1:6379:6379\" at the Redis service";
        findings.wrong("redis_name_on_host", line, words(&address, what, fix));
    }
}
