//! The application's database is a primary, and takes writes by default.
//! After a failover to a standby, or with a full disk, reads go on and every write fails: logins work, calls are not recorded.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "infrastructure.database_writable",
    title: "the database takes writes",
    tags: &[],
    blame: Component::Database,
    needs: &[Capability::Postgres],
    timeout: secs(30),
    lane: Lane::Shared,
    proven_by: &[Fault::DatabaseReadOnly],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str =
    "point the application at the primary; `SHOW default_transaction_read_only`, `SELECT pg_is_in_recovery()`";

async fn check(ctx: &Ctx) -> Verdict {
    let mut database = ctx.database()?.connect().await?;
    ensure!(database.is_in_recovery().await?, == false, "the database is a standby", fix = FIX);
    ensure!(database.default_transaction_read_only().await?, == false, "the database takes no writes", fix = FIX);
    ctx.pass().counted("settings_read", 2, Exactly(2.0))
}
