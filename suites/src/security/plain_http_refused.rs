//! The port for TLS gives nothing to HTTP without it.
//! A client that forgets the s in https would send its token over the network in clear, and nobody would notice.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "security.plain_http_refused",
    title: "HTTP without TLS gets nothing on the TLS port",
    tags: &["security"],
    blame: Component::Balancer,
    needs: &[Capability::Api, Capability::Tls],
    timeout: secs(40),
    lane: Lane::Shared,
    proven_by: &[Fault::PlainHttpAnswered],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "let the port speak TLS only; redirect http from port 80 if anything";

async fn check(ctx: &Ctx) -> Verdict {
    let request = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    // The positive control: over TLS these bytes are a request.
    let over_tls = ctx.entry().exchange_raw(request, secs(5)).await?;
    ensure!(over_tls.statuses(), == [200], "the balancer does not answer over TLS", fix = FIX);
    let plain = ctx.entry().exchange_raw_plain(request, secs(5)).await?;
    // Some balancers tell the client about its mistake with 400 before they close; that hands out nothing.
    let silent = plain.statuses().iter().all(|status| *status == 400);
    ensure!((silent, plain.closed), == (true, true), format!("HTTP without TLS is answered: {:?}", plain.statuses()), fix = FIX);
    ctx.pass().counted("requests", 2, Exactly(2.0))
}
