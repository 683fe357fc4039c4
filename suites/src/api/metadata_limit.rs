//! Metadata of a room up to 512 KiB is taken, and more is refused.
//! State that applications keep in metadata is cut off at this limit, mostly long after it was written.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "api.metadata_limit",
    title: "metadata is limited to 512 KiB",
    tags: &[],
    blame: Component::Configuration,
    needs: &[Capability::Api, Capability::Attack],
    timeout: secs(60),
    lane: Lane::Shared,
    proven_by: &[Fault::MetadataLimitLow],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str =
    "compare `limit.max_metadata_size` in livekit.yaml; 524288 is the default. A proxy may limit bodies, too";

const LIMIT: usize = 512 * 1024;

async fn check(ctx: &Ctx) -> Verdict {
    let name = ctx.name("room");
    let rooms = ctx.rooms();
    let request = proto::CreateRoomRequest { name: name.clone(), metadata: "m".repeat(LIMIT), ..Default::default() };
    let room = ensure_ok!(rooms.create(&request).await?, "metadata of 512 KiB is refused", fix = FIX);
    ensure!(room.metadata.len(), == LIMIT, "metadata comes back with another length", fix = FIX);
    let refused = rooms.update_metadata(&name, &"m".repeat(LIMIT + 1)).await?;
    let refused = refused.map(drop).map_err(|refusal| refusal.said());
    ensure!(refused, == Err((400, "invalid_argument".to_owned())), "metadata beyond 512 KiB is not refused", fix = FIX);
    ctx.pass().counted("sizes", 2, Exactly(2.0))
}
