//! A connection through the balancer outlives the pause between two pings.
//! A balancer that cuts silent connections drops every call again and again, and each client blames its network.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "signal.idle_through_balancer",
    title: "a silent connection through the balancer holds",
    tags: &[],
    blame: Component::Balancer,
    needs: &[Capability::Api],
    timeout: secs(40),
    lane: Lane::Shared,
    proven_by: &[Fault::BalancerIdleTimeout],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str =
    "raise the idle timeouts of the balancer to hours (HAProxy: `timeout tunnel`, nginx: `proxy_read_timeout`)";

async fn check(ctx: &Ctx) -> Verdict {
    let token = ctx.join_token(&ctx.name("room"), "caller").sign()?;
    let mut session = ensure_joined!(
        ctx.signal().join(&token).await,
        "a join through the balancer is refused",
        fix = "compare with a node directly: 401 means other keys, 503 that the balancer knows no healthy node"
    );
    let alive = session.ping().await;
    ensure_ok!(
        alive,
        "the server does not answer a ping",
        blame = Component::LivekitServer,
        fix = "read the node's log"
    );
    // The longest a client is ever silent is one ping interval; a second more covers a busy one. The server itself
    // waits three intervals.
    let silence = session.ping_interval() + secs(1);
    let held = session.stay_silent(silence).await;
    let held = ensure_ok!(held, format!("a connection that is silent for {} s is cut", silence.as_secs()), fix = FIX);
    let still = session.ping().await;
    ensure_ok!(still, "the connection was cut while it was silent", fix = FIX);
    session.leave().await;
    ctx.pass().measured("silence_held_s", held.as_secs_f64(), AtLeast(6.0), 1)
}
