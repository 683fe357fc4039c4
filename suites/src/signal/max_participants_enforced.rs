//! A room for one lets one in and no second, through whichever node they come.
//! A limit that one node does not know of is none: rooms grow past what was paid for or can be borne.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "signal.max_participants_enforced",
    title: "a full room lets nobody in",
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
    let (one, other) = (&ctx.nodes()[0], &ctx.nodes()[1]);
    let request =
        proto::CreateRoomRequest { name: room.clone(), max_participants: 1, empty_timeout: 60, ..Default::default() };
    ensure_ok!(one.rooms(ctx.key()).create(&request).await?, format!("{} can't open a room", one.name), fix = FIX);
    let (first, second) = (ctx.join_token(&room, "first").sign()?, ctx.join_token(&room, "second").sign()?);
    let session = ensure_joined!(one.signal().join(&first).await, "a room for one is closed to the first", fix = FIX);
    match other.signal().join(&second).await {
        Err(JoinError::Refused(answer)) => {
            // livekit-server 1.13.5 says it with a 500.
            ensure!(answer.status, == 500, "a full room is refused with another status than known", blame = Component::LivekitServer, fix = FIX);
        }
        Err(other) => return Err(other.into()),
        Ok(_) => {
            return Err(failed(
                format!("{} lets a second into a room for one", other.name),
                "a session",
                "500",
                FIX,
                None,
            ));
        }
    }
    session.leave().await;
    ctx.pass().counted("refusals", 1, Exactly(1.0))
}
