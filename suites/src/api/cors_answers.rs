//! Answers name the asking origin exactly once, through the balancer as from a node.
//! A header that comes twice makes every browser refuse the answer, and no server log shows it.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "api.cors_answers",
    title: "answers to other origins carry one header that allows them",
    tags: &[],
    blame: Component::Balancer,
    needs: &[Capability::Api],
    timeout: secs(60),
    lane: Lane::Shared,
    proven_by: &[Fault::CorsTwice],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "let only the server send Access-Control headers: remove those that the balancer adds";

const ORIGIN: &str = "https://app.example";

async fn check(ctx: &Ctx) -> Verdict {
    let token = ctx.token(VideoGrant { room_list: true, ..VideoGrant::default() }).sign()?;
    let headers = [("content-type", "application/json"), ("origin", ORIGIN)];
    let path = "/twirp/livekit.RoomService/ListRooms";
    let body = || br#"{"names":["glt-none"]}"#.to_vec();
    let mut compared = 0;
    let mut endpoints = vec![("the balancer", ctx.entry())];
    endpoints.extend(ctx.nodes().iter().map(|node| (node.name.as_str(), &node.endpoint)));
    for (who, endpoint) in endpoints {
        for (path, answer) in [
            (path, endpoint.request("POST", path, Some(&token), &headers, body()).await?),
            ("/", endpoint.request("GET", "/", None, &headers[1..], vec![]).await?),
        ] {
            ensure!(answer.status, == 200, format!("{who} refuses {path} for another origin"), fix = FIX);
            ensure!(answer.header_all("access-control-allow-origin"), == vec![ORIGIN],
                format!("{who} does not name the origin exactly once on {path}"), fix = FIX);
            // 1.7.0 names none.
            let shown =
                if ctx.is_since(1, 13) { vec!["*"] } else { answer.header_all("access-control-expose-headers") };
            ensure!(answer.header_all("access-control-expose-headers"), == shown,
                format!("{who} does not show its headers to scripts on {path}"), fix = FIX);
            compared += 1;
        }
    }
    ctx.pass().counted("answers", compared, AtLeast(2.0))
}
