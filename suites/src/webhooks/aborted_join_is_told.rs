//! A caller who gets in and leaves before media is up is told as an aborted connection, and not as having joined.
//! It is the only word about callers whose network lets signalling through and media not; without it they just vanish.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "webhooks.aborted_join_is_told",
    title: "a join that ends before media is up is told as participant_connection_aborted",
    tags: &[],
    blame: Component::Webhooks,
    needs: &[Capability::Api, Capability::Webhooks, Capability::Media],
    timeout: secs(60),
    lane: Lane::Shared,
    proven_by: &[Fault::WebhookAbortsFiltered],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str =
    "look at `webhook.filter_params` in livekit.yaml, and at the node's log for the participant without-media";

async fn check(ctx: &Ctx) -> Verdict {
    let (room, sink) = (ctx.name("room"), ctx.webhooks()?);
    let server = Component::LivekitServer;
    let fix = "read the node's log; `signal.join_through_balancer` says whether joins work at all";
    // The control: in the same room, somebody with media has joined, and that is told.
    let joined = ctx.participant(&room, "with-media").await;
    let other = ensure_joined!(joined, "a participant is not let in", blame = server, fix = fix);
    let token = ctx.join_token(&room, "without-media").sign()?;
    let joined = ctx.signal().join(&token).await;
    let session = ensure_joined!(joined, "a participant without media is not let in", blame = server, fix = fix);
    // Who stays without media and goes on pinging is removed after 60 s with the same event (livekit-server 1.13.5).
    let left = Instant::now();
    session.leave().await;
    let both = |events: &[Delivery]| {
        let told = |story| events.iter().any(|event| (event.name(), event.identity()) == story);
        (told(("participant_joined", "with-media")) && told(("participant_connection_aborted", "without-media")))
            .then(|| events.to_vec())
    };
    let told = sink.until(&room, secs(15), both).await;
    other.leave().await;
    let Some(events) = told else {
        let story: Vec<(String, String)> =
            sink.of(&room).iter().map(|event| (event.name().to_owned(), event.identity().to_owned())).collect();
        return Err(failed(
            "one caller joined, one left before media was up, and the webhooks do not say both",
            format!("{story:?}"),
            "participant_joined of with-media and participant_connection_aborted of without-media",
            FIX,
            None,
        ));
    };
    let of = |name: &str| -> Vec<&Delivery> { events.iter().filter(|event| event.name() == name).collect() };
    let joined: Vec<&str> = of("participant_joined").into_iter().map(Delivery::identity).collect();
    ensure!(joined, == ["with-media"], "the webhooks name the wrong people as having joined", fix = FIX);
    let aborted = of("participant_connection_aborted");
    ensure!(aborted.len(), == 1, "one connection is told as aborted more than once", fix = FIX);
    ctx.pass().measured("told_after_s", aborted[0].at.duration_since(left).as_secs_f64(), AtMost(15.0), 1)
}
