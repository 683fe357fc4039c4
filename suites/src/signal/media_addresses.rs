//! Joins are told at least one address for media that can be reached from where the deployment is reached.
//! A private or empty address lets everybody join and nobody hear: the commonest fault of self-hosted deployments.

use greenlight_harness::prelude::*;
use std::net::IpAddr;

pub(super) const CHECK: Check = Check {
    id: "signal.media_addresses",
    title: "joins are told media addresses that can be reached",
    tags: &[],
    blame: Component::Configuration,
    needs: &[Capability::Api],
    timeout: secs(40),
    lane: Lane::Shared,
    proven_by: &[Fault::NodeIpNowhere],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "set rtc.node_ip to the address at which callers reach the node, or rtc.use_external_ip where it is \
                   behind a one-to-one NAT, and see that rtc.interfaces and rtc.ips leave an address over";

/// From how far an address can be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Reach {
    /// From nowhere: unspecified, link-local or kept for documentation.
    Nowhere,
    /// From the same machine.
    Machine,
    /// From the same private network.
    Private,
    /// From everywhere.
    Public,
}

async fn check(ctx: &Ctx) -> Verdict {
    let room = ctx.name("room");
    let joined = ctx.signal().join(&ctx.join_token(&room, "listener").sign()?).await;
    let mut session = ensure_joined!(joined, "a valid token is refused", blame = Component::Keys, fix = COMPARE_KEYS);
    let candidates = session.candidates(secs(5)).await?;
    session.leave().await;
    let (_, address) = ctx.entry().host_and_address();
    let entry = match ctx.entry().addresses().await {
        Ok(found) => Some(found.into_iter().map(reach).max().unwrap_or(Reach::Nowhere)),
        // A name that the proxy knows need not be known to this machine.
        Err(_) if ctx.entry().proxy().is_some() => None,
        Err(unknown) => return Err(unknown.into()),
    };
    // A name can be anything, and is not judged.
    let told: Vec<Reach> =
        candidates.iter().map(|candidate| candidate.address.parse().map_or(Reach::Public, reach)).collect();
    let shown = candidates.iter().map(|candidate| candidate.address.as_str()).collect::<Vec<_>>().join(", ");
    let best = told.iter().copied().max();
    // From this machine every address of it can be reached.
    let needed = entry.unwrap_or(Reach::Machine).max(Reach::Machine);
    if best.is_none_or(|best| best < needed) {
        return Err(failed(
            "joins are told no media address that callers reach",
            if shown.is_empty() { "no address at all".to_owned() } else { shown },
            format!("an address as far as {address}: {needed:?} or wider"),
            FIX,
            None,
        ));
    }
    if entry.is_none() {
        skip!(
            "only the proxy knows the address of {address}, so nobody can say how far media has to reach: run it where the name is resolved"
        );
    }
    let good = told.iter().filter(|told| **told >= needed).count();
    ctx.pass().counted("addresses", good, AtLeast(1.0))
}

fn reach(address: IpAddr) -> Reach {
    match address {
        IpAddr::V4(v4) if v4.is_loopback() => Reach::Machine,
        IpAddr::V4(v4) if v4.is_unspecified() || v4.is_link_local() || v4.is_documentation() || v4.is_broadcast() => {
            Reach::Nowhere
        }
        // RFC 1918, and RFC 6598 for carriers.
        IpAddr::V4(v4) if v4.is_private() || (v4.octets()[0] == 100 && v4.octets()[1] & 0xc0 == 64) => Reach::Private,
        IpAddr::V4(_) => Reach::Public,
        IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(v4) => reach(IpAddr::V4(v4)),
            None if v6.is_loopback() => Reach::Machine,
            // RFC 3849 is documentation, RFC 4193 unique local.
            None if v6.is_unspecified() || v6.is_unicast_link_local() || v6.segments()[..2] == [0x2001, 0xdb8] => {
                Reach::Nowhere
            }
            None if v6.is_unique_local() => Reach::Private,
            None => Reach::Public,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::{Reach, reach};

    /// Addresses out of the RFCs that reserve them.
    #[test]
    fn an_address_is_judged_by_from_where_it_can_be_reached() {
        for (address, expected) in [
            ("127.0.0.1", Reach::Machine),
            ("::1", Reach::Machine),
            ("10.1.2.3", Reach::Private),
            ("172.16.0.1", Reach::Private),
            ("172.32.0.1", Reach::Public),
            ("192.168.0.9", Reach::Private),
            ("100.64.0.1", Reach::Private),
            ("100.128.0.1", Reach::Public),
            ("fd00::1", Reach::Private),
            ("169.254.1.1", Reach::Nowhere),
            ("0.0.0.0", Reach::Nowhere),
            ("203.0.113.7", Reach::Nowhere),
            ("fe80::1", Reach::Nowhere),
            ("2001:db8::1", Reach::Nowhere),
            ("8.8.8.8", Reach::Public),
            ("2a00:1450::1", Reach::Public),
            ("::ffff:10.0.0.1", Reach::Private),
        ] {
            assert_eq!(reach(address.parse().expect("an address")), expected, "{address}");
        }
        assert!(Reach::Nowhere < Reach::Machine && Reach::Machine < Reach::Private && Reach::Private < Reach::Public);
    }
}
