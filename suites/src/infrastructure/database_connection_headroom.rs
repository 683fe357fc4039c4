//! The application's database takes more connections than there are.
//! Without one the application answers nothing: tokens are refused, and users see a login error and no call.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "infrastructure.database_connection_headroom",
    title: "the database takes more connections",
    tags: &[],
    blame: Component::Database,
    needs: &[Capability::Postgres],
    timeout: secs(30),
    lane: Lane::Shared,
    proven_by: &[Fault::DatabaseConnectionLimit],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "`SELECT usename, count(*) FROM pg_stat_activity GROUP BY 1`; close idle ones, pool them, or raise max_connections or CONNECTION LIMIT";

async fn check(ctx: &Ctx) -> Verdict {
    let mut database = ctx.database()?.connect().await?;
    let most = ctx.limits().database_connections_percent_max;
    let server = database.connections().await?;
    let (used, allowed) = database.own_connections().await?;
    let mut shares = vec![(server.used, server.max.saturating_sub(server.reserved), "the server")];
    shares.extend(allowed.map(|allowed| (used, allowed, "the database or its user")));
    let mut highest = 0.0_f64;
    for (used, allowed, whose) in &shares {
        let percent = f64::from(*used) / f64::from(*allowed).max(1.0) * 100.0;
        if percent > most {
            let what = format!("{whose} takes few more connections");
            return Err(failed(what, format!("{used} of {allowed}"), format!("at most {most} percent"), FIX, None));
        }
        highest = highest.max(percent);
    }
    ctx.pass().measured("connections_percent", highest, AtMost(most), shares.len())
}
