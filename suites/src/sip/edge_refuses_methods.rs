//! The SIP edge refuses methods that it does not know with 405, and says which it knows.
//! REGISTER and MESSAGE are what scanners send; whoever lets them through works for them.

use greenlight_harness::clients::SipClient;
use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "sip.edge_refuses_methods",
    title: "the SIP edge refuses unknown methods",
    tags: &[],
    blame: Component::Sip,
    needs: &[Capability::SipEdge],
    timeout: secs(60),
    lane: Lane::Shared,
    proven_by: &[Fault::SipEdgeStopped],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "look whether the SIP edge runs and listens on UDP, and what stands between here and there";

async fn check(ctx: &Ctx) -> Verdict {
    let client = SipClient::new(ctx.sip_edge()?).within(secs(5));
    let mut refused = 0;
    for method in ["REGISTER", "MESSAGE", "SUBSCRIBE"] {
        let answer = match client.ask(method).await {
            Ok(answer) => answer,
            Err(Unreachable { why: Why::Refused, .. }) => None,
            Err(other) => return Err(other.into()),
        };
        ensure!(answer.as_ref().map(|answer| answer.status), == Some(405), format!("{method} is not refused"), fix = FIX);
        let allowed = answer.as_ref().and_then(|answer| answer.header("Allow")).unwrap_or_default();
        // RFC 3261, section 21.4.6.
        ensure!(allowed.contains("INVITE"), == true, "a refusal does not say what is allowed", fix = FIX);
        refused += 1;
    }
    ctx.pass().counted("refusals", refused, Exactly(3.0))
}
