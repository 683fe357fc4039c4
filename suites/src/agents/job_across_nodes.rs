//! A worker at one node gets the job of a room that was dispatched through another, within two seconds.
//! Agents register at one node and rooms live on all of them: jobs that stop at a border are calls without an agent.

use greenlight_harness::NodeTarget;
use greenlight_harness::clients::{Dispatches, Worker};
use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "agents.job_across_nodes",
    title: "jobs reach workers at every other node",
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

const WITHIN: Duration = secs(2);
/// A node that has not heard of the worker yet gives its job to nobody, and does not try again: only then another
/// dispatch is made.
const DISPATCHES_MAX: usize = 3;

async fn check(ctx: &Ctx) -> Verdict {
    let mut slowest = Duration::ZERO;
    let mut jobs = 0;
    for at in ctx.nodes() {
        let agent = ctx.name(&at.name);
        let registered = Worker::register(&at.endpoint, ctx.key(), &agent, proto::JobType::JtRoom).await;
        let mut worker = ensure_joined!(registered, format!("{} takes no worker", at.name), fix = FIX);
        for from in ctx.nodes().iter().filter(|node| node.name != at.name) {
            slowest = slowest.max(job_from(ctx, &mut worker, from, &agent).await?);
            jobs += 1;
        }
        worker.close().await;
    }
    ctx.pass().measured("job_s_max", slowest.as_secs_f64(), AtMost(2.0), jobs)
}

async fn job_from(ctx: &Ctx, worker: &mut Worker, from: &NodeTarget, agent: &str) -> Result<Duration, Halt> {
    let dispatches = Dispatches::new(from.endpoint.clone(), ctx.key().clone());
    for attempt in 0..DISPATCHES_MAX {
        let room = ctx.name(&format!("{}-{}-{attempt}", worker.info().node_id, from.name));
        let request = proto::CreateAgentDispatchRequest {
            room: room.clone(),
            agent_name: agent.into(),
            metadata: "m".into(),
            ..Default::default()
        };
        let started = Instant::now();
        let dispatch = ensure_ok!(dispatches.create(&request).await?, "a dispatch can't be made", fix = FIX);
        if let Some(job) = worker.next_job(WITHIN).await? {
            ensure!((&job.room_name, job.metadata.as_str(), &job.dispatch_id), == (&room, "m", &dispatch.id),
                "a worker gets another job than the one dispatched", fix = FIX);
            return Ok(started.elapsed());
        }
    }
    let what = format!("a worker gets no job that was dispatched through {}", from.name);
    Err(failed(what, format!("nothing, {DISPATCHES_MAX} times"), "a job within 2 s", FIX, None))
}
