//! A recording that nobody can make is refused with 503, after the time for which the server looks for a worker.
//! An application that waits for less than that takes the refusal for a broken server, and starts the recording again.

use greenlight_harness::clients::{Twirp, json};
use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "api.egress_start_unserved",
    title: "a recording without a worker is refused in time",
    tags: &["slow"],
    blame: Component::Balancer,
    needs: &[Capability::Api, Capability::SipApi, Capability::Owned],
    timeout: secs(90),
    lane: Lane::Shared,
    proven_by: &[Fault::BalancerAnswerTimeout],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "let the balancer wait for an answer for a minute at least (HAProxy: `timeout server`); 500 here means that the server has no Redis";

/// Twice what the server takes.
const PATIENCE: Duration = secs(60);

async fn check(ctx: &Ctx) -> Verdict {
    let room = ctx.name("room");
    let created = ctx.rooms().create(&proto::CreateRoomRequest { name: room.clone(), ..Default::default() }).await?;
    ensure_ok!(
        created,
        "a room can't be created",
        blame = Component::LivekitServer,
        fix = "run `cargo verify --suite api`"
    );
    let patient = ctx.entry().through(&ctx.entry().http().within(PATIENCE)?);
    let twirp = Twirp::new(patient, ctx.key().clone());
    let record = VideoGrant { room_record: true, ..VideoGrant::default() };
    // The control: the same token is good for egress, and what needs no worker is answered at once.
    let listed = twirp.ask_json("Egress", "ListEgress", record.clone(), &json!({"room_name": room})).await?;
    ensure!(listed.status, == 200, "egress can't be listed", fix = FIX);
    let whole =
        json!({"room_name": room, "template": {"layout": "grid"}, "outputs": [{"file": {"filepath": "glt.mp4"}}]});
    let started = Instant::now();
    let answer = twirp.ask_json("Egress", "StartEgress", record, &whole).await?;
    let waited_s = started.elapsed().as_secs_f64();
    if answer.status == 200 {
        skip!("this target has an egress service");
    }
    ensure!((answer.status, answer.code().as_str()), == (503, "unavailable"), "a recording that nobody makes is answered wrongly", fix = FIX);
    ctx.pass().measured("refused_after_s", waited_s, AtMost(40.0), 1)
}
