//! A node that binds to some addresses is not thought to bind media to them too.
//! bind_addresses covers API and signalling only: media over TCP listens on every address of the machine.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "configuration.bind_addresses_understood",
    title: "bind_addresses are not taken for media",
    tags: &[],
    blame: Component::Configuration,
    needs: &[Capability::ConfigFiles, Capability::Engine],
    timeout: secs(40),
    lane: Lane::Shared,
    proven_by: &[Fault::BindAddressesNarrow],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "choose addresses of media with rtc.ips or rtc.interfaces, and keep tcp_port closed in the firewall";

const RULES: &[&str] = &["bind_addresses_not_rtc"];

async fn check(ctx: &Ctx) -> Verdict {
    ctx.lint(RULES).await?.verdict(ctx)
}
