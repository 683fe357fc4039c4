//! Memory, goroutines and open files of each node can be read, and are within reason.
//! A leak shows here days before the node falls over; a node without file handles refuses calls while its `/` says OK.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "monitoring.process_health",
    title: "memory, goroutines and files are within reason",
    tags: &[],
    blame: Component::LivekitServer,
    needs: &[Capability::Prometheus],
    timeout: secs(30),
    lane: Lane::Shared,
    proven_by: &[Fault::PrometheusMoved, Fault::OpenFilesFew],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "compare with a node that has just started, and look at `/debug/goroutine` of the debug port; raise LimitNOFILE for files";

/// Half of what the process may open: calls come in waves.
const FILES_PERCENT_MAX: f64 = 50.0;

async fn check(ctx: &Ctx) -> Verdict {
    let all = ctx.cluster_metrics().await?;
    let limits = ctx.limits();
    let highest = |name: &str| all.series(name, &[]).map(|sample| sample.value).fold(f64::NAN, f64::max);
    let files = all.series("process_open_fds", &[]).zip(all.series("process_max_fds", &[]));
    let files = files.map(|(open, most)| open.value / most.value * 100.0).fold(f64::NAN, f64::max);
    let count = all.series("go_goroutines", &[]).count();
    ensure!(count, == ctx.nodes().len(), "not every node says how it is", fix = FIX);
    ctx.pass()
        .measured(
            "memory_mib_max",
            highest("process_resident_memory_bytes") / f64::from(1 << 20),
            AtMost(limits.node_memory_mib_max),
            count,
        )?
        .measured("goroutines_max", highest("go_goroutines"), AtMost(limits.node_goroutines_max), count)?
        .measured("files_percent_max", files, AtMost(FILES_PERCENT_MAX), count)
}
