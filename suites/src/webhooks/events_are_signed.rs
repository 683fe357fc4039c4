//! Every webhook carries a token of our key that holds now and names the hash of its body.
//! An application that can't tell the server's webhooks from anybody else's must refuse them, or believe everybody.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "webhooks.events_are_signed",
    title: "webhooks are signed with our key over their whole body",
    tags: &[],
    blame: Component::Webhooks,
    needs: &[Capability::Api, Capability::Webhooks],
    timeout: secs(40),
    lane: Lane::Shared,
    proven_by: &[
        Fault::WebhookKeyOther,
        Fault::WebhookTokenStripped,
        Fault::WebhookTypeChanged,
        Fault::WebhookBodyRewritten,
    ],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "compare `webhook.api_key` in livekit.yaml with the key that the receiver knows, then look for a proxy between them that changes headers or body";

async fn check(ctx: &Ctx) -> Verdict {
    let room = ctx.name("room");
    let request = proto::CreateRoomRequest { name: room.clone(), ..Default::default() };
    ensure_ok!(
        ctx.rooms().create(&request).await?,
        "no room can be made",
        blame = Component::LivekitServer,
        fix = "read the nodes' logs"
    );
    ensure_ok!(
        ctx.rooms().delete(&room).await?,
        "the room can't be deleted",
        blame = Component::LivekitServer,
        fix = "read the nodes' logs"
    );
    let ended =
        |events: &[Delivery]| events.iter().any(|event| event.name() == "room_finished").then(|| events.to_vec());
    let Some(events) = ctx.webhooks()?.until(&room, secs(15), ended).await else {
        let found: Vec<String> = ctx.webhooks()?.of(&room).iter().map(|event| event.name().to_owned()).collect();
        return Err(failed(
            "a room began and ended, and the webhooks do not say so",
            format!("{found:?}"),
            "room_started and room_finished",
            "look at `webhook.urls` in livekit.yaml and at what stands between the nodes and the receiver",
            None,
        ));
    };
    for event in &events {
        let name = event.name();
        ensure!(event.authorization_ok, == Ok(()), format!("the token of {name} proves nothing"), fix = FIX);
        ensure!(event.hash_ok, == true, format!("the token of {name} is for another body"), fix = FIX);
        ensure!(event.content_type, == "application/webhook+json", format!("{name} has another content type"), fix = FIX);
        ensure!(event.event.id.starts_with("EV_"), == true, format!("{name} has no id"), fix = FIX);
    }
    ctx.pass().counted("signed_events", events.len(), AtLeast(2.0))
}
