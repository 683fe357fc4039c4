//! A worker at one node gets the job of a room that was dispatched through another, within two seconds.
//! Agents register at one node and rooms live on all of them: jobs that stop at a border are calls without an agent.

use greenlight_harness::clients::{Dispatches, Worker};
use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "agents.job_across_nodes",
    title: "jobs reach workers at every other node",
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

const WITHIN: Duration = secs(2);

async fn check(ctx: &Ctx) -> Verdict {
    let mut slowest = Duration::ZERO;
    let mut jobs = 0;
    for at in ctx.nodes() {
        let agent = ctx.name(&at.name);
        let registered = Worker::register(&at.endpoint, ctx.key(), &agent, proto::JobType::JtRoom).await;
        let mut worker = ensure_joined!(registered, format!("{} takes no worker", at.name), fix = FIX);
        for from in ctx.nodes().iter().filter(|node| node.name != at.name) {
            let room = ctx.name(&format!("{}-{}", at.name, from.name));
            let request = proto::CreateAgentDispatchRequest {
                room: room.clone(),
                agent_name: agent.clone(),
                metadata: "m".into(),
                ..Default::default()
            };
            let dispatches = Dispatches::new(from.endpoint.clone(), ctx.key().clone());
            // Other nodes hear of a new worker a moment later; a job that comes then is as good.
            let started = Instant::now();
            let dispatch = ensure_ok!(dispatches.create(&request).await?, "a dispatch can't be made", fix = FIX);
            let Some(job) = worker.next_job(WITHIN).await? else {
                return Err(failed(
                    format!("a worker at {} gets no job from {}", at.name, from.name),
                    "nothing",
                    "a job within 2 s",
                    FIX,
                    None,
                ));
            };
            slowest = slowest.max(started.elapsed());
            ensure!((&job.room_name, job.metadata.as_str(), &job.dispatch_id), == (&room, "m", &dispatch.id),
                "a worker gets another job than the one dispatched", fix = FIX);
            jobs += 1;
        }
        worker.close().await;
    }
    ctx.pass().measured("job_s_max", slowest.as_secs_f64(), AtMost(2.0), jobs)
}
