//! JSON answers have the names of the messages in snake case, and 64-bit numbers as text.
//! Clients without an SDK read these names; a gateway that "corrects" them breaks every one.

use greenlight_harness::clients::json;
use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "api.json_shape",
    title: "JSON answers are in snake case",
    tags: &[],
    blame: Component::Balancer,
    needs: &[Capability::Api, Capability::Since(1, 13)],
    timeout: secs(60),
    lane: Lane::Shared,
    proven_by: &[Fault::JsonMislabelled, Fault::JsonInCamelCase],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "something between here and the server rewrites JSON: compare with a node directly";

async fn check(ctx: &Ctx) -> Verdict {
    let grant = VideoGrant { room_create: true, ..VideoGrant::default() };
    let request = json!({"name": ctx.name("room"), "maxParticipants": 3, "agents": [{"agent_name": "glt-nobody"}]});
    let answer = ctx.twirp().ask_json("RoomService", "CreateRoom", grant, &request).await?;
    ensure!((answer.status, answer.content_type.as_str()), == (200, "application/json"), "a room can't be created in JSON", fix = FIX);
    let room = answer.json();
    for name in ["empty_timeout", "departure_timeout", "max_participants", "num_participants"] {
        ensure!(room[name].is_u64(), == true, format!("{name} is no number of that name"), fix = FIX);
    }
    for name in ["creation_time", "creation_time_ms"] {
        let number = room[name].as_str().and_then(|text| text.parse::<u64>().ok());
        ensure!(number.is_some_and(|number| number > 1_700_000_000), == true, format!("{name} is no time written as text"), fix = FIX);
    }
    // Requests may write either form.
    ensure!(room["max_participants"].as_u64(), == Some(3), "camel case is not understood in a request", fix = FIX);
    let fields = room.as_object().map_or(0, |fields| fields.len());
    let camel = room.as_object().into_iter().flatten().filter(|(name, _)| name.chars().any(char::is_uppercase)).count();
    ensure!(camel, == 0, "some names are in camel case", fix = FIX);
    ctx.pass().counted("fields", fields, AtLeast(8.0))
}
