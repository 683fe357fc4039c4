//! TURN over TLS answers where clients are told, with a certificate for that name.
//! It is always announced on port 443: callers behind strict firewalls have no other way in.

use greenlight_harness::clients::inspect;
use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "configuration.turn_port_reachable_as_announced",
    title: "TURN over TLS answers where it is announced",
    tags: &[],
    blame: Component::Turn,
    needs: &[Capability::Turn, Capability::ConfigFiles, Capability::Engine],
    timeout: secs(60),
    lane: Lane::Shared,
    proven_by: &[Fault::TurnBehindBalancerGone, Fault::TurnDomainOther],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "let port 443 of turn.domain go to turn.tls_port of the nodes as plain TCP, without ending TLS before, and \
                   compare the names of turn.cert_file with turn.domain";
/// The balancer distributes connections; this many reach every node.
const TRIES: usize = 2;

async fn check(ctx: &Ctx) -> Verdict {
    let turn = ctx.turn()?;
    let nodes = ctx.configured().await?;
    let mut handshakes = 0;
    for node in &nodes {
        let Some(domain) = node.setting("turn.domain") else {
            skip!("{} has no turn.domain", node.file.part);
        };
        for _ in 0..TRIES {
            match inspect(&turn.address.to_string(), domain, ctx.entry().http()).await {
                Ok(tls) => {
                    let problem = tls.problem.unwrap_or_default();
                    ensure!(problem, == "", format!("clients refuse the certificate of turns:{domain}:443"), fix = FIX);
                }
                Err(silence) => {
                    let what = format!("nothing answers TLS at turns:{domain}:443");
                    return Err(failed(what, silence, "a TLS handshake", FIX, None));
                }
            }
            handshakes += 1;
        }
    }
    ctx.pass().counted("handshakes", handshakes, AtLeast(2.0))
}
