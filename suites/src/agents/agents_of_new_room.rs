//! Agents that a room is created with are called when it starts, whichever node has it.
//! This is how every call gets its agent without another request; when it fails, people talk to nobody.

use greenlight_harness::clients::Worker;
use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "agents.agents_of_new_room",
    title: "a new room calls the agents that it was created with",
    tags: &[],
    blame: Component::Redis,
    needs: &[Capability::Api, Capability::TwoNodes],
    timeout: secs(60),
    lane: Lane::Shared,
    proven_by: &[Fault::NodeOnOtherRedis],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str =
    "all nodes must use one Redis, and their messages must reach each other: compare `redis:` in livekit.yaml";

async fn check(ctx: &Ctx) -> Verdict {
    let agent = ctx.name("agent");
    let [first, .., last] = ctx.nodes() else { skip!("one node can't call agents of another") };
    let registered = Worker::register(&last.endpoint, ctx.key(), &agent, proto::JobType::JtRoom).await;
    let mut worker = ensure_joined!(registered, format!("{} takes no worker", last.name), fix = FIX);
    let mut jobs = 0;
    for from in [last, first] {
        let room = ctx.name(&from.name);
        let dispatch =
            proto::RoomAgentDispatch { agent_name: agent.clone(), metadata: from.name.clone(), ..Default::default() };
        let request = proto::CreateRoomRequest { name: room.clone(), agents: vec![dispatch], ..Default::default() };
        let made = ensure_ok!(
            from.rooms(ctx.key()).create(&request).await?,
            "a room with an agent can't be created",
            fix = FIX
        );
        let Some(job) = worker.next_job(secs(5)).await? else {
            return Err(failed(
                format!("a room made through {} does not call its agent", from.name),
                "nothing",
                "a job",
                FIX,
                None,
            ));
        };
        ensure!((&job.room_sid, &job.metadata), == (&made.sid, &from.name), "the agent is called for another room", fix = FIX);
        jobs += 1;
    }
    worker.close().await;
    ctx.pass().counted("jobs", jobs, Exactly(2.0))
}
