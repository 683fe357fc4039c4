//! Clients are told only of STUN and TURN servers that the configuration names.
//! Otherwise they tell their addresses to public servers of Google and Twilio, or wait for them in vain.

use greenlight_harness::prelude::*;
use std::net::IpAddr;

pub(super) const CHECK: Check = Check {
    id: "configuration.no_foreign_ice_servers",
    title: "clients are told of no foreign ICE servers",
    tags: &[],
    blame: Component::Configuration,
    needs: &[Capability::Api, Capability::TwoNodes, Capability::ConfigFiles, Capability::Engine],
    timeout: secs(60),
    lane: Lane::Shared,
    proven_by: &[Fault::TurnTtlZero, Fault::TurnWithoutUdpPort],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "write rtc.stun_servers, or turn on the embedded TURN with udp_port and a ttl_seconds above 0";

async fn check(ctx: &Ctx) -> Verdict {
    let mut told = 0;
    for configured in ctx.configured().await? {
        let Some(node) = ctx.nodes().iter().find(|node| node.name == configured.file.part) else {
            skip!("{} can't be reached directly", configured.file.part);
        };
        let session = ctx.session_on(node).await?;
        let urls: Vec<String> = session.ice_servers().iter().flat_map(|server| server.urls.clone()).collect();
        session.leave().await;
        for url in &urls {
            let host = host(url);
            let own =
                configured.settings().values().any(|value| value == host || value.starts_with(&format!("{host}:")));
            if !own && !is_address(host) {
                let what = format!("{} sends clients to a server that it does not name", node.name);
                return Err(failed(what, url, "servers of the configuration only", FIX, None));
            }
        }
        told += urls.len();
    }
    ctx.pass().counted("ice_servers", told, AtLeast(ctx.nodes().len() as f64))
}

/// `turn:turn.example:3478?transport=udp` is at `turn.example`.
fn host(url: &str) -> &str {
    let rest = url.split_once(':').map_or(url, |(_, rest)| rest);
    let rest = rest.split('?').next().unwrap_or(rest);
    rest.rsplit_once(':').map_or(rest, |(host, _)| host)
}

/// The embedded TURN server is named by the node's own address, which the node may find out itself.
fn is_address(host: &str) -> bool {
    host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok()
}
