//! Ingress is answered without its service too, and what was made can be found and deleted.
//! Stream keys are made long before anybody streams; one that can't be deleted stays valid for ever.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "api.ingress_without_service",
    title: "ingress is made, found and deleted without its service",
    tags: &[],
    blame: Component::Balancer,
    needs: &[Capability::Api, Capability::SipApi, Capability::Owned],
    timeout: secs(60),
    lane: Lane::Shared,
    proven_by: &[Fault::EgressNotRouted],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "route every path under /twirp; 500 here means that the server has no Redis";

async fn check(ctx: &Ctx) -> Verdict {
    let room = ctx.name("room");
    let request = proto::CreateIngressRequest {
        input_type: proto::IngressInput::RtmpInput.into(),
        name: room.clone(),
        room_name: room.clone(),
        participant_identity: "encoder".into(),
        ..Default::default()
    };
    let ingress = ensure_ok!(ctx.ingress().create(&request).await?, "an ingress can't be made", fix = FIX);
    let verdict = with_ingress(ctx, &room, &ingress).await;
    // It is gone already when everything went well.
    if let Err(refusal) = ctx.ingress().delete(&ingress.ingress_id).await?
        && refusal.0.status != 404
    {
        return Err(failed("an ingress can't be deleted", refusal, "success", FIX, None));
    }
    verdict
}

async fn with_ingress(ctx: &Ctx, room: &str, ingress: &proto::IngressInfo) -> Verdict {
    ensure!(ingress.stream_key.is_empty(), == false, "an ingress has no stream key", fix = FIX);
    let list = proto::ListIngressRequest { room_name: room.into(), ..Default::default() };
    let listed = ensure_ok!(ctx.ingress().list(&list).await?, "ingress can't be listed", fix = FIX);
    let ids: Vec<&str> = listed.iter().map(|known| known.ingress_id.as_str()).collect();
    ensure!(ids, == vec![ingress.ingress_id.as_str()], "the ingress that was made is not the one listed", fix = FIX);
    ensure_ok!(ctx.ingress().delete(&ingress.ingress_id).await?, "an ingress can't be deleted", fix = FIX);
    let again = ctx.ingress().delete(&ingress.ingress_id).await?.map(drop).map_err(|refusal| refusal.0.status);
    ensure!(again, == Err(404), "deleting an ingress that is gone is answered wrongly", fix = FIX);
    let pull = proto::CreateIngressRequest {
        input_type: proto::IngressInput::UrlInput.into(),
        room_name: room.into(),
        ..Default::default()
    };
    let refused = ctx.ingress().create(&pull).await?.map(drop).map_err(|refusal| refusal.said());
    ensure!(refused, == Err((400, "invalid_argument".to_owned())), "an ingress that pulls from nowhere is not refused", fix = FIX);
    let pass = ctx.pass().counted("answers", 5, Exactly(5.0));
    match ingress.url.is_empty() {
        true => pass?.warned(failed(
            "the server hands out stream keys, and there is no address to stream to",
            "no url",
            "a url",
            "set `ingress.rtmp_base_url` and run livekit-ingress, or keep `ingressAdmin` out of tokens",
            Some(Component::Configuration),
        )),
        false => pass,
    }
}
