//! What is asked of a room that does not exist gets its documented answer, and a room that exists gets another one.
//! Applications tell "nobody there" from "server down" by exactly these.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "api.unknown_room",
    title: "an unknown room is answered as documented",
    tags: &[],
    blame: Component::LivekitServer,
    needs: &[Capability::Api],
    timeout: secs(60),
    lane: Lane::Shared,
    proven_by: &[
        Fault::RedisStopped,
        Fault::CertificateExpired,
        Fault::SecretSwapped,
        Fault::BalancerIdleTimeout,
        Fault::NodeOnOtherRedis,
        Fault::BalancerAnswerTimeout,
    ],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "compare with a node directly, and its version with the one these answers belong to (1.13.5)";

/// A balancer sends these to different nodes, and each of them must know the room.
const ROUNDS: usize = 4;

async fn check(ctx: &Ctx) -> Verdict {
    let rooms = ctx.rooms();
    let known = ctx.name("known");
    let unknown = ctx.name("unknown");
    let request = proto::CreateRoomRequest { name: known.clone(), ..Default::default() };
    ensure_ok!(rooms.create(&request).await?, "a room can't be created", fix = FIX);
    let mut answers = 0;
    for _ in 0..ROUNDS {
        ensure_ok!(rooms.update_metadata(&known, "x").await?, "a room that exists is not found", fix = FIX);
        answers += 1;
    }

    let listed = ensure_ok!(rooms.participants(&unknown).await?, "listing an unknown room is refused", fix = FIX);
    ensure!(listed.len(), == 0, "an unknown room has participants", fix = FIX);
    answers += 1;
    let status = |reply: Result<(), greenlight_harness::clients::Refusal>| match reply {
        Ok(()) => (200, String::new()),
        Err(refusal) => refusal.said(),
    };
    let not_found = (404, "not_found".to_owned());
    ensure!(status(rooms.update_metadata(&unknown, "x").await?.map(drop)), == not_found,
        "changing an unknown room is answered wrongly", fix = FIX);
    answers += 1;
    ensure!(status(rooms.delete(&unknown).await?.map(drop)), == not_found,
        "deleting an unknown room is answered wrongly", fix = FIX);
    answers += 1;
    // A message to a room that nobody has opened is looked for on every node, for about three seconds. 503 here does
    // not mean that the server is down.
    let unavailable = (503, "unavailable".to_owned());
    ensure!(status(rooms.send_data(&unknown, b"x").await?.map(drop)), == unavailable,
        "data to an unknown room is answered wrongly", fix = FIX);
    answers += 1;
    ctx.pass().counted("answers", answers, Exactly(8.0))
}
