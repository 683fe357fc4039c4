//! The TURN server that clients are sent to on port 443 shows a certificate for its own name.
//! Users behind strict firewalls have no other way: they get in, see everybody, and hear nothing.

use greenlight_harness::clients::inspect;
use greenlight_harness::prelude::*;
use std::time::SystemTime;

pub(super) const CHECK: Check = Check {
    id: "infrastructure.turn_tls",
    title: "TURN over TLS shows its own certificate",
    tags: &[],
    blame: Component::Turn,
    needs: &[Capability::Turn],
    timeout: secs(30),
    lane: Lane::Shared,
    proven_by: &[Fault::BalancerTakesTurnPort],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "pass TLS for the TURN domain through to `turn.tls_port` by SNI, and do not end it at the balancer";

async fn check(ctx: &Ctx) -> Verdict {
    let turn = ctx.turn()?;
    let served = match inspect(&turn.address.to_string(), &turn.domain, ctx.entry().http()).await {
        Ok(served) => served,
        Err(error) => return Err(failed("no TLS where TURN is announced", error, "a handshake", FIX, None)),
    };
    if let Some(problem) = &served.problem {
        let found = format!("{problem}; it is for {:?}", served.dns_names);
        return Err(failed("TURN shows a certificate that is not its own", found, &turn.domain, FIX, None));
    }
    let days = served.days_left(SystemTime::now()) as f64;
    ctx.pass().measured("turn_certificate_days_left", days, AtLeast(ctx.limits().certificate_days_min), 1)
}
