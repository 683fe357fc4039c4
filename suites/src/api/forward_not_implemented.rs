//! Forwarding and moving participants is refused as not implemented, and hurts nobody.
//! These calls exist in the API and not in the open server; an application must be able to tell.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "api.forward_not_implemented",
    title: "forwarding and moving are refused as not implemented",
    tags: &["crowd"],
    blame: Component::Balancer,
    needs: &[Capability::Api, Capability::Media, Capability::Since(1, 10)],
    timeout: secs(60),
    lane: Lane::Shared,
    proven_by: &[Fault::SeldomCallsBlocked],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "403 comes from a proxy with a list of allowed calls; another answer from another server version";

async fn check(ctx: &Ctx) -> Verdict {
    let (from, to) = (ctx.name("from"), ctx.name("to"));
    let mut guest = ensure_joined!(ctx.participant(&from, "guest").await, "a join is refused", fix = FIX);
    let host = ensure_joined!(ctx.participant(&to, "host").await, "a join is refused", fix = FIX);
    let rooms = ctx.rooms();
    let forward =
        proto::ForwardParticipantRequest { room: from.clone(), identity: "guest".into(), destination_room: to.clone() };
    let moving =
        proto::MoveParticipantRequest { room: from.clone(), identity: "guest".into(), destination_room: to.clone() };
    let answers =
        [rooms.forward_participant(&forward).await?.map(drop), rooms.move_participant(&moving).await?.map(drop)];
    for answer in answers {
        let answer = answer.map_err(|refusal| (refusal.0.status, refusal.0.body.contains("not implemented")));
        ensure!(answer, == Err((500, true)), "forwarding or moving is not refused as not implemented", fix = FIX);
    }
    ensure!(guest.until_left(Duration::from_millis(100)).await?, == None, "a refused move put the participant out", fix = FIX);
    guest.leave().await;
    host.leave().await;
    ctx.pass().counted("refusals", 2, Exactly(2.0))
}
