//! The certificate at the balancer is for the name that clients ask for.
//! Every client refuses it, while an operator who tries with `-k` sees nothing wrong.

use greenlight_harness::clients::inspect;
use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "infrastructure.tls_name",
    title: "the certificate is for the right name",
    tags: &[],
    blame: Component::Certificate,
    needs: &[Capability::Tls],
    timeout: secs(30),
    lane: Lane::Shared,
    proven_by: &[Fault::CertificateOtherName],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str =
    "issue the certificate for the host in the URL that clients use; see `openssl x509 -noout -ext subjectAltName`";

async fn check(ctx: &Ctx) -> Verdict {
    let (host, address) = ctx.entry().host_and_address();
    let served = inspect(&address, &host, ctx.entry().http()).await?;
    let names: Vec<_> = served.dns_names.iter().chain(&served.ip_addresses).collect();
    let wildcard = host.split_once('.').map(|(_, parent)| format!("*.{parent}")).unwrap_or_default();
    let fits = names.iter().any(|name| name.eq_ignore_ascii_case(&host) || name.eq_ignore_ascii_case(&wildcard));
    if !fits {
        return Err(failed("the certificate is for another name", format!("{names:?}"), host, FIX, None));
    }
    ctx.pass().counted("names_in_certificate", names.len(), AtLeast(1.0))
}
