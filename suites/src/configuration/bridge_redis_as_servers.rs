//! The bridge is on the servers' Redis: same address, same database.
//! On another one it hears of no call and is asked about none: everybody who dials in gets silence, and health says 200.

use greenlight_harness::prelude::*;
use std::collections::BTreeMap;

pub(super) const CHECK: Check = Check {
    id: "configuration.bridge_redis_as_servers",
    title: "the bridge has the servers' Redis",
    tags: &[],
    blame: Component::Configuration,
    needs: &[Capability::ConfigFiles, Capability::Engine],
    timeout: secs(40),
    lane: Lane::Shared,
    proven_by: &[Fault::BridgeOtherRedis, Fault::BridgeOtherDatabase, Fault::BridgeRedisMissing],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "copy the `redis` section of livekit.yaml into sip.yaml";

/// What says which Redis it is. Credentials and TLS may differ by user.
const WHICH: &[&str] = &["address", "db", "sentinel_master_name", "sentinel_addresses", "cluster_addresses"];

async fn check(ctx: &Ctx) -> Verdict {
    let bridge = ctx.bridge().await?;
    let of_bridge = which(bridge.settings().iter().map(|(path, value)| (path.as_str(), value.as_str())));
    ensure!(of_bridge.keys().any(|path| path.contains("address")), == true, "the bridge has no Redis", fix = FIX);
    let mut compared = 0;
    for node in ctx.configured().await? {
        let mut of_node = which(node.settings().iter().map(|(path, value)| (path.as_str(), value.as_str())));
        if let Some(host) = node.variable("REDIS_HOST") {
            of_node.insert("redis.address".into(), host.to_owned());
        }
        ensure!(
            &of_bridge,
            == &of_node,
            format!("the bridge and {} are not on the same Redis", node.file.part),
            fix = FIX
        );
        compared += 1;
    }
    ctx.pass().counted("nodes_compared", compared, AtLeast(1.0))
}

/// The settings that say which Redis it is. A `db` of 0 is as good as none.
fn which<'a>(settings: impl Iterator<Item = (&'a str, &'a str)>) -> BTreeMap<String, String> {
    let named = |path: &str| {
        let key = path.strip_prefix("redis.").and_then(|rest| rest.split('.').next());
        key.is_some_and(|key| WHICH.contains(&key))
    };
    let says = |(path, value): &(&str, &str)| named(path) && (*path, *value) != ("redis.db", "0");
    settings.filter(says).map(|(path, value)| (path.to_owned(), value.to_owned())).collect()
}
