//! Data sent by the API reaches everybody in that room, and nobody in another one.
//! Backends push state to calls this way; what goes astray is a leak, and what is lost is a call out of step.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "api.send_data_delivered",
    title: "data sent by the API arrives in its room only",
    tags: &["crowd"],
    blame: Component::Balancer,
    needs: &[Capability::Api, Capability::Media],
    timeout: secs(60),
    lane: Lane::Shared,
    proven_by: &[Fault::ModerationSwallowed],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "ask a node directly; if that works, something before it answers in its place";

async fn check(ctx: &Ctx) -> Verdict {
    let (here, there) = (ctx.name("here"), ctx.name("there"));
    let mut one = ensure_joined!(ctx.participant(&here, "one").await, "a join is refused", fix = FIX);
    let mut two = ensure_joined!(ctx.participant(&here, "two").await, "a join is refused", fix = FIX);
    let mut stranger = ensure_joined!(ctx.participant(&there, "stranger").await, "a join is refused", fix = FIX);
    let rooms = ctx.rooms();
    ensure_ok!(rooms.send_data(&here, b"for here").await?, "data can't be sent", fix = FIX);
    for guest in [&mut one, &mut two] {
        let got = guest.next_data(secs(10)).await?;
        ensure!(got.as_deref(), == Some(&b"for here"[..]), format!("{} does not get the data", guest.identity()), fix = FIX);
    }
    // The stranger's first message is the one for the other room: so nothing came before, and the way is open.
    ensure_ok!(rooms.send_data(&there, b"for there").await?, "data can't be sent", fix = FIX);
    let got = stranger.next_data(secs(10)).await?;
    ensure!(got.as_deref(), == Some(&b"for there"[..]), "somebody in another room got other data", fix = FIX);
    let request = proto::SendDataRequest {
        room: here.clone(),
        data: b"for two".to_vec(),
        destination_identities: vec!["two".into()],
        ..Default::default()
    };
    ensure_ok!(rooms.send_data_request(&request).await?, "data for one participant can't be sent", fix = FIX);
    let got = two.next_data(secs(10)).await?;
    ensure!(got.as_deref(), == Some(&b"for two"[..]), "data for one participant does not arrive", fix = FIX);
    ensure!(one.next_data(Duration::from_millis(300)).await?, == None, "data for one participant reaches another", fix = FIX);
    for guest in [one, two, stranger] {
        guest.leave().await;
    }
    ctx.pass().counted("messages_delivered", 4, Exactly(4.0))
}
