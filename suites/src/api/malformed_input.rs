//! Requests that make no sense are refused with the status that says why, and harm nothing.
//! A proxy that rewrites paths or answers errors by itself shows up here as another status or body.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "api.malformed_input",
    title: "malformed requests are refused with the right status",
    tags: &[],
    blame: Component::LivekitServer,
    needs: &[Capability::Api, Capability::Attack],
    timeout: secs(60),
    lane: Lane::Shared,
    proven_by: &[Fault::RedisStopped, Fault::CertificateExpired, Fault::SecretSwapped],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const LIST: &str = "livekit.RoomService/ListRooms";
const JSON: &str = "application/json";
const FIX: &str = "compare with a node directly; if that differs, the balancer or a proxy answers in its place";

async fn check(ctx: &Ctx) -> Verdict {
    let rooms = ctx.rooms();
    // The same path with a good body, before and after: what follows is refused for its form and for nothing else.
    let good = rooms.raw(LIST, JSON, "{}").await?;
    ensure!(good.status, == 200, "a well-formed request is refused", fix = FIX);

    // Status and Twirp code as recorded from livekit-server 1.13.5.
    let cases: &[(&str, &str, &str, u16, &str)] = &[
        (LIST, JSON, "{", 400, "malformed"),
        (LIST, JSON, "[]", 400, "malformed"),
        (LIST, JSON, r#"{"names": 7}"#, 400, "malformed"),
        (LIST, "text/plain", "{}", 404, "bad_route"),
        ("livekit.RoomService/NoSuchMethod", JSON, "{}", 404, "bad_route"),
        ("livekit.NoSuchService/List", JSON, "{}", 404, ""),
        // Unknown fields are ignored: a typo in a request passes in silence.
        (LIST, JSON, r#"{"no_such_field": 1}"#, 200, ""),
    ];
    let mut answers = 0;
    for (path, content_type, body, status, code) in cases {
        let answer = rooms.raw(path, content_type, body).await?;
        ensure!((answer.status, answer.code().as_str()), == (*status, *code),
            format!("POST {path} as {content_type} with {body} is answered wrongly"), fix = FIX);
        answers += 1;
    }
    let got = ctx.entry().get("/twirp/livekit.RoomService/ListRooms", None).await?;
    ensure!((got.status, got.code().as_str()), == (404, "bad_route"), "GET on an RPC is answered wrongly", fix = FIX);
    answers += 1;

    let after = rooms.raw(LIST, JSON, "{}").await?;
    ensure!(after.status, == 200, "a well-formed request is refused after malformed ones", fix = FIX);
    ctx.pass().counted("malformed_requests", answers, Exactly(8.0))
}
