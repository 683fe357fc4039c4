//! The certificate at the balancer is signed by somebody whom clients trust.
//! Browsers and SDKs refuse the connection without a word that a user could act on; so they do when an intermediate is missing.

use greenlight_harness::clients::inspect;
use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "infrastructure.tls_chain",
    title: "clients trust the certificate",
    tags: &[],
    blame: Component::Certificate,
    needs: &[Capability::Tls],
    timeout: secs(30),
    lane: Lane::Shared,
    proven_by: &[Fault::CertificateOtherIssuer, Fault::CertificateExpired],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "give the balancer the full chain (fullchain.pem, not cert.pem): `openssl s_client -connect HOST:PORT -servername HOST`";

async fn check(ctx: &Ctx) -> Verdict {
    let (host, address) = ctx.entry().host_and_address();
    let served = inspect(&address, &host, ctx.entry().http()).await?;
    // A name that does not fit is another check's.
    let problem = served.problem.filter(|problem| !problem.contains("not valid for name"));
    ensure!(problem.as_deref().unwrap_or_default(), == "", "clients do not trust the certificate", fix = FIX);
    ctx.pass().counted("certificates_served", served.chain_length, AtLeast(1.0))
}
