//! Profiles, goroutines and room internals are served on no port that callers reach.
//! They show tokens, participants and memory to anybody, and a profile costs a processor for as long as it is asked
//! to.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "security.debug_endpoints_closed",
    title: "debug endpoints are closed on public ports",
    tags: &["security"],
    blame: Component::LivekitServer,
    needs: &[Capability::Api],
    timeout: secs(40),
    lane: Lane::Shared,
    proven_by: &[Fault::DevelopmentMode, Fault::HealthMisquoted],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str =
    "take `development: true` and `--dev` out of the servers, and put debug_handler on a port that only you reach";

const PATHS: &[&str] = &["/debug/pprof/", "/debug/pprof/heap", "/debug/goroutine", "/debug/rooms"];

async fn check(ctx: &Ctx) -> Verdict {
    let mut entrances = vec![("the balancer", ctx.entry())];
    entrances.extend(ctx.nodes().iter().map(|node| (node.name.as_str(), &node.endpoint)));
    let mut closed = 0;
    for (name, entrance) in &entrances {
        // The positive control: this port answers what callers may ask.
        let root = entrance.get("/", None).await?;
        ensure!((root.status, root.body.trim()), == (200, "OK"), format!("{name} is not well"), fix = "run `cargo verify --test infrastructure.service_health`");
        for path in PATHS {
            let answer = entrance.get(path, None).await?;
            ensure!(answer.status, == 404, format!("{name} serves {path} to everybody"), fix = FIX);
            closed += 1;
        }
    }
    ctx.pass().counted("paths", closed, Exactly((entrances.len() * PATHS.len()) as f64))
}
