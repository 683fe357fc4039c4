//! A session that began at one node is resumed through every other one.
//! A balancer sends a returning client anywhere: a node that does not find its session throws it out of the call.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "signal.resume_through_other_node",
    title: "a session is resumed through any node",
    tags: &[],
    blame: Component::Redis,
    needs: &[Capability::Api, Capability::TwoNodes],
    timeout: secs(40),
    lane: Lane::Shared,
    proven_by: &[Fault::NodeOnOtherRedis],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "all nodes must use one Redis; look at it in livekit.yaml of the named node";

async fn check(ctx: &Ctx) -> Verdict {
    let room = ctx.name("room");
    let token = ctx.join_token(&room, "caller").sign()?;
    let entrance = &ctx.nodes()[0];
    let joined = entrance.signal().join(&token).await;
    let mut session = ensure_joined!(joined, format!("{} refuses a join", entrance.name), fix = FIX);
    let sid = session.participant_sid().to_owned();
    let owner = session.node_id().to_owned();
    let mut resumes = 0;
    for node in &ctx.nodes()[1..] {
        let what = format!("{} does not find a session that began at {}", node.name, entrance.name);
        let resumed = match node.signal().resume(&token, &sid).await {
            Err(JoinError::Left(_)) => return Err(failed(what, "a LeaveRequest", "a session", FIX, None)),
            other => ensure_joined!(other, what, fix = FIX),
        };
        ensure!(resumed.reconnected().is_some(), == true, what, fix = FIX);
        ensure!(resumed.node_id(), == owner, "the session has moved to another node", fix = FIX);
        session.drop_connection();
        session = resumed;
        resumes += 1;
    }
    session.leave().await;
    ctx.pass().counted("resumes", resumes, AtLeast(1.0))
}
