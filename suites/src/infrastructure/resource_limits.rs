//! Every part has a limit of memory, of processor time and of processes, and none was ended for want of memory.
//! One part that grows takes the whole machine with it: then Redis and all nodes are gone at once, and not one.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "infrastructure.resource_limits",
    title: "every part has limits",
    tags: &[],
    blame: Component::Configuration,
    needs: &[Capability::Engine],
    timeout: secs(30),
    lane: Lane::Shared,
    proven_by: &[Fault::PartWithoutLimits, Fault::NodeUnlimitedMemory, Fault::NodeUnlimitedCpus],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "give each container `--memory`, `--cpus` and `--pids-limit` (systemd: MemoryMax, CPUQuota, TasksMax); `docker inspect` shows OOMKilled";

async fn check(ctx: &Ctx) -> Verdict {
    let operator = ctx.operator()?;
    let parts = operator.parts();
    for part in &parts {
        let state = operator.state(part).await?;
        ensure!(state.memory_bytes_max, > 0, format!("{part} may use all memory"), fix = FIX);
        ensure!(state.nano_cpus_max, > 0, format!("{part} may use all processors"), fix = FIX);
        ensure!(state.pids_max, > 0, format!("{part} may have any number of processes"), fix = FIX);
        ensure!(state.out_of_memory, == false, format!("{part} was ended for want of memory"), fix = FIX);
    }
    ctx.pass().counted("parts_with_limits", parts.len(), AtLeast(1.0))
}
