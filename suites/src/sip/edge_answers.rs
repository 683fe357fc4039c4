//! The SIP edge answers OPTIONS.
//! Providers ask with OPTIONS whether a trunk lives, and send calls elsewhere when nobody answers.

use greenlight_harness::clients::SipClient;
use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "sip.edge_answers",
    title: "the SIP edge answers that it lives",
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
    let mut slowest = Duration::ZERO;
    for _ in 0..3 {
        let started = Instant::now();
        let status = match SipClient::new(ctx.sip_edge()?).within(secs(5)).options().await {
            Ok(answer) => answer.map(|answer| answer.status),
            // Nobody listens: that is an answer too.
            Err(Unreachable { why: Why::Refused, .. }) => None,
            Err(other) => return Err(other.into()),
        };
        ensure!(status, == Some(200), "the SIP edge does not answer OPTIONS", fix = FIX);
        slowest = slowest.max(started.elapsed());
    }
    ctx.pass().measured("options_s_max", slowest.as_secs_f64(), AtMost(5.0), 3)
}
