//! Through the balancer an answer has the headers that a node gives, and no others that matter.
//! A balancer that rewrites headers changes caching, types and what browsers allow.

use greenlight_harness::clients::Answer;
use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "api.headers_as_direct",
    title: "headers through the balancer are those of a node",
    tags: &[],
    blame: Component::Balancer,
    needs: &[Capability::Api, Capability::TwoNodes],
    timeout: secs(60),
    lane: Lane::Shared,
    proven_by: &[Fault::HeaderReplaced, Fault::CorsTwice, Fault::HeaderDoubled, Fault::HeaderStripped],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "compare the two lists and look for header rules in the balancer's configuration";

async fn check(ctx: &Ctx) -> Verdict {
    let token = ctx.join_token(&ctx.name("room"), "caller").sign()?;
    let mut compared = 0;
    for (path, token) in
        [("/", None), ("/rtc/validate", Some(&token)), ("/rtc/validate", None), ("/rtc", Some(&token)), ("/none", None)]
    {
        let direct = ctx.nodes()[0].endpoint.get(path, token).await?;
        let through = ctx.entry().get(path, token).await?;
        ensure!(through.status, == direct.status, format!("the balancer answers {path} with another status"), fix = FIX);
        ensure!(kept(&through), == kept(&direct), format!("the balancer answers {path} with other headers"), fix = FIX);
        compared += 1;
    }
    ctx.pass().counted("answers_compared", compared, Exactly(5.0))
}

/// Sorted, without the time, and without what belongs to one connection only (RFC 9110, section 7.6.1).
fn kept(answer: &Answer) -> Vec<(String, String)> {
    let own = ["date", "connection", "keep-alive", "transfer-encoding"];
    let mut kept: Vec<_> = answer.headers.iter().filter(|(name, _)| !own.contains(&name.as_str())).cloned().collect();
    kept.sort();
    kept
}
