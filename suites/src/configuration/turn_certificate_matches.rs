//! The TURN certificate is for the TURN domain and stays valid for three weeks.
//! Every client refuses TURN over TLS otherwise; a node reads the certificate only once, at its start.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "configuration.turn_certificate_matches",
    title: "the TURN certificate is for its domain",
    tags: &[],
    blame: Component::Configuration,
    needs: &[Capability::ConfigFiles, Capability::Engine],
    timeout: secs(40),
    lane: Lane::Shared,
    proven_by: &[Fault::TurnDomainOther],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "write a name of the certificate as turn.domain, or get a certificate for it, and restart the node";

const RULES: &[&str] = &["turn_domain_certificate", "turn_certificate_expiry"];

async fn check(ctx: &Ctx) -> Verdict {
    ctx.lint(RULES).await?.verdict(ctx)
}
