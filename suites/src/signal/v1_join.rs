//! A client joins over `/rtc/v1` through the balancer into the same room as one over `/rtc`.
//! SDKs of 2026 join there; where a balancer knows `/rtc` alone, new clients can't call and old ones can.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "signal.v1_join",
    title: "a join over /rtc/v1 opens the room",
    tags: &[],
    blame: Component::Balancer,
    needs: &[Capability::Api, Capability::Since(1, 10)],
    timeout: secs(40),
    lane: Lane::Shared,
    proven_by: &[Fault::V1PathDenied],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "let the balancer send everything below /rtc to the nodes, /rtc/v1 with it";

async fn check(ctx: &Ctx) -> Verdict {
    let room = ctx.name("room");
    let (old, new) = (ctx.join_token(&room, "old").sign()?, ctx.join_token(&room, "new").sign()?);
    let first = ensure_joined!(ctx.signal().join(&old).await, "a join over /rtc is refused", fix = FIX);
    let second = ensure_joined!(ctx.signal().join_v1(&new).await, "a join over /rtc/v1 is refused", fix = FIX);
    ensure!(second.room_sid(), == first.room_sid(), "both paths lead to different rooms", blame = Component::Redis, fix = "all nodes must use one Redis");
    let others: Vec<_> = second.join().other_participants.iter().map(|other| other.identity.as_str()).collect();
    ensure!(others, == ["old"], "the newcomer is not told who is there", blame = Component::LivekitServer, fix = "read the node's log");
    first.leave().await;
    second.leave().await;
    ctx.pass().counted("joins", 2, Exactly(2.0))
}
