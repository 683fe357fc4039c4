//! No dispatch rule takes calls that came over no trunk.
//! A rule without trunk ids also takes calls that matched no trunk: strangers enter rooms without any password.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "sip.no_open_door",
    title: "no dispatch rule is without trunks",
    tags: &[],
    blame: Component::Sip,
    needs: &[Capability::Api, Capability::SipApi],
    timeout: secs(60),
    lane: Lane::Shared,
    proven_by: &[Fault::SipOpenDoor],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "give every rule its `trunk_ids`: list them with `lk sip dispatch list`";

async fn check(ctx: &Ctx) -> Verdict {
    let rules = ensure_ok!(
        ctx.sip().rules(&proto::ListSipDispatchRuleRequest::default()).await?,
        "rules can't be listed",
        blame = Component::LivekitServer,
        fix = "read the node's log"
    );
    let open: Vec<&str> =
        rules.iter().filter(|rule| rule.trunk_ids.is_empty()).map(|rule| rule.sip_dispatch_rule_id.as_str()).collect();
    ensure!(open, == Vec::<&str>::new(), "a dispatch rule takes calls of any trunk and of none", fix = FIX);
    ctx.pass().counted("lists", 1, Exactly(1.0))
}
