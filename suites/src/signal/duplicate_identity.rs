//! Who joins again under the same identity, through any node, replaces the first, who is told why.
//! Otherwise a reload leaves a ghost in the call, and two devices of one person throw each other out without end.

use greenlight_harness::clients::proto::signal_response;
use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "signal.duplicate_identity",
    title: "a second participant of one identity replaces the first",
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

const FIX: &str = "all nodes must use one Redis; compare `redis:` in the nodes' livekit.yaml";

async fn check(ctx: &Ctx) -> Verdict {
    let room = ctx.name("room");
    let token = ctx.join_token(&room, "caller").sign()?;
    let (one, other) = (&ctx.nodes()[0], &ctx.nodes()[1]);
    let mut session =
        ensure_joined!(one.signal().join(&token).await, format!("{} refuses a join", one.name), fix = FIX);
    let second = ensure_joined!(other.signal().join(&token).await, format!("{} refuses a join", other.name), fix = FIX);
    let reason = session.until(secs(10), |message| match message {
        signal_response::Message::Leave(leave) => Some(leave.reason()),
        _ => None,
    });
    let reason = reason.await?.map(|reason| reason.as_str_name());
    ensure!(reason, == Some("DUPLICATE_IDENTITY"), "the first of two participants with one identity is not told to leave", fix = FIX);
    ensure!(second.participant_sid() == session.participant_sid(), == false, "both are one participant", fix = FIX);
    second.leave().await;
    ctx.pass().counted("participants_replaced", 1, Exactly(1.0))
}
