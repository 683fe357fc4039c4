//! The balancer speaks TLS 1.2 or newer and refuses what is older.
//! TLS 1.0 and 1.1 are broken and forbidden by every rule for calls with personal data (RFC 8996).

use greenlight_harness::clients::{HelloAnswer, LegacyVersion, raw_client_hello};
use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "security.tls_floor",
    title: "TLS 1.0 and 1.1 are refused",
    tags: &["security"],
    blame: Component::Balancer,
    needs: &[Capability::Api, Capability::Tls],
    timeout: secs(40),
    lane: Lane::Shared,
    proven_by: &[Fault::OldTlsAccepted],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str =
    "set the lowest version to TLS 1.2 (HAProxy: `ssl-min-ver TLSv1.2`, nginx: `ssl_protocols TLSv1.2 TLSv1.3`)";

async fn check(ctx: &Ctx) -> Verdict {
    let (host, address) = ctx.entry().host_and_address();
    // An address is no server name (RFC 6066, section 3).
    let name = if host.parse::<std::net::IpAddr>().is_ok() { "localhost" } else { &host };
    let trust = ctx.entry().http();
    // The positive control: a hello of this make is answered when it offers TLS 1.2 (0x0303).
    let modern = raw_client_hello(&address, LegacyVersion::Tls12, name, trust).await?;
    ensure!(matches!(modern, HelloAnswer::ServerHello { version: 0x0303, .. }), == true, "TLS 1.2 is refused", fix = FIX);
    let mut refused = 0;
    for (version, named) in [(LegacyVersion::Tls10, "TLS 1.0"), (LegacyVersion::Tls11, "TLS 1.1")] {
        let answer = raw_client_hello(&address, version, name, trust).await?;
        ensure!(matches!(answer, HelloAnswer::Alert { .. } | HelloAnswer::Closed), == true, format!("{named} is accepted"), fix = FIX);
        refused += 1;
    }
    ctx.pass().counted("refusals", refused, Exactly(2.0))
}
