//! A client joins through the balancer, into the room that its token names, and is answered there.
//! This is how every call begins: when it fails, nobody can talk to anybody.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "signal.join_through_balancer",
    title: "a join through the balancer opens the room of the token",
    tags: &["smoke"],
    blame: Component::Balancer,
    needs: &[Capability::Api],
    timeout: secs(40),
    lane: Lane::Shared,
    proven_by: &[
        Fault::RedisStopped,
        Fault::CertificateExpired,
        Fault::CertificateOtherName,
        Fault::CertificateOtherIssuer,
        Fault::SecretSwapped,
        Fault::AutoCreateOff,
        Fault::RoomSwapped,
    ],
    fix: "compare with a node directly: 401 means other keys, 503 that the balancer knows no healthy node",
    source: source!(),
    run: run!(check),
};

async fn check(ctx: &Ctx) -> Verdict {
    let room = ctx.name("room");
    let token = ctx.join_token(&room, "caller").sign()?;
    let mut session = ensure_joined!(
        ctx.signal().join(&token).await,
        "a join through the balancer is refused",
        fix = "compare with a node directly: 401 means other keys, 503 that the balancer knows no healthy node"
    );
    ensure!(session.join().room.as_ref().map(|room| room.name.as_str()), == Some(room.as_str()),
        "the server opened another room than the token names", blame = Component::LivekitServer,
        fix = "look for a proxy that rewrites queries or headers");
    let alive = session.ping().await;
    let answered = ensure_ok!(
        alive,
        "the server does not answer a ping",
        blame = Component::LivekitServer,
        fix = "read the node's log at this time"
    );

    session.leave().await;
    ctx.pass().measured("ping_ms", answered.as_secs_f64() * 1e3, AtMost(ctx.limits().api_ms_max), 1)
}
