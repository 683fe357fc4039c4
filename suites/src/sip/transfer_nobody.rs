//! Transferring a call that is not there is 404.
//! A call that ended while its transfer was asked for must be told from a bridge that is down.

use greenlight_harness::clients::SipGrant;
use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "sip.transfer_nobody",
    title: "transferring nobody is answered as known",
    tags: &[],
    blame: Component::Balancer,
    needs: &[Capability::Api, Capability::SipApi],
    timeout: secs(60),
    lane: Lane::Shared,
    proven_by: &[Fault::SeldomCallsBlocked],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "403 comes from a proxy with a list of allowed calls: every path under /twirp must pass";

async fn check(ctx: &Ctx) -> Verdict {
    let room = ctx.name("room");
    let request = proto::TransferSipParticipantRequest {
        participant_identity: "nobody".into(),
        room_name: room.clone(),
        transfer_to: "tel:+15550000".into(),
        ..Default::default()
    };
    let answer = ctx.sip().transfer_participant(&request).await?.map_err(|refusal| refusal.said());
    ensure!(answer, == Err((404, "not_found".to_owned())), "transferring nobody is answered wrongly", fix = FIX);
    // sip.call alone is not enough: the room must be administered too.
    let token = ctx.token(VideoGrant::default()).sip(SipGrant { admin: false, call: true }).sign()?;
    let refused = ctx.sip().as_token(&token).transfer_participant(&request).await?.map_err(|refusal| refusal.0.status);
    ensure!(refused, == Err(401), "a token without the room transfers its calls", fix = FIX);
    ctx.pass().counted("answers", 2, Exactly(2.0))
}
