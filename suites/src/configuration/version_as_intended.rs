//! All nodes are one version of livekit-server, and Redis knows of no other.
//! An old node that is left or comes back works on the state of the new ones and answers some calls as before.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "configuration.version_as_intended",
    title: "all nodes and Redis name one version",
    tags: &[],
    blame: Component::LivekitServer,
    needs: &[Capability::Api, Capability::TwoNodes, Capability::Redis],
    timeout: secs(40),
    lane: Lane::Shared,
    proven_by: &[Fault::VersionNoteOther],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "find the node of the other version (`livekit-server list-nodes`, the image of each container) and replace \
                   it; the Redis key livekit_version is written by the node that started last";

async fn check(ctx: &Ctx) -> Verdict {
    let mut versions = Vec::new();
    for node in ctx.nodes() {
        versions.push(node.identity(ctx.key()).await?.version);
    }
    let first = versions.first().cloned().unwrap_or_default();
    ensure!(first.is_empty(), == false, "a node does not name its version", fix = FIX);
    ensure!(versions, == vec![first.clone(); versions.len()], "the nodes are not one version", fix = FIX);
    let noted = ctx.redis()?.connect().await?.text("livekit_version").await?.unwrap_or_default();
    ensure!(noted, == first, "the version that started last, as Redis has it, is not that of the nodes", fix = FIX);
    ctx.pass().counted("versions", versions.len() + 1, AtLeast(2.0))
}
