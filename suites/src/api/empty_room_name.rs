//! Creating a room without a name is either refused or makes a room that can be deleted.
//! A request that lost its name makes one room for everybody whose request lost its name.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "api.empty_room_name",
    title: "a room without a name is answered as known",
    tags: &[],
    blame: Component::Balancer,
    needs: &[Capability::Api, Capability::Owned],
    timeout: secs(60),
    lane: Lane::Shared,
    proven_by: &[Fault::EmptyRequestsRefused],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "502 and 411 come from a proxy that refuses empty bodies; 1.13.5 itself takes an empty name";

async fn check(ctx: &Ctx) -> Verdict {
    let rooms = ctx.rooms();
    let control = proto::CreateRoomRequest { name: ctx.name("named"), ..Default::default() };
    ensure_ok!(rooms.create(&control).await?, "a room with a name can't be created", fix = FIX);
    match rooms.create(&proto::CreateRoomRequest::default()).await? {
        Ok(room) => {
            ensure!((room.name.as_str(), room.sid.starts_with("RM_")), == ("", true), "another room than the nameless one was made", fix = FIX);
            // Another run may have deleted it a moment ago.
            let deleted = rooms.delete("").await?.map(drop).or_else(|refusal| match refusal.0.status {
                404 => Ok(()),
                status => Err(status),
            });
            ensure!(deleted, == Ok(()), "the room without a name can't be deleted", fix = FIX);
            let pass = ctx.pass().counted("answers", 2, Exactly(2.0));
            pass?.warned(failed(
                "the server makes a room without a name",
                "200",
                "400",
                "refuse empty room names in the application; livekit-server 1.13.5 does not",
                Some(Component::LivekitServer),
            ))
        }
        Err(refusal) => {
            ensure!(refusal.0.status, == 400, "a room without a name is refused with another status", fix = FIX);
            ctx.pass().counted("answers", 2, Exactly(2.0))
        }
    }
}
