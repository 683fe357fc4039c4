//! No header of an answer names the software in front or behind, or its version.
//! A version in every answer tells an attacker which of the published holes to try.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "security.no_version_banner",
    title: "answers name no software and version",
    tags: &["security"],
    blame: Component::Balancer,
    needs: &[Capability::Api],
    timeout: secs(40),
    lane: Lane::Shared,
    proven_by: &[Fault::BalancerTellsVersion],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str =
    "remove the header at the balancer (HAProxy: `http-response del-header server`, nginx: `server_tokens off`)";

const BANNERS: &[&str] = &["server", "x-powered-by", "via", "x-aspnet-version", "x-served-by"];

async fn check(ctx: &Ctx) -> Verdict {
    let good = ctx.join_token(&ctx.name("room"), "caller").sign()?;
    let answers = [
        ("/", 200, ctx.entry().get("/", None).await?),
        ("/rtc/validate", 200, ctx.signal().validate(&good).await?),
        ("an unknown path", 404, ctx.entry().get("/nowhere", None).await?),
    ];
    let mut looked_at = 0;
    for (what, status, answer) in answers {
        ensure!(answer.status, == status, format!("{what} is answered wrongly"), blame = Component::LivekitServer, fix = "run `cargo verify --suite infrastructure`");
        for name in BANNERS {
            ensure!(answer.header(name), == None, format!("the answer of {what} has the header {name}"), fix = FIX);
        }
        looked_at += 1;
    }
    ctx.pass().counted("answers", looked_at, Exactly(3.0))
}
