//! The bridge talks to livekit-server through the balancer.
//! Written past it, a call fails with the one node that is named, in the middle of a deploy; without a scheme no call finds its room.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "configuration.bridge_url_is_entry",
    title: "the bridge's ws_url is the balancer",
    tags: &[],
    blame: Component::Configuration,
    needs: &[Capability::ConfigFiles],
    timeout: secs(40),
    lane: Lane::Shared,
    proven_by: &[Fault::BridgeUrlOfNode, Fault::BridgeUrlWithoutScheme, Fault::BridgeUrlMissing],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "write the URL of the balancer as ws_url, with wss:// and its port";

const RULES: &[&str] = &["sip_ws_url"];

async fn check(ctx: &Ctx) -> Verdict {
    let bridge = ctx.bridge().await?;
    let url = bridge.setting("ws_url").unwrap_or_default();
    ensure!(host_and_port(url).as_deref(), == Some(bridge.entry.as_str()), "ws_url is not the balancer", fix = FIX);
    ctx.lint_bridge(RULES).await?.verdict(ctx)
}

/// Host and port of a URL, the scheme's where it names none.
fn host_and_port(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let port = match scheme {
        "ws" | "http" => 80,
        "wss" | "https" => 443,
        _ => return None,
    };
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    let bare_v6 = authority.ends_with(']');
    match authority.contains(':') && !bare_v6 {
        true => Some(authority.to_owned()),
        false => Some(format!("{authority}:{port}")),
    }
}

#[cfg(test)]
mod tests {
    use super::host_and_port;

    /// RFC 6455, section 3: port 80 for ws and 443 for wss; RFC 3986, section 3.2.2: IPv6 in brackets.
    #[test]
    fn a_url_without_a_port_has_that_of_its_scheme() {
        let parts =
            ["wss://a.example", "ws://a.example/", "https://a:8443/x", "wss://[::1]", "ws://[::1]:7880", "a:7880"];
        let found = parts.map(host_and_port);
        let expected = ["a.example:443", "a.example:80", "a:8443", "[::1]:443", "[::1]:7880"];
        assert_eq!(found[..5].iter().flatten().collect::<Vec<_>>(), expected);
        assert_eq!(found[5], None);
    }
}
