//! A dispatch can be made, listed and deleted, and an unknown one is 404.
//! Applications call an agent into a running room this way, and send it away again.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "agents.dispatch_life_cycle",
    title: "a dispatch is made, listed and deleted",
    tags: &[],
    blame: Component::Balancer,
    needs: &[Capability::Api, Capability::Since(1, 8)],
    timeout: secs(60),
    lane: Lane::Shared,
    proven_by: &[Fault::DispatchesSwallowed],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "ask a node directly; if that works, something before it answers in its place";

async fn check(ctx: &Ctx) -> Verdict {
    let (room, agent) = (ctx.name("room"), ctx.name("agent"));
    let dispatches = ctx.dispatches();
    // A dispatch makes the room it is for, and such a room calls the agents of everybody.
    let created = ctx.rooms().create(&proto::CreateRoomRequest { name: room.clone(), ..Default::default() }).await?;
    ensure_ok!(created, "a room can't be created", fix = FIX);
    let request = proto::CreateAgentDispatchRequest {
        room: room.clone(),
        agent_name: agent.clone(),
        metadata: "m".into(),
        ..Default::default()
    };
    let made = ensure_ok!(dispatches.create(&request).await?, "a dispatch can't be made", fix = FIX);
    ensure!((&made.room, &made.agent_name, made.metadata.as_str(), made.id.starts_with("AD_")), == (&room, &agent, "m", true),
        "another dispatch was made than asked for", fix = FIX);
    let ids = async || {
        let listed = dispatches.list(&room).await?.unwrap_or_default();
        Ok::<Vec<String>, Halt>(
            listed.into_iter().filter(|known| known.agent_name == agent).map(|known| known.id).collect(),
        )
    };
    ensure!(ids().await?, == vec![made.id.clone()], "the dispatch is not listed", fix = FIX);
    let deleted = ensure_ok!(dispatches.delete(&room, &made.id).await?, "a dispatch can't be deleted", fix = FIX);
    ensure!(deleted.id, == made.id, "another dispatch was deleted", fix = FIX);
    ensure!(ids().await?, == Vec::<String>::new(), "a deleted dispatch is still listed", fix = FIX);
    let again = dispatches.delete(&room, &made.id).await?.map(drop).map_err(|refusal| refusal.said());
    ensure!(again, == Err((404, "not_found".to_owned())), "deleting a dispatch that is gone is answered wrongly", fix = FIX);
    ctx.pass().counted("dispatches", 1, Exactly(1.0))
}
