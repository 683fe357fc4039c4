//! A client whose TCP connection is cut without a word resumes its session, and the others in the room notice nothing.
//! Every hiccup of a network would otherwise be a person who leaves and comes back, with sound and picture starting anew.

use greenlight_harness::clients::proto::participant_info::State;
use greenlight_harness::clients::proto::signal_response::Message;
use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "signal.resume_after_cut",
    title: "a cut connection is resumed, and nobody notices",
    tags: &[],
    blame: Component::Balancer,
    needs: &[Capability::Api, Capability::Media],
    timeout: secs(90),
    lane: Lane::Shared,
    proven_by: &[Fault::ResumeQueryDropped],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "let the balancer hand on the query of /rtc as it is: `reconnect` and `sid` stand there";

/// How long somebody who was taken for gone could take to be told of: the others are told at once.
const QUIET: Duration = secs(3);

async fn check(ctx: &Ctx) -> Verdict {
    let room = ctx.name("room");
    let watcher = ctx.join_token(&room, "watcher").sign()?;
    let mut watcher = ensure_joined!(
        ctx.signal().join(&watcher).await,
        "a join through the balancer is refused",
        fix = "run `cargo verify --test signal.join_through_balancer`"
    );
    // The server keeps somebody without a signal connection only if their media was up once.
    let mut caller = ensure_joined!(ctx.participant(&room, "caller").await, "a join with media is refused", fix = FIX);
    let sid = caller.sid().to_owned();
    let state_of = |message: &Message, wanted: State| match message {
        Message::Update(update) => {
            update.participants.iter().any(|known| known.sid == sid && known.state() == wanted).then_some(())
        }
        _ => None,
    };
    let came = watcher.until(secs(10), |message| state_of(message, State::Active)).await?;
    ensure!(came, == Some(()), "the others are not told that somebody came", blame = Component::LivekitServer, fix = "read the node's log");

    let token = ctx.join_token(&room, "caller").sign()?;
    let cut = Instant::now();
    let resumed = match caller.cut_and_resume(&ctx.signal(), &token).await {
        Err(JoinError::Left(_)) => return Err(failed("a resume is refused", "a LeaveRequest", "a session", FIX, None)),
        other => ensure_joined!(other, "a resume is refused", fix = FIX),
    };
    let resumed_ms = cut.elapsed().as_secs_f64() * 1e3;
    ensure!(resumed, == true, "a resume is taken for a new join", fix = FIX);
    let gone = watcher.until(QUIET, |message| state_of(message, State::Disconnected)).await?;
    ensure!(gone, == None::<()>, "the others were told that somebody left who resumed", blame = Component::LivekitServer, fix = "read the node's log");
    let listed = ensure_ok!(
        ctx.rooms().participants(&room).await?,
        "the room can't be listed",
        blame = Component::LivekitServer,
        fix = "read the node's log"
    );
    let callers: Vec<_> =
        listed.into_iter().filter(|known| known.identity == "caller").map(|known| known.sid).collect();
    ensure!(callers, == std::slice::from_ref(&sid), "the participant is another one after the resume", blame = Component::LivekitServer, fix = "read the node's log");

    // The control: somebody who does leave is told of.
    caller.leave().await;
    let left = watcher.until(secs(10), |message| state_of(message, State::Disconnected)).await?;
    ensure!(left, == Some(()), "the others are not told that somebody left", blame = Component::LivekitServer, fix = "read the node's log");
    watcher.leave().await;
    ctx.pass().measured("resumed_after_cut_ms", resumed_ms, AtMost(10_000.0), 1)
}
