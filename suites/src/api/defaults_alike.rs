//! A room that states no settings gets the same ones from every node.
//! Nodes with different livekit.yaml close the same kind of room at different times, and nobody can tell why.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "api.defaults_alike",
    title: "every node gives rooms the same defaults",
    tags: &["crowd"],
    blame: Component::Configuration,
    needs: &[Capability::Api, Capability::TwoNodes],
    timeout: secs(60),
    lane: Lane::Shared,
    proven_by: &[Fault::DefaultsDiffer],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "compare the `room:` sections of livekit.yaml on all nodes";

async fn check(ctx: &Ctx) -> Verdict {
    let mut given = Vec::new();
    for node in ctx.nodes() {
        // The node that has the room gives the defaults, so each is asked for one of its own.
        let node_id = node.identity(ctx.key()).await?.node_id;
        let made = node.rooms(ctx.key()).create_on(&ctx.name(&node.name), &node_id).await?;
        let room = ensure_ok!(made, "a room can't be created", fix = FIX);
        let mut codecs: Vec<String> = room.enabled_codecs.into_iter().map(|codec| codec.mime).collect();
        codecs.sort();
        ensure!(codecs.is_empty(), == false, format!("{} offers no codec at all", node.name), fix = FIX);
        given.push((room.empty_timeout, room.departure_timeout, room.max_participants, codecs));
    }
    for (node, defaults) in ctx.nodes().iter().zip(&given) {
        ensure!(defaults, == &given[0],
            format!("{} gives rooms other defaults than {}", node.name, ctx.nodes()[0].name), fix = FIX);
    }
    ctx.pass().counted("nodes_compared", given.len(), AtLeast(2.0))
}
