//! Metadata, name, attributes and permissions of a participant can be changed, and others see it.
//! Roles are given in calls by exactly this: a permission that does not arrive lets people speak who must not.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "api.update_participant",
    title: "a participant can be changed by the API",
    tags: &[],
    blame: Component::Balancer,
    needs: &[Capability::Api, Capability::Since(1, 13)],
    timeout: secs(60),
    lane: Lane::Shared,
    proven_by: &[Fault::ModerationSwallowed],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "ask a node directly; if that works, something before it answers in its place";

async fn check(ctx: &Ctx) -> Verdict {
    let room = ctx.name("room");
    let token = ctx.join_token(&room, "guest").metadata("before").sign()?;
    let guest = ensure_joined!(ctx.signal().join(&token).await, "a join is refused", fix = FIX);
    let rooms = ctx.rooms();
    let listed = ctx.eventually(secs(5), async || Ok(rooms.participant(&room, "guest").await?.ok()));
    let before = listed.await?.map(|participant| participant.metadata);
    ensure!(before.as_deref(), == Some("before"), "the participant's own metadata is lost", fix = FIX);
    let permission = proto::ParticipantPermission {
        can_subscribe: true,
        can_publish: false,
        can_publish_data: true,
        ..Default::default()
    };
    let request = proto::UpdateParticipantRequest {
        room: room.clone(),
        identity: "guest".into(),
        metadata: "after".into(),
        name: "Listener".into(),
        permission: Some(permission),
        attributes: [("role".to_owned(), "listener".to_owned())].into(),
    };
    ensure_ok!(rooms.update_participant(&request).await?, "a participant can't be changed", fix = FIX);
    let changed = ctx.eventually(secs(5), async || {
        let Ok(found) = rooms.participant(&room, "guest").await? else { return Ok(None) };
        let may_publish = found.permission.as_ref().map(|permission| permission.can_publish);
        let role = found.attributes.get("role").map(String::as_str);
        let texts = (found.metadata.as_str(), found.name.as_str(), role, may_publish);
        Ok((texts == ("after", "Listener", Some("listener"), Some(false))).then_some(()))
    });
    ensure!(changed.await?.is_some(), == true, "a change of a participant does not come to be seen", fix = FIX);
    let nobody = proto::UpdateParticipantRequest { identity: "nobody".into(), ..request };
    let answer = rooms.update_participant(&nobody).await?.map(drop).map_err(|refusal| refusal.0.status);
    ensure!(answer, == Err(404), "changing somebody who is not there is answered wrongly", fix = FIX);
    guest.leave().await;
    ctx.pass().counted("settings_changed", 4, Exactly(4.0))
}
