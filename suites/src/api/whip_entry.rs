//! WHIP is there: it tells what it takes, and refuses what it does not.
//! Encoders such as OBS speak nothing else; a balancer that routes /rtc and /twirp only keeps them out.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "api.whip_entry",
    title: "WHIP answers as documented",
    tags: &[],
    blame: Component::Balancer,
    needs: &[Capability::Api, Capability::Since(1, 10), Capability::Whip],
    timeout: secs(60),
    lane: Lane::Shared,
    proven_by: &[Fault::WhipNotRouted],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "route /whip to the nodes as well, with all methods";

async fn check(ctx: &Ctx) -> Verdict {
    let room = ctx.name("room");
    let token = ctx.join_token(&room, "encoder").sign()?;
    // Without the grant to join.
    let weak = ctx.token(VideoGrant { room, ..VideoGrant::default() }).identity("encoder").sign()?;
    let sdp: &[(&str, &str)] = &[("content-type", "application/sdp")];
    let text: &[(&str, &str)] = &[("content-type", "text/plain")];
    let ice: &[(&str, &str)] = &[("content-type", "application/trickle-ice-sdpfrag")];
    let offer = || b"no session description".to_vec();
    let entry = ctx.entry();
    let cases = [
        ("GET", entry.request("GET", "/whip/v1", Some(&token), &[], vec![]).await?, 204),
        ("OPTIONS", entry.request("OPTIONS", "/whip/v1", None, &[], vec![]).await?, 200),
        ("POST of another type", entry.request("POST", "/whip/v1", Some(&token), text, offer()).await?, 400),
        ("POST without a token", entry.request("POST", "/whip/v1", None, sdp, offer()).await?, 401),
        ("POST without the grant", entry.request("POST", "/whip/v1", Some(&weak), sdp, offer()).await?, 401),
        ("POST of a bad offer", entry.request("POST", "/whip/v1", Some(&token), sdp, offer()).await?, 400),
        ("DELETE of nobody", entry.request("DELETE", "/whip/v1/PA_none", Some(&token), &[], vec![]).await?, 404),
        ("PATCH without If-Match", entry.request("PATCH", "/whip/v1/PA_none", Some(&token), ice, vec![]).await?, 428),
    ];
    for (what, answer, status) in &cases {
        ensure!(answer.status, == *status, format!("{what} is answered wrongly by WHIP"), fix = FIX);
    }
    ctx.pass().counted("answers", cases.len(), Exactly(8.0))
}
