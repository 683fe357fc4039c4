//! Fifty people who enter one room at the same moment all get in, into the same room, soon enough.
//! This is the start of every larger meeting, and where a slow Redis or a small balancer shows first.

use greenlight_harness::prelude::*;
use std::collections::BTreeSet;

pub(super) const CHECK: Check = Check {
    id: "signal.fifty_joins_in_parallel",
    title: "fifty joins at once succeed, in one room",
    tags: &["load"],
    blame: Component::LivekitServer,
    needs: &[Capability::Api, Capability::Load],
    timeout: secs(60),
    lane: Lane::Exclusive,
    proven_by: &[Fault::RedisStopped, Fault::CertificateExpired, Fault::SecretSwapped, Fault::NodeOnOtherRedis],
    fix: "compare with fewer joins, then CPU of node, Redis and balancer at that moment",
    source: source!(),
    run: run!(check),
};

const JOINS: usize = 50;

async fn check(ctx: &Ctx) -> Verdict {
    let room = ctx.name("room");
    let mut joining = Vec::new();
    for index in 0..JOINS {
        let identity = format!("caller-{index}");
        let token = ctx.join_token(&room, &identity).sign()?;
        let signal = ctx.signal();
        joining.push(async move {
            let started = Instant::now();
            let joined = signal.join(&token).await;
            (identity, started.elapsed(), joined)
        });
    }
    let mut sessions = Vec::new();
    let mut times_ms = Vec::new();
    for (identity, time, joined) in join_all(joining).await {
        let session = ensure_joined!(
            joined,
            format!("{identity} is refused"),
            fix = "read the log of this check for how many were: all means keys or Redis, some means a limit"
        );
        let own = session.join().participant.as_ref().map(|participant| participant.identity.as_str());
        ensure!(own, == Some(identity.as_str()), "somebody got another participant's place", fix = "read the node's log");
        times_ms.push(time.as_secs_f64() * 1e3);
        sessions.push(session);
    }
    let rooms: BTreeSet<_> = sessions.iter().map(|session| session.room_sid().to_owned()).collect();
    ensure!(rooms.len(), == 1, "people who entered one room are in several", blame = Component::Redis,
        fix = "all nodes must use one Redis, and their clocks must agree within five seconds");
    ensure!(rooms.iter().all(|sid| sid.starts_with("RM_")), == true, "the server names no room", fix = "read the node's log");
    let api = ctx.rooms();
    let listed = ctx.eventually(secs(10), async || {
        let present = api.participants(&room).await?.unwrap_or_default();
        Ok((present.len() == JOINS).then_some(()))
    });
    ensure!(listed.await?.is_some(), == true, "the server does not list everybody who entered",
        fix = "read the node's log; participants who time out without media leave after 15 s");
    for session in sessions {
        session.leave().await;
    }
    times_ms.sort_by(f64::total_cmp);
    // Nearest rank: the 48th of 50.
    let p95 = times_ms[(JOINS * 95).div_ceil(100) - 1];
    ctx.pass().counted("joins", times_ms.len(), Exactly(JOINS as f64))?.measured(
        "join_ms_p95",
        p95,
        AtMost(ctx.limits().join_ms_p95),
        times_ms.len(),
    )
}
