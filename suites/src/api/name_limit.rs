//! Room names up to 256 bytes are taken, and longer ones are refused.
//! Applications that build names out of ids rely on the limit that the documentation states.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "api.name_limit",
    title: "room names are limited to 256 bytes",
    tags: &[],
    blame: Component::Configuration,
    needs: &[Capability::Api],
    timeout: secs(60),
    lane: Lane::Shared,
    proven_by: &[Fault::NameLimitLow],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "compare `limit.max_room_name_length` in livekit.yaml; 256 is the default";

async fn check(ctx: &Ctx) -> Verdict {
    let stem = ctx.name("room");
    let longest = ctx.name(&format!("room{}", "x".repeat(256 - stem.len())));
    ensure!(longest.len(), == 256, "the check made a name of another length", fix = FIX);
    let create = async |name: &str| {
        ctx.rooms().create(&proto::CreateRoomRequest { name: name.into(), ..Default::default() }).await
    };
    let room = ensure_ok!(create(&longest).await?, "a name of 256 bytes is refused", fix = FIX);
    ensure!(room.name, == longest, "the room has another name than asked for", fix = FIX);
    let refused = create(&format!("{longest}x")).await?.map(drop).map_err(|refusal| refusal.said());
    ensure!(refused, == Err((400, "invalid_argument".to_owned())), "a name of 257 bytes is not refused", fix = FIX);
    ctx.pass().counted("names", 2, Exactly(2.0))
}
