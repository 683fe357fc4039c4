//! Each media server node and Redis may have enough files and sockets open.
//! At the limit new calls fail with "too many open files", while those that are up go on and every health check is good.

use greenlight_harness::open_files_max;
use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "infrastructure.open_files",
    title: "processes may open enough sockets",
    tags: &[],
    blame: Component::Configuration,
    needs: &[Capability::Processes, Capability::Redis],
    timeout: secs(30),
    lane: Lane::Shared,
    proven_by: &[Fault::NodeFewOpenFiles],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "raise the limit: `--ulimit nofile=65535` (docker), `ulimits.nofile` (compose), LimitNOFILE (systemd), and start the process again";

async fn check(ctx: &Ctx) -> Verdict {
    let operator = ctx.operator()?;
    let needed = ctx.limits().open_files_min;
    let mut smallest = f64::INFINITY;
    let parts: Vec<_> = ctx.nodes().iter().map(|node| node.name.clone()).chain(["redis".to_owned()]).collect();
    for part in &parts {
        // The soft limit of the running process, whatever its container or service was given.
        let open_files = open_files_max(&operator.process(part, "limits").await?)? as f64;
        ensure!(open_files, >= needed, format!("{part} may have too few files and sockets open"), fix = FIX);
        smallest = smallest.min(open_files);
    }
    ctx.pass().measured("open_files_smallest", smallest, AtLeast(needed), parts.len())
}
