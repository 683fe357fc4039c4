//! The certificate at the balancer is valid for weeks to come.
//! It ends at night or at the weekend, and then nobody gets in at all.

use greenlight_harness::clients::inspect;
use greenlight_harness::prelude::*;
use std::time::SystemTime;

pub(super) const CHECK: Check = Check {
    id: "infrastructure.tls_days_left",
    title: "the certificate does not end soon",
    tags: &[],
    blame: Component::Certificate,
    needs: &[Capability::Tls],
    timeout: secs(30),
    lane: Lane::Shared,
    proven_by: &[Fault::CertificateEndsSoon, Fault::CertificateExpired],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str =
    "renew it and let the balancer load it; an automatic renewal that works renews a month before the end";

async fn check(ctx: &Ctx) -> Verdict {
    let (host, address) = ctx.entry().host_and_address();
    let served = inspect(&address, &host, ctx.entry().http()).await?;
    let days = served.days_left(SystemTime::now()) as f64;
    let least = ctx.limits().certificate_days_min;
    if days < least {
        return Err(failed(
            "the certificate ends soon",
            format!("in {days} days"),
            format!("at least {least} days"),
            FIX,
            None,
        ));
    }
    ctx.pass().measured("certificate_days_left", days, AtLeast(least), 1)
}
