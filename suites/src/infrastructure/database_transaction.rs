//! A table can be made, filled, read and taken back in one transaction of the application's database.
//! A full disk, a lost right or a broken extension shows here first; the application then refuses tokens and forgets events.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "infrastructure.database_transaction",
    title: "the database does a transaction",
    tags: &[],
    blame: Component::Database,
    needs: &[Capability::Postgres],
    timeout: secs(40),
    lane: Lane::Shared,
    proven_by: &[Fault::DatabaseReadOnly, Fault::DatabaseRefusesTables],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "the message names the statement: look at disk space, rights (`\\dp`), and the log of Postgres";

const ROWS: u32 = 100;

async fn check(ctx: &Ctx) -> Verdict {
    let mut database = ctx.database()?.connect().await?;
    let took = database.temp_table_round_trip(ROWS).await;
    let took = match took {
        Ok(took) => took,
        Err(error) => {
            return Err(failed(
                "the database does not do a transaction",
                format!("{error:#}"),
                "rows as written",
                FIX,
                None,
            ));
        }
    };
    ctx.pass().measured("transaction_ms", took.as_secs_f64() * 1e3, AtMost(5000.0), 1)?.counted(
        "rows",
        ROWS as usize,
        Exactly(f64::from(ROWS)),
    )
}
