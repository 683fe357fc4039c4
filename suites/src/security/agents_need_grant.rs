//! Nobody registers as an agent worker without the grant for it.
//! Whoever may register a worker is handed tokens for every room that asks for an agent.

use greenlight_harness::clients::Token;
use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "security.agents_need_grant",
    title: "a worker needs the grant for agents",
    tags: &[],
    blame: Component::LivekitServer,
    needs: &[Capability::Api],
    timeout: secs(40),
    lane: Lane::Shared,
    proven_by: &[Fault::AnythingAccepted, Fault::GrantsIgnored, Fault::RefusalsHidden],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "compare with a node directly; a proxy must not add tokens to /agent";

const UPGRADE: &[(&str, &str)] = &[
    ("connection", "Upgrade"),
    ("upgrade", "websocket"),
    ("sec-websocket-version", "13"),
    ("sec-websocket-key", "Z3JlZW5saWdodC1wcm9iZQ=="),
];

async fn check(ctx: &Ctx) -> Verdict {
    let open = async |token: Option<&Token>| ctx.entry().request("GET", "/agent", token, UPGRADE, Vec::new()).await;
    // The positive control: a registration with the grant is answered.
    let server = ctx.signal().server_info(ctx.key()).await;
    let server =
        ensure_joined!(server, "a worker with the grant is refused", blame = Component::Keys, fix = COMPARE_KEYS);
    ensure!(server.node_id.is_empty(), == false, "the server does not say who it is", fix = FIX);
    let join = ctx.join_token(&ctx.name("room"), "caller").sign()?;
    let mut refused = 0;
    for (what, token) in [("without a token", None), ("with a token for joining", Some(&join))] {
        let answer = open(token).await?;
        ensure!(answer.status, == 401, format!("a worker {what} is let in"), fix = FIX);
        refused += 1;
    }
    ctx.pass().counted("refusals", refused, Exactly(2.0))
}
