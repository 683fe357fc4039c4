//! The application's database is no larger than expected.
//! A database that grows without end fills its disk, and then takes no writes at all; backups and rollbacks take ever longer.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "infrastructure.database_size",
    title: "the database is no larger than expected",
    tags: &[],
    blame: Component::Database,
    needs: &[Capability::Postgres],
    timeout: secs(30),
    lane: Lane::Shared,
    proven_by: &[Fault::DatabaseTooLarge],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "find the largest tables with pg_total_relation_size; raise `database_mib_max` in config/staging_tests.yaml if that is right";

async fn check(ctx: &Ctx) -> Verdict {
    let mut database = ctx.database()?.connect().await?;
    let mib = database.size_bytes().await? as f64 / f64::from(1 << 20);
    let most = ctx.limits().database_mib_max;
    if mib > most {
        return Err(failed(
            "the database is larger than expected",
            format!("{mib:.0} MiB"),
            format!("at most {most} MiB"),
            FIX,
            None,
        ));
    }
    ctx.pass().measured("database_mib", mib, AtMost(most), 1)
}
