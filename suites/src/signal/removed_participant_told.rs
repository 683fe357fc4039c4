//! A participant who is removed, by a request to any node, gets a Leave that says so.
//! Clients reconnect unless they are told that they were removed: without the reason a moderator throws out nobody.

use greenlight_harness::clients::proto::signal_response;
use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "signal.removed_participant_told",
    title: "a removed participant is told so",
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
    let removed = ctx.eventually(secs(5), async || {
        // The list that the node looks at comes out of Redis.
        Ok(other.rooms(ctx.key()).remove_participant(&room, "caller").await?.ok())
    });
    ensure!(removed.await?.is_some(), == true, format!("{} can't remove a participant who joined at {}", other.name, one.name), fix = FIX);
    let reason = session.until(secs(10), |message| match message {
        signal_response::Message::Leave(leave) => Some(leave.reason()),
        _ => None,
    });
    let reason = reason.await?.map(|reason| reason.as_str_name());
    ensure!(reason, == Some("PARTICIPANT_REMOVED"), "a removed participant is not told so", blame = Component::LivekitServer, fix = FIX);
    ctx.pass().counted("participants_removed", 1, Exactly(1.0))
}
