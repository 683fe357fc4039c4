//! A request whose length is told twice is answered once at most, and its connection ends.
//! Balancer and server that read a length differently let one caller put words into another's connection (RFC 9112,
//! 6.1).

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "security.request_smuggling",
    title: "no request hides behind another",
    tags: &["security"],
    blame: Component::Balancer,
    needs: &[Capability::Api, Capability::Attack],
    timeout: secs(40),
    lane: Lane::Shared,
    proven_by: &[Fault::BalancerPassesBytes],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "let the balancer read HTTP (HAProxy: `mode http`) and keep it current";

const HIDDEN: &str = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

async fn check(ctx: &Ctx) -> Verdict {
    // The positive control: two honest requests on one connection are two answers.
    let honest = format!("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n{HIDDEN}");
    let both = ctx.entry().exchange_raw(honest.as_bytes(), secs(5)).await?;
    ensure!(both.statuses(), == [200, 200], "two requests on one connection are not answered", fix = FIX);
    let post =
        "POST /twirp/livekit.RoomService/ListRooms HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
    let twofold = [
        ("a length and chunks", "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        ("two lengths", "Content-Length: 0\r\nContent-Length: 3\r\n\r\n"),
        ("chunks by another name", "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"),
        ("a blank before the colon", "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n"),
    ];
    let mut tries = 0;
    for (what, rest) in twofold {
        let answer = ctx.entry().exchange_raw(format!("{post}{rest}{HIDDEN}").as_bytes(), secs(5)).await?;
        ensure!(answer.statuses().len(), <= 1, format!("a request behind one with {what} is answered"), fix = FIX);
        let odd = answer.statuses().iter().any(|status| *status < 400);
        ensure!((odd, answer.closed), == (false, true), format!("a request with {what} is taken for a good one"), fix = FIX);
        tries += 1;
    }
    ctx.pass().counted("requests", tries, Exactly(4.0))
}
