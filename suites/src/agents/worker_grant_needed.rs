//! A worker registers only with the grant to be one.
//! A worker is handed tokens for every room it is called into: whoever may register as one may listen anywhere.

use greenlight_harness::clients::Worker;
use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "agents.worker_grant_needed",
    title: "a worker without the grant is refused",
    tags: &["security"],
    blame: Component::LivekitServer,
    needs: &[Capability::Api, Capability::Agents],
    timeout: secs(60),
    lane: Lane::Shared,
    proven_by: &[Fault::AnythingAccepted, Fault::GrantsIgnored, Fault::RefusalsHidden],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "something between here and the server adds grants or tokens: compare with a node directly";

/// The opening of a WebSocket, for a request that no worker would make.
const UPGRADE: &[(&str, &str)] = &[
    ("connection", "Upgrade"),
    ("upgrade", "websocket"),
    ("sec-websocket-version", "13"),
    ("sec-websocket-key", "Z3JlZW5saWdodC1wcm9iZQ=="),
];

async fn check(ctx: &Ctx) -> Verdict {
    let name = ctx.name("worker");
    let register = async |grant: VideoGrant| -> Result<_, Halt> {
        let token = ctx.token(grant).identity("worker").sign()?;
        Ok(Worker::register_as(ctx.entry(), &token, &name, proto::JobType::JtRoom).await)
    };
    let good = register(VideoGrant { agent: true, ..VideoGrant::default() }).await?;
    ensure_joined!(good, "a worker with the grant is refused", blame = Component::Keys, fix = COMPARE_KEYS)
        .close()
        .await;
    let nameless = ctx.entry().request("GET", "/agent", None, UPGRADE, Vec::new()).await?;
    ensure!(nameless.status, == 401, "a worker without a token is let in", fix = FIX);
    let mut refused = 1;
    for grant in
        [VideoGrant::default(), VideoGrant::join("glt"), VideoGrant { room_create: true, ..VideoGrant::default() }]
    {
        match register(grant).await? {
            Err(JoinError::Refused(answer)) => {
                ensure!(answer.status, == 401, "a worker without the grant is answered wrongly", fix = FIX)
            }
            Err(other) => return Err(other.into()),
            Ok(_) => return Err(failed("a worker without the grant is taken", "a registration", "401", FIX, None)),
        }
        refused += 1;
    }
    ctx.pass().counted("refusals", refused, Exactly(4.0))
}
