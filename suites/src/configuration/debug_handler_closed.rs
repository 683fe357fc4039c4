//! No node answers debug questions.
//! They name every room to anybody who asks, and profiling slows a node down.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "configuration.debug_handler_closed",
    title: "no node answers debug questions",
    tags: &["security"],
    blame: Component::Configuration,
    needs: &[Capability::Api, Capability::ConfigFiles, Capability::Engine],
    timeout: secs(40),
    lane: Lane::Shared,
    proven_by: &[Fault::DevelopmentMode, Fault::DebugHandlerOpen],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "remove `development: true` and debug_handler.port from livekit.yaml, and restart the node; what must \
                   stay open belongs behind a firewall and a waiver";

/// `/debug/pprof/profile` would be one that costs the node time.
const PATHS: &[&str] = &["/debug/rooms", "/debug/goroutine", "/debug/pprof/"];

async fn check(ctx: &Ctx) -> Verdict {
    let mut asked = 0;
    for node in ctx.nodes() {
        // The control: a node that answers nothing closes nothing.
        ensure!(node.endpoint.get("/", None).await?.status, == 200, format!("{} is not ready", node.name),
            blame = Component::LivekitServer, fix = "look at the log of the node");
        for path in PATHS {
            let status = node.endpoint.get(path, None).await?.status;
            ensure!(status, == 404, format!("{} answers {path} to anybody", node.name), fix = FIX);
            asked += 1;
        }
    }
    let configured = ctx.configured().await?;
    for node in &configured {
        let port = node.setting("debug_handler.port").unwrap_or("0");
        ensure!(port, == "0", format!("{} answers debug questions on a port of their own", node.file.part), fix = FIX);
    }
    ctx.pass().counted("questions", asked, AtLeast(1.0))?.counted("files", configured.len(), AtLeast(1.0))
}
