//! The same call answers the same in JSON and in protobuf.
//! SDKs speak protobuf and scripts JSON; two answers to one question are two systems.

use greenlight_harness::clients::json;
use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "api.json_agrees",
    title: "JSON and protobuf agree",
    tags: &[],
    blame: Component::Balancer,
    needs: &[Capability::Api, Capability::Since(1, 13)],
    timeout: secs(60),
    lane: Lane::Shared,
    proven_by: &[Fault::JsonMislabelled, Fault::JsonNumberChanged],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "something between here and the server rewrites JSON: compare with a node directly";

async fn check(ctx: &Ctx) -> Verdict {
    let name = ctx.name("room");
    let request = proto::CreateRoomRequest { name: name.clone(), metadata: "ü\n\"".into(), ..Default::default() };
    let room = ensure_ok!(ctx.rooms().create(&request).await?, "a room can't be created in protobuf", fix = FIX);
    // Creating a live room again returns it as it is.
    let grant = VideoGrant { room_create: true, ..VideoGrant::default() };
    let answer = ctx
        .twirp()
        .ask_json("RoomService", "CreateRoom", grant, &json!({"name": name, "agents": [{"agent_name": "glt-nobody"}]}))
        .await?;
    ensure!((answer.status, answer.content_type.as_str()), == (200, "application/json"), "a live room can't be asked for in JSON", fix = FIX);
    let shown = answer.json();
    let expected = [
        ("sid", room.sid),
        ("name", room.name),
        ("metadata", room.metadata),
        ("creation_time", room.creation_time.to_string()),
        ("creation_time_ms", room.creation_time_ms.to_string()),
    ];
    for (field, value) in &expected {
        ensure!(shown[field].as_str(), == Some(value.as_str()), format!("{field} differs between JSON and protobuf"), fix = FIX);
    }
    ensure!(shown["empty_timeout"].as_u64(), == Some(u64::from(room.empty_timeout)), "empty_timeout differs", fix = FIX);
    ctx.pass().counted("fields", expected.len() + 1, Exactly(6.0))
}
