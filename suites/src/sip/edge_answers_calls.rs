//! Every call gets a provisional and a final answer from the SIP edge, in bounded time.
//! A call that is never answered rings until the caller gives up, and the provider counts it as ours.

use greenlight_harness::clients::{InviteOutcome, SipClient, audio_offer};
use greenlight_harness::prelude::*;
use std::net::SocketAddr;

pub(super) const CHECK: Check = Check {
    id: "sip.edge_answers_calls",
    title: "calls get a final answer from the SIP edge",
    tags: &[],
    blame: Component::Sip,
    needs: &[Capability::SipEdge, Capability::Owned],
    timeout: secs(60),
    lane: Lane::Shared,
    proven_by: &[Fault::SipEdgeStopped],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "look whether the SIP edge runs and listens on UDP, and what stands between here and there";

async fn check(ctx: &Ctx) -> Verdict {
    let edge = ctx.sip_edge()?;
    let offer = audio_offer(SocketAddr::from(([127, 0, 0, 1], 9)));
    let outcome = match SipClient::new(edge).within(secs(10)).invite("+15550000000", &offer).await {
        Ok(outcome) => outcome,
        Err(Unreachable { why: Why::Refused, .. }) => InviteOutcome::default(),
        Err(other) => return Err(other.into()),
    };
    ensure!(outcome.provisional.is_empty(), == false, "a call is not even acknowledged", fix = FIX);
    ensure!(outcome.final_status.is_some(), == true, "a call gets no final answer", fix = FIX);
    ctx.pass().measured("final_answer_s", outcome.time.as_secs_f64(), AtMost(10.0), 1)
}
