//! Egress is answered without its service too: an empty list, and 404 for what does not exist.
//! Applications that tidy up after themselves list and stop recordings; an error there stops them.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "api.egress_without_service",
    title: "egress is answered without its service",
    tags: &[],
    blame: Component::Balancer,
    needs: &[Capability::Api, Capability::SipApi],
    timeout: secs(60),
    lane: Lane::Shared,
    proven_by: &[Fault::EgressNotRouted, Fault::ConnectionsDropped],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "route every path under /twirp; 500 here means that the server has no Redis";

async fn check(ctx: &Ctx) -> Verdict {
    let request = proto::ListEgressRequest { room_name: ctx.name("room"), ..Default::default() };
    let listed = ensure_ok!(ctx.egress().list(&request).await?, "egress can't be listed", fix = FIX);
    ensure!(listed.len(), == 0, "a room that never was has egress", fix = FIX);
    let stopped = match ctx.egress().stop("EG_none").await {
        Ok(answer) => answer.map(drop).map_err(|refusal| refusal.said()),
        // That there is an answer is the claim: silence is no doubt about it, but its opposite.
        Err(silence) => {
            let (what, found) = ("stopping an egress is not answered at all", format!("{silence:#}"));
            return Err(failed(what, found, "404 not_found", FIX, None));
        }
    };
    ensure!(stopped, == Err((404, "not_found".to_owned())), "stopping an egress that is not there is answered wrongly", fix = FIX);
    let weak = ctx.token(VideoGrant { room_create: true, ..VideoGrant::default() }).sign()?;
    let refused = ctx.egress().as_token(&weak).list(&request).await?.map(drop).map_err(|refusal| refusal.0.status);
    ensure!(refused, == Err(401), "a token without roomRecord lists egress", fix = FIX);
    ctx.pass().counted("answers", 3, Exactly(3.0))
}
