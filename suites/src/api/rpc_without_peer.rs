//! A remote call to somebody who is not there is answered, with 503 after about three seconds.
//! Applications that wait for an agent must be told that nobody came, and soon enough to say so.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "api.rpc_without_peer",
    title: "a remote call without a peer is answered",
    tags: &[],
    blame: Component::Balancer,
    needs: &[Capability::Api, Capability::Media, Capability::Since(1, 10)],
    timeout: secs(60),
    lane: Lane::Shared,
    proven_by: &[Fault::SeldomCallsBlocked],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str =
    "403 comes from a proxy with a list of allowed calls; silence from one that waits longer than the server";

async fn check(ctx: &Ctx) -> Verdict {
    let room = ctx.name("room");
    let present = ensure_joined!(ctx.participant(&room, "present").await, "a join is refused", fix = FIX);
    let request = proto::PerformRpcRequest {
        room: room.clone(),
        destination_identity: "nobody".into(),
        method: "glt".into(),
        payload: "x".into(),
        response_timeout_ms: 2000,
    };
    let started = Instant::now();
    let answer = ctx.rooms().perform_rpc(&request).await?.map(drop).map_err(|refusal| refusal.said());
    let took = started.elapsed();
    ensure!(answer, == Err((503, "unavailable".to_owned())), "a remote call to nobody is answered wrongly", fix = FIX);
    present.leave().await;
    ctx.pass().measured("answer_s", took.as_secs_f64(), AtMost(10.0), 1)
}
