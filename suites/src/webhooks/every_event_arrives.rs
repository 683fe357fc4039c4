//! A room tells its whole story in order: started, who joined, what was published, who left, finished.
//! An application that bills or records by webhooks counts calls that never end, and ends that never began.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "webhooks.every_event_arrives",
    title: "a room's webhooks tell its whole story, in order",
    tags: &[],
    blame: Component::Webhooks,
    needs: &[Capability::Api, Capability::Webhooks, Capability::Media],
    timeout: secs(90),
    lane: Lane::Shared,
    proven_by: &[Fault::WebhookUrlWrong, Fault::WebhooksDenied, Fault::WebhooksSwallowed, Fault::WebhookLeavesFiltered],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "look at `webhook.urls` and `webhook.filter_params` in livekit.yaml, then at the way from the nodes to the receiver; the nodes' logs have a line for each webhook";
const SERVER: &str = "read the node's log; `signal.join_through_balancer` says whether joins work at all";

async fn check(ctx: &Ctx) -> Verdict {
    let (room, sink) = (ctx.name("room"), ctx.webhooks()?);
    let request = proto::CreateRoomRequest { name: room.clone(), ..Default::default() };
    let server = Component::LivekitServer;
    ensure_ok!(ctx.rooms().create(&request).await?, "no room can be made", blame = server, fix = SERVER);
    let joined = ctx.participant(&room, "speaker").await;
    let mut speaker = ensure_joined!(joined, "the speaker is not let in", blame = server, fix = SERVER);
    let joined = ctx.participant(&room, "listener").await;
    let listener = ensure_joined!(joined, "the listener is not let in", blame = server, fix = SERVER);
    speaker.publish_audio().await?;
    // Whoever leaves before the server has counted him as active has not joined, for webhooks.
    for (name, identity) in
        [("participant_joined", "speaker"), ("participant_joined", "listener"), ("track_published", "speaker")]
    {
        let told =
            |events: &[Delivery]| events.iter().any(|e| (e.name(), e.identity()) == (name, identity)).then_some(());
        ensure!(sink.until(&room, secs(15), told).await.is_some(), == true, format!("no {name} of the {identity} came"), fix = FIX);
    }
    speaker.leave().await;
    listener.leave().await;
    let told =
        |events: &[Delivery]| (events.iter().filter(|e| e.name() == "participant_left").count() >= 2).then_some(());
    ensure!(sink.until(&room, secs(15), told).await.is_some(), == true, "two participants left, and the webhooks do not say so", fix = FIX);
    ensure_ok!(ctx.rooms().delete(&room).await?, "the room can't be deleted", blame = server, fix = SERVER);
    let ended = |events: &[Delivery]| events.iter().any(|e| e.name() == "room_finished").then(|| events.to_vec());
    let Some(events) = sink.until(&room, secs(15), ended).await else {
        return Err(failed(
            "the room ended, and the webhooks do not say so",
            "no room_finished",
            "room_finished",
            FIX,
            None,
        ));
    };
    let story: Vec<(&str, &str)> = events.iter().map(|event| (event.name(), event.identity())).collect();
    ensure!(out_of_order(&story), == Vec::<String>::new(), format!("the story of the room is wrong: {story:?}"), fix = FIX);
    ctx.pass().counted("events", story.len(), AtLeast(8.0))
}

/// What is wrong with the story, given as name of event and identity.
fn out_of_order(story: &[(&str, &str)]) -> Vec<String> {
    let mut wrong = Vec::new();
    let places = |event: (&str, &str)| -> Vec<usize> { (0..story.len()).filter(|at| story[*at] == event).collect() };
    let mut once = |name: &'static str, identity: &'static str| match places((name, identity))[..] {
        [at] => Some(at),
        ref several => {
            wrong.push(format!("{name} {identity} came {} times", several.len()));
            None
        }
    };
    let (first, last) = (once("room_started", ""), once("room_finished", ""));
    let chains = [
        [
            once("participant_joined", "speaker"),
            once("track_published", "speaker"),
            once("participant_left", "speaker"),
        ],
        [once("participant_joined", "listener"), None, once("participant_left", "listener")],
    ];
    if first.is_some_and(|at| at != 0) || last.is_some_and(|at| at + 1 != story.len()) {
        wrong.push("room_started is not the first or room_finished not the last".into());
    }
    for chain in chains {
        if !chain.into_iter().flatten().is_sorted() {
            wrong.push("a participant left, or published, before joining".into());
        }
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::out_of_order;

    /// As livekit-server 1.13.5 told it.
    const GOOD: [(&str, &str); 8] = [
        ("room_started", ""),
        ("participant_joined", "speaker"),
        ("participant_joined", "listener"),
        ("track_published", "speaker"),
        ("track_unpublished", "speaker"),
        ("participant_left", "speaker"),
        ("participant_left", "listener"),
        ("room_finished", ""),
    ];

    #[test]
    fn a_story_in_order_is_right() {
        assert!(out_of_order(&GOOD).is_empty());
    }

    #[test]
    fn whatever_is_swapped_missing_or_told_twice_is_found() {
        for (one, other) in [(0, 1), (6, 7), (1, 5), (1, 3), (3, 5), (2, 6)] {
            let mut story = GOOD;
            story.swap(one, other);
            assert_eq!(out_of_order(&story).len(), 1, "{story:?}");
        }
        for at in [0, 1, 2, 3, 5, 6, 7] {
            let mut story = GOOD.to_vec();
            let removed = story.remove(at);
            let wrong = out_of_order(&story);
            assert_eq!(wrong, [format!("{} {} came 0 times", removed.0, removed.1)], "{story:?}");
            story.splice(at..at, [removed, removed]);
            assert!(out_of_order(&story).contains(&format!("{} {} came 2 times", removed.0, removed.1)), "{story:?}");
        }
    }
}
