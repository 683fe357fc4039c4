//! No node is told to pass over keys that it does not know.
//! A misspelt key is then ignored in silence, where a strict node would refuse to start.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "configuration.strict_parsing_on",
    title: "nodes refuse keys that they do not know",
    tags: &[],
    blame: Component::Configuration,
    needs: &[Capability::ConfigFiles, Capability::Engine],
    timeout: secs(40),
    lane: Lane::Shared,
    proven_by: &[Fault::StrictParsingOff],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "remove --disable-strict-config; livekit-helm always passes it, so there start the file once without it \
                   and waive this check";

async fn check(ctx: &Ctx) -> Verdict {
    let nodes = ctx.configured().await?;
    let mut words = 0;
    for node in &nodes {
        let loose = node.command.iter().find(|word| word.contains("disable-strict-config"));
        let is_loose = loose.is_some_and(|word| !word.ends_with("=false"));
        ensure!(is_loose, == false, format!("{} ignores keys that it does not know", node.file.part), fix = FIX);
        words += node.command.len();
    }
    ctx.pass().counted("command_lines", nodes.len(), AtLeast(1.0))?.counted("arguments", words, AtLeast(1.0))
}
