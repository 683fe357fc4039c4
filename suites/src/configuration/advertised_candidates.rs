//! Every node announces the media address and ports that it is configured with, and listens there.
//! A wrong address lets everybody join and nobody hear: the commonest fault of self-hosted deployments.

use greenlight_harness::Configured;
use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "configuration.advertised_candidates",
    title: "nodes announce media where they are configured to",
    tags: &[],
    blame: Component::Configuration,
    needs: &[Capability::Api, Capability::TwoNodes, Capability::ConfigFiles, Capability::Engine, Capability::Media],
    timeout: secs(60),
    lane: Lane::Shared,
    proven_by: &[Fault::NodeIpOther, Fault::RtcNodeIpVariable, Fault::RtcUdpPortVariable],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "set rtc.node_ip to the address at which clients reach the node, or NODE_IP in the environment, and compare \
                   rtc.tcp_port and rtc.udp_port with what is open in the firewall";

/// Where an address or port may be given. The first are no longer read, and whoever set them means them.
const ADDRESS: &[&str] = &["LIVEKIT_RTC_NODE_IP", "LIVEKIT_RTC_NODE_IP_IPV4", "NODE_IP"];
const UDP_PORT: &[&str] = &["LIVEKIT_RTC_UDP_PORT", "LIVEKIT_RTC_UDP_PORT_START", "UDP_PORT"];

async fn check(ctx: &Ctx) -> Verdict {
    let (mut seen, mut reached) = (0, 0);
    for configured in ctx.configured().await? {
        let Some(node) = ctx.nodes().iter().find(|node| node.name == configured.file.part) else {
            skip!("{} can't be reached directly", configured.file.part);
        };
        let mut session = ctx.session_on(node).await?;
        let candidates = session.candidates(secs(5)).await?;
        session.leave().await;
        let address = intended(&configured, ADDRESS, "rtc.node_ip");
        let udp = intended(&configured, UDP_PORT, "rtc.udp_port").filter(|port| port.parse::<u16>().is_ok());
        let tcp = configured.setting("rtc.tcp_port").unwrap_or("7881");
        for candidate in &candidates {
            let found = (candidate.address.as_str(), candidate.port.to_string());
            let port = if candidate.protocol == "tcp" { Some(tcp) } else { udp };
            let expected = (address.unwrap_or(found.0), port.unwrap_or(&found.1).to_owned());
            ensure!(found, == expected, format!("{} announces another {} address than it is configured with",
                node.name, candidate.protocol), fix = FIX);
            seen += 1;
            if candidate.protocol == "tcp" {
                if let Err(silence) = candidate.connect().await {
                    let what = format!("nothing listens at the address that {} announces", node.name);
                    return Err(failed(what, silence, "a TCP connection", FIX, None));
                }
                reached += 1;
            }
        }
        let udp_seen = candidates.iter().any(|candidate| candidate.protocol == "udp");
        ensure!(udp_seen, == true, format!("{} announces no UDP address", node.name), fix = FIX);
    }
    let nodes = ctx.nodes().len() as f64;
    ctx.pass().counted("candidates", seen, AtLeast(2.0 * nodes))?.counted("reached_over_tcp", reached, AtLeast(nodes))
}

fn intended<'a>(configured: &'a Configured, variables: &[&str], path: &str) -> Option<&'a str> {
    variables.iter().find_map(|name| configured.variable(name)).or_else(|| configured.setting(path))
}
