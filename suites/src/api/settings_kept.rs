//! What a room is created with, it has: metadata, times, limits.
//! A limit that is lost lets everybody in, and a time that is lost closes rooms that were prepared for later.

use greenlight_harness::clients::json;
use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "api.settings_kept",
    title: "a room keeps the settings it was created with",
    tags: &[],
    blame: Component::Configuration,
    needs: &[Capability::Api],
    timeout: secs(60),
    lane: Lane::Shared,
    proven_by: &[Fault::MetadataLimitLow, Fault::RoomLimitLost],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str =
    "compare `limit.max_metadata_size` in livekit.yaml, then with a node directly: a proxy may rewrite bodies";

/// Longer than a few words, as applications write it.
const METADATA: &str = r#"{"topic": "tests", "owner": "greenlight", "note": "kept as it is, to the last character"}"#;

async fn check(ctx: &Ctx) -> Verdict {
    let name = ctx.name("room");
    let wanted = json!({
        "name": name, "metadata": METADATA, "empty_timeout": 321, "departure_timeout": 33,
        "max_participants": 7,
    });
    // Which agents are called is asked for and not shown.
    let mut request = wanted.clone();
    request["agents"] = json!([{"agent_name": "glt-nobody"}]);
    let grant = VideoGrant { room_create: true, ..VideoGrant::default() };
    let answer = ctx.twirp().ask_json("RoomService", "CreateRoom", grant, &request).await?;
    ensure!(answer.status, == 200, "a room can't be created", fix = FIX);
    let created = answer.json();
    let mut settings = 0;
    for (setting, value) in wanted.as_object().into_iter().flatten() {
        ensure!(&created[setting], == value, format!("the new room has another {setting} than asked for"), fix = FIX);
        settings += 1;
    }
    // What the creating node said, every list must say too; it comes out of Redis.
    let listed = ctx.eventually(secs(5), async || Ok(ctx.rooms().list(&[&name]).await?.unwrap_or_default().pop()));
    let Some(room) = listed.await? else {
        return Err(failed("a new room is not listed", "no room", name, FIX, None));
    };
    ensure!((room.metadata.as_str(), room.empty_timeout, room.departure_timeout, room.max_participants),
        == (METADATA, 321, 33, 7), "the listed room has other settings than the created one", fix = FIX);
    ctx.pass().counted("settings", settings + 4, Exactly(9.0))
}
