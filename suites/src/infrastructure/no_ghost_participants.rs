//! Whoever stands in Redis as a participant is in a room that a live node has.
//! Ghosts are listed as active for ever and can't be removed: a user appears to be in a call, or is told that it is full.

use greenlight_harness::clients::RedisConnection;
use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "infrastructure.no_ghost_participants",
    title: "no participant is a ghost",
    tags: &[],
    blame: Component::Redis,
    needs: &[Capability::Redis],
    timeout: secs(30),
    lane: Lane::Shared,
    proven_by: &[Fault::GhostRoomKept],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "a node was killed and did not clean up; DeleteRoom of that name, or `redis-cli del room_participants:ROOM` and `hdel room_node_map ROOM`";

/// A node that has not said anything for this long is dead.
const DEAD_S: i64 = 60;

async fn check(ctx: &Ctx) -> Verdict {
    let client = ctx.redis()?.clone();
    let mut redis = client.connect().await?;
    let listed = redis.participants_kept().await?.len();
    let first = ghosts(&mut redis).await?;
    // What is being opened or closed right now is over within the time in which the server itself notices a dead node.
    let gone = ctx
        .eventually(secs(8), async || {
            let now = ghosts(&mut client.connect().await?).await?;
            Ok(first.iter().all(|ghost| !now.contains(ghost)).then_some(()))
        })
        .await?;
    if gone.is_none() {
        let found = first.join(", ");
        return Err(failed("participants stand in Redis whom no live node has", found, "none", FIX, None));
    }
    ctx.pass().measured("participants_listed", listed as f64, AtLeast(0.0), 1)
}

/// Participants of rooms that no live node has: identity, room and node.
async fn ghosts(redis: &mut RedisConnection) -> anyhow::Result<Vec<String>> {
    let participants = redis.participants_kept().await?;
    let (rooms, nodes, now) = (redis.room_nodes().await?, redis.nodes().await?, redis.now_s().await?);
    let lives = |id: &String| {
        let stats = nodes.iter().find(|node| node.id == *id).map(|node| node.stats.as_ref());
        stats.is_some_and(|stats| stats.is_none_or(|stats| now - stats.updated_at < DEAD_S))
    };
    let homeless = participants.into_iter().filter(|(room, _)| !rooms.get(room).is_some_and(lives));
    Ok(homeless
        .map(|(room, participant)| format!("{} in {room} on {:?}", participant.identity, rooms.get(&room)))
        .collect())
}
