//! Every node offers TURN over TLS at the deployment's TURN name and port 443, with credentials.
//! Callers behind strict firewalls can't connect otherwise, and nothing tells them why.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "configuration.announced_turn_urls",
    title: "nodes offer TURN at the name that is meant",
    tags: &["crowd"],
    blame: Component::Turn,
    needs: &[Capability::Api, Capability::TwoNodes, Capability::Turn],
    timeout: secs(60),
    lane: Lane::Shared,
    proven_by: &[Fault::TurnTtlZero, Fault::TurnDomainOther],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str =
    "compare turn.enabled, turn.domain, turn.tls_port and turn.ttl_seconds (not 0) in livekit.yaml of the named node";

async fn check(ctx: &Ctx) -> Verdict {
    // livekit-server 1.13.5 names 443 whatever turn.tls_port is.
    let wanted = format!("turns:{}:443?transport=tcp", ctx.turn()?.domain);
    let mut offers = 0;
    for node in ctx.nodes() {
        let session = ctx.session_on(node).await?;
        let servers = session.ice_servers().to_vec();
        session.leave().await;
        let with_wanted = servers.iter().find(|server| server.urls.contains(&wanted));
        let Some(server) = with_wanted else {
            let urls: Vec<String> = servers.into_iter().flat_map(|server| server.urls).collect();
            return Err(failed(
                format!("{} does not offer TURN as meant", node.name),
                urls.join(", "),
                wanted,
                FIX,
                None,
            ));
        };
        let credentials = !server.username.is_empty() && !server.credential.is_empty();
        ensure!(credentials, == true, format!("{} offers TURN without credentials", node.name), fix = FIX);
        offers += 1;
    }
    ctx.pass().counted("offers_of_turn", offers, Exactly(ctx.nodes().len() as f64))
}
