//! No file system of the runner or of a part that can be asked is nearly full.
//! A full disk stops a database at once and Redis at its next save, and a run without room leaves half a report.

use greenlight_harness::FileSystem;
use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "infrastructure.disk_space",
    title: "no disk is nearly full",
    tags: &[],
    blame: Component::Runner,
    needs: &[Capability::Engine],
    timeout: secs(60),
    lane: Lane::Shared,
    proven_by: &[Fault::DatabaseDiskFull],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "`df -h` there, then `du -xsh /*`: old logs, dumps and images first (`docker system df`); grow the disk before it fills again";

/// Folders of the runner.
const FOLDERS: usize = 2;

async fn check(ctx: &Ctx) -> Verdict {
    let operator = ctx.operator()?;
    let mut asked: Vec<(String, Component, FileSystem)> = Vec::new();
    // Reports go below the working folder unless told otherwise, logs of a staging too.
    let folders: [_; FOLDERS] = [std::env::current_dir()?, std::env::temp_dir()];
    for folder in folders {
        asked.push(("the runner".into(), Component::Runner, FileSystem::of(&folder).await?));
    }
    // The pass says who was asked: the image of livekit-server holds the server alone and has no `df`.
    let mut counts = Vec::new();
    for part in operator.parts() {
        let found = operator.file_systems(&part).await?.unwrap_or_default();
        counts.push((format!("file_systems_of_{part}"), found.len() as f64));
        let blame = component(&part);
        asked.extend(found.into_iter().map(|system| (part.clone(), blame, system)));
    }
    let (percent, mib) = (ctx.limits().disk_free_percent_min, ctx.limits().disk_free_mib_min);
    let mut least = (f64::INFINITY, f64::INFINITY);
    for (part, blame, system) in &asked {
        let free = (system.free_percent(), system.free_mib());
        if free.0 < percent || free.1 < mib {
            let found = format!("{:.1} % and {:.1} MiB free", free.0, free.1);
            let what = format!("{} of {part} is nearly full", system.mount);
            return Err(failed(what, found, format!("{percent} % and {mib} MiB"), FIX, Some(*blame)));
        }
        least = (least.0.min(free.0), least.1.min(free.1));
    }
    let mut pass = ctx.pass().measured("free_percent_least", least.0, AtLeast(percent), asked.len())?.measured(
        "free_mib_least",
        least.1,
        AtLeast(mib),
        asked.len(),
    )?;
    for (name, found) in counts {
        pass = pass.measured(&name, found, AtLeast(0.0), 1)?;
    }
    pass.counted("file_systems_asked", asked.len(), AtLeast(FOLDERS as f64 + 1.0))
}

fn component(part: &str) -> Component {
    match part {
        "redis" => Component::Redis,
        "postgres" => Component::Database,
        "haproxy" => Component::Balancer,
        "kamailio" => Component::Sip,
        _ => Component::LivekitServer,
    }
}
