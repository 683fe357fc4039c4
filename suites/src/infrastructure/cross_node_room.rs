//! Participants who enter one room through different nodes are in the same room and see each other.
//! When they are not, both are "connected" and talk into the void: the worst failure, since no status shows it.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "infrastructure.cross_node_room",
    title: "one room name is one room, whichever node is entered",
    tags: &["smoke"],
    blame: Component::Redis,
    needs: &[Capability::Api, Capability::TwoNodes],
    timeout: secs(40),
    lane: Lane::Shared,
    proven_by: &[
        Fault::RedisStopped,
        Fault::NodeStopped,
        Fault::SecretSwapped,
        Fault::NodeOnOtherRedis,
        Fault::AutoCreateOff,
    ],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "give all nodes the same `redis` section (address, db, credentials), and look for two servers behind one name: `redis-cli hlen nodes` must count every node";

async fn check(ctx: &Ctx) -> Verdict {
    let room = ctx.name("room");
    let mut sessions = Vec::new();
    for node in ctx.nodes() {
        let token = ctx.join_token(&room, &node.name).sign()?;
        let joined = node.signal().join(&token).await;
        let session = ensure_joined!(joined, format!("{} lets nobody in", node.name), fix = FIX);
        ensure!(session.room_sid().starts_with("RM_"), == true, format!("{} names no room", node.name), fix = FIX);
        sessions.push((node, session));
    }
    let (_, first) = &sessions[0];
    for (node, session) in &sessions[1..] {
        ensure!(session.room_sid(), == first.room_sid(),
            format!("{} opened a second room of the same name", node.name), fix = FIX);
    }
    // Each node must list everybody, or a moderator who asks the other one sees an empty room.
    let everybody: Vec<String> = ctx.nodes().iter().map(|node| node.name.clone()).collect();
    for (node, _) in &sessions {
        let rooms = node.rooms(ctx.key());
        let complete = ctx
            .eventually(secs(5), async || {
                let mut listed: Vec<String> = match rooms.participants(&room).await? {
                    Ok(participants) => participants.into_iter().map(|participant| participant.identity).collect(),
                    Err(_) => return Ok(None),
                };
                listed.sort();
                Ok((listed == everybody).then_some(()))
            })
            .await?;
        ensure!(complete.is_some(), == true, format!("{} does not list everybody in the room", node.name), fix = FIX);
    }
    let count = sessions.len();
    for (_, session) in sessions {
        session.leave().await;
    }
    ctx.pass().counted("nodes_sharing_one_room", count, AtLeast(2.0))
}
