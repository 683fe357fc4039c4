//! A join to a full room is refused with the status that the server gives, and a place that is freed can be taken.
//! SDKs try again for ever on some statuses and give up on others: a proxy that changes this one changes that.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "api.full_room",
    title: "a full room refuses a join, with 500 on 1.13.5",
    tags: &[],
    blame: Component::Balancer,
    needs: &[Capability::Api],
    timeout: secs(60),
    lane: Lane::Shared,
    proven_by: &[Fault::ServerErrorsMasked],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "compare with a node directly: 503 comes from a balancer that hides errors of the server";

async fn check(ctx: &Ctx) -> Verdict {
    let room = ctx.name("room");
    let request = proto::CreateRoomRequest { name: room.clone(), max_participants: 1, ..Default::default() };
    ensure_ok!(ctx.rooms().create(&request).await?, "a room can't be created", fix = FIX);
    let first = ctx.join_token(&room, "first").sign()?;
    let first = ensure_joined!(ctx.signal().join(&first).await, "the first join is refused", fix = FIX);
    let second = ctx.join_token(&room, "second").sign()?;
    match ctx.signal().join(&second).await {
        // The trap of 1.13.5: a full room looks like a broken server.
        Err(JoinError::Refused(answer)) => {
            ensure!(answer.status, == 500, "a full room refuses with another status", fix = FIX)
        }
        Err(other) => return Err(other.into()),
        Ok(_) => {
            return Err(failed(
                "a full room lets somebody in",
                "a session",
                "500",
                FIX,
                Some(Component::LivekitServer),
            ));
        }
    }
    first.leave().await;
    let later = ctx.eventually(secs(10), async || Ok(ctx.signal().join(&second).await.ok()));
    let Some(later) = later.await? else {
        return Err(failed(
            "a place that was freed can't be taken",
            "refused",
            "a session",
            FIX,
            Some(Component::LivekitServer),
        ));
    };
    later.leave().await;
    ctx.pass().counted("refused_joins", 1, Exactly(1.0))
}
