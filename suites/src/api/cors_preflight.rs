//! What browsers ask before a call from another origin is allowed, for a day.
//! Web applications on another domain can't make a single call otherwise.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "api.cors_preflight",
    title: "the question before a call from another origin is answered",
    tags: &[],
    blame: Component::Balancer,
    needs: &[Capability::Api],
    timeout: secs(60),
    lane: Lane::Shared,
    proven_by: &[Fault::PreflightBlocked],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "let OPTIONS through the balancer to the nodes";

const ORIGIN: &str = "https://app.example";

async fn check(ctx: &Ctx) -> Verdict {
    let mut asked = 0;
    for (path, method) in [("/twirp/livekit.RoomService/ListRooms", "POST"), ("/rtc/validate", "GET")] {
        let headers = [
            ("origin", ORIGIN),
            ("access-control-request-method", method),
            ("access-control-request-headers", "authorization,content-type"),
        ];
        let answer = ctx.entry().request("OPTIONS", path, None, &headers, vec![]).await?;
        ensure!(answer.status, == 204, format!("the question before {method} {path} is refused"), fix = FIX);
        for (name, value) in [
            ("access-control-allow-origin", ORIGIN),
            ("access-control-allow-methods", method),
            ("access-control-allow-headers", "authorization,content-type"),
            ("access-control-max-age", "86400"),
        ] {
            ensure!(answer.header_all(name), == vec![value], format!("{name} is wrong before {method} {path}"), fix = FIX);
        }
        asked += 1;
    }
    ctx.pass().counted("questions", asked, Exactly(2.0))
}
