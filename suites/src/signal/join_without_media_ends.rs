//! Somebody whose media never comes up is removed after a minute, and told so.
//! Otherwise they would stand in the room for ever, silent to all others, and their client would not know to try again.

use greenlight_harness::clients::proto::signal_response::Message;
use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "signal.join_without_media_ends",
    title: "a join without media ends after a minute",
    tags: &["slow"],
    blame: Component::LivekitServer,
    needs: &[Capability::Api],
    timeout: secs(150),
    lane: Lane::Shared,
    proven_by: &[Fault::BalancerIdleTimeout],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "read the node's log for the participant without-media";

async fn check(ctx: &Ctx) -> Verdict {
    let room = ctx.name("room");
    let token = ctx.join_token(&room, "without-media").sign()?;
    let joined = Instant::now();
    let mut session = ensure_joined!(
        ctx.signal().join(&token).await,
        "a join through the balancer is refused",
        blame = Component::Balancer,
        fix = "run `cargo verify --test signal.join_through_balancer`"
    );
    // It pings all the while, as a client does whose signalling gets through and whose media does not.
    let told = session.until(secs(90), |message| match message {
        Message::Leave(leave) => Some((leave.reason().as_str_name(), leave.action().as_str_name())),
        _ => None,
    });
    let told = ensure_ok!(
        told.await,
        "the connection of somebody without media is cut before they are told to leave",
        blame = Component::Balancer,
        fix =
            "raise the idle timeouts of the balancer to hours (HAProxy: `timeout tunnel`, nginx: `proxy_read_timeout`)"
    );
    let told_s = joined.elapsed().as_secs_f64();
    ensure!(told, == Some(("JOIN_FAILURE", "DISCONNECT")), "somebody without media is not told why they must leave", fix = FIX);
    let left = ctx.eventually(secs(10), async || {
        let present = ctx.rooms().participants(&room).await?;
        Ok(present.ok().filter(|present| present.iter().all(|known| known.identity != "without-media")).map(drop))
    });
    ensure!(left.await?, == Some(()), "somebody who was told to leave is still in the room", fix = FIX);
    ctx.pass().measured("told_after_s", told_s, AtMost(90.0), 1)
}
