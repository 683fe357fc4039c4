//! A client whose connection moves to another network resumes its session and stays the same participant.
//! Without a resume each change from Wi-Fi to mobile is a new participant: others see them leave and come, and tracks
//! start anew.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "signal.resume",
    title: "a session is resumed through the balancer",
    tags: &[],
    blame: Component::Balancer,
    needs: &[Capability::Api],
    timeout: secs(40),
    lane: Lane::Shared,
    proven_by: &[Fault::ResumeQueryDropped],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "let the balancer hand on the query of /rtc as it is: `reconnect` and `sid` stand there";

async fn check(ctx: &Ctx) -> Verdict {
    let room = ctx.name("room");
    let token = ctx.join_token(&room, "caller").sign()?;
    let joined = ctx.signal().join(&token).await;
    let first = ensure_joined!(
        joined,
        "a join through the balancer is refused",
        fix = "run `cargo verify --test signal.join_through_balancer`"
    );
    let sid = first.participant_sid().to_owned();
    ensure!(sid.starts_with("PA_"), == true, "the server names no participant", blame = Component::LivekitServer, fix = "read the node's log");
    // The old connection is still open, as that of a phone that has left its Wi-Fi without a word.
    let second = match ctx.signal().resume(&token, &sid).await {
        Err(JoinError::Left(_)) => return Err(failed("a resume is refused", "a LeaveRequest", "a session", FIX, None)),
        other => ensure_joined!(other, "a resume is refused", fix = FIX),
    };
    ensure!(second.reconnected().is_some(), == true, "a resume is taken for a new join", fix = FIX);
    let listed = ensure_ok!(
        ctx.rooms().participants(&room).await?,
        "the room can't be listed",
        blame = Component::LivekitServer,
        fix = "read the node's log"
    );
    let sids: Vec<_> = listed.into_iter().map(|participant| participant.sid).collect();
    ensure!(sids, == [sid], "the participant is another one after the resume", blame = Component::LivekitServer, fix = "read the node's log");
    first.drop_connection();
    second.leave().await;
    ctx.pass().counted("resumes", 1, Exactly(1.0))
}
