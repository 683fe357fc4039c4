//! Agents that a room is created with are called when it starts, whichever node has it.
//! This is how every call gets its agent without another request; when it fails, people talk to nobody.

use greenlight_harness::clients::Worker;
use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "agents.agents_of_new_room",
    title: "a new room calls the agents that it was created with",
    tags: &["crowd"],
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

const ROOMS_MAX: usize = 3;

async fn check(ctx: &Ctx) -> Verdict {
    let agent = ctx.name("agent");
    let [first, .., last] = ctx.nodes() else { skip!("one node can't call agents of another") };
    let registered = Worker::register(&last.endpoint, ctx.key(), &agent, proto::JobType::JtRoom).await;
    let mut worker = ensure_joined!(registered, format!("{} takes no worker", last.name), fix = FIX);
    let mut jobs = 0;
    for from in [last, first] {
        // A node that has not heard of the worker yet calls nobody; only then another room is made.
        let mut called = None;
        for attempt in 0..ROOMS_MAX {
            let dispatch = proto::RoomAgentDispatch {
                agent_name: agent.clone(),
                metadata: from.name.clone(),
                ..Default::default()
            };
            let name = ctx.name(&format!("{}-{attempt}", from.name));
            let request = proto::CreateRoomRequest { name, agents: vec![dispatch], ..Default::default() };
            let made = from.rooms(ctx.key()).create(&request).await?;
            let made = ensure_ok!(made, "a room with an agent can't be created", fix = FIX);
            called = worker.next_job(secs(2)).await?.map(|job| (job, made.sid));
            if called.is_some() {
                break;
            }
        }
        let Some((job, sid)) = called else {
            let what = format!("rooms made through {} do not call their agent", from.name);
            return Err(failed(what, "nothing", "a job", FIX, None));
        };
        ensure!((&job.room_sid, &job.metadata), == (&sid, &from.name), "the agent is called for another room", fix = FIX);
        jobs += 1;
    }
    worker.close().await;
    ctx.pass().counted("jobs", jobs, Exactly(2.0))
}
