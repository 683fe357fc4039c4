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
    timeout: secs(180),
    lane: Lane::Shared,
    proven_by: &[Fault::GhostRoomKept],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "a node was killed and did not clean up; DeleteRoom of that name, or `redis-cli del room_participants:ROOM` and `hdel room_node_map ROOM`";

async fn check(ctx: &Ctx) -> Verdict {
    let client = ctx.redis()?.clone();
    let mut redis = client.connect().await?;
    let listed = redis.participants_kept().await?.len();
    let suspects = ghosts(&mut redis).await?;
    let still = ctx.lasting(&suspects, async || ghosts(&mut client.connect().await?).await).await?;
    if !still.is_empty() {
        let expected = format!("none that is the same after {} s", ctx.limits().orphans_apart_s);
        return Err(failed("participants stand in Redis whom no live node has", still.join(", "), expected, FIX, None));
    }
    ctx.pass().measured("participants_listed", listed as f64, AtLeast(0.0), 1)?.measured(
        "suspects_at_first_look",
        suspects.len() as f64,
        AtLeast(0.0),
        1,
    )
}

/// Participants of rooms that no live node has: identity, session, room and node.
async fn ghosts(redis: &mut RedisConnection) -> anyhow::Result<Vec<String>> {
    let participants = redis.participants_kept().await?;
    let (rooms, nodes, silent) = (redis.room_nodes().await?, redis.nodes().await?, redis.silent_nodes().await?);
    let lives = |id: &String| nodes.iter().any(|node| node.id == *id) && !silent.contains_key(id);
    let homeless = participants.into_iter().filter(|(room, _)| !rooms.get(room).is_some_and(lives));
    let named = |(room, who): (String, proto::ParticipantInfo)| {
        format!("{} ({}) in {room} on {:?}", who.identity, who.sid, rooms.get(&room))
    };
    Ok(homeless.map(named).collect())
}
