//! TURN credentials end within a day, and not while a call is set up.
//! Whoever has once joined could use the relay for as long as they are good.

use greenlight_harness::clients::turn_expiry;
use greenlight_harness::prelude::*;
use std::time::{SystemTime, UNIX_EPOCH};

pub(super) const CHECK: Check = Check {
    id: "configuration.turn_credentials_expire",
    title: "TURN credentials end within a day",
    tags: &["crowd"],
    blame: Component::Configuration,
    needs: &[Capability::Api, Capability::TwoNodes, Capability::Turn],
    timeout: secs(60),
    lane: Lane::Shared,
    proven_by: &[Fault::TurnTtlYear],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "set turn.ttl_seconds to 300, the default, and restart the node";

/// Setting up a call takes less.
const LEFT_S_MIN: f64 = 30.0;
const LEFT_S_MAX: f64 = 86_400.0;

async fn check(ctx: &Ctx) -> Verdict {
    let mut pass: Option<Pass> = None;
    for node in ctx.nodes() {
        let session = ctx.session_on(node).await?;
        let servers = session.ice_servers().to_vec();
        session.leave().await;
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs_f64();
        let ends = servers.iter().find_map(|server| turn_expiry(&server.username));
        let Some(ends) = ends else {
            return Err(failed(
                format!("{} offers no TURN credentials", node.name),
                "none",
                "a user name with an end",
                FIX,
                None,
            ));
        };
        let left_s = ends as f64 - now;
        ensure!(left_s, < LEFT_S_MAX, format!("{} gives TURN credentials for more than a day", node.name), fix = FIX);
        let name = format!("{}_seconds_left", node.name.replace('-', "_"));
        pass = Some(match pass {
            Some(pass) => pass.measured(&name, left_s, AtLeast(LEFT_S_MIN), 1)?,
            None => ctx.pass().measured(&name, left_s, AtLeast(LEFT_S_MIN), 1)?,
        });
    }
    match pass {
        Some(pass) => Ok(pass),
        None => Err(Halt::Errored("there is no node to ask".into())),
    }
}
