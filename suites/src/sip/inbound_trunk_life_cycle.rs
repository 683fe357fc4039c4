//! An inbound trunk can be made, listed, changed and deleted.
//! Numbers are moved from one provider to another by these calls; a trunk that is not kept is a number that is dead.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "sip.inbound_trunk_life_cycle",
    title: "an inbound trunk is made, listed, changed and deleted",
    tags: &[],
    blame: Component::Redis,
    needs: &[Capability::Api, Capability::SipApi, Capability::Owned],
    timeout: secs(60),
    lane: Lane::Shared,
    proven_by: &[Fault::SipStoreBroken],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str =
    "look at the type of the keys sip_inbound_trunk, sip_outbound_trunk and sip_dispatch_rule in Redis: each is a hash";

async fn check(ctx: &Ctx) -> Verdict {
    let number = number(ctx);
    let trunk = proto::SipInboundTrunkInfo {
        name: ctx.name("trunk"),
        numbers: vec![number.clone()],
        metadata: "m".into(),
        ..Default::default()
    };
    let made = ensure_ok!(ctx.sip().create_inbound_trunk(trunk).await?, "an inbound trunk can't be made", fix = FIX);
    let verdict = with_trunk(ctx, &number, &made).await;
    ensure_ok!(ctx.sip().delete_trunk(&made.sip_trunk_id).await?, "a trunk can't be deleted", fix = FIX);
    let changed = verdict?;
    ensure!(listed(ctx, &number).await?.len(), == 0, "a deleted trunk is still listed", fix = FIX);
    ctx.pass().counted("steps", changed + 1, Exactly(4.0))
}

async fn with_trunk(ctx: &Ctx, number: &str, made: &proto::SipInboundTrunkInfo) -> Result<usize, Halt> {
    let id = &made.sip_trunk_id;
    ensure!((id.starts_with("ST_"), made.metadata.as_str()), == (true, "m"), "another trunk was made than asked for", fix = FIX);
    let ids: Vec<String> = listed(ctx, number).await?.into_iter().map(|trunk| trunk.sip_trunk_id).collect();
    ensure!(&ids, == &vec![id.clone()], "the new trunk is not the one listed for its number", fix = FIX);
    let update = proto::SipInboundTrunkUpdate { name: Some("changed".into()), ..Default::default() };
    let request = proto::UpdateSipInboundTrunkRequest {
        sip_trunk_id: id.clone(),
        action: Some(proto::update_sip_inbound_trunk_request::Action::Update(update)),
    };
    ensure_ok!(ctx.sip().update_inbound_trunk(&request).await?, "a trunk can't be changed", fix = FIX);
    let names: Vec<(String, String)> =
        listed(ctx, number).await?.into_iter().map(|trunk| (trunk.name, trunk.metadata)).collect();
    ensure!(names, == vec![("changed".to_owned(), "m".to_owned())], "a change of a trunk is not kept, or takes more along", fix = FIX);
    Ok(3)
}

async fn listed(ctx: &Ctx, number: &str) -> Result<Vec<proto::SipInboundTrunkInfo>, Halt> {
    let request = proto::ListSipInboundTrunkRequest { numbers: vec![number.into()], ..Default::default() };
    let all = ensure_ok!(ctx.sip().inbound_trunks(&request).await?, "trunks can't be listed", fix = FIX);
    Ok(all.into_iter().filter(|trunk| trunk.numbers.iter().any(|known| known == number)).collect())
}

/// A number that no other run and no other check uses.
fn number(ctx: &Ctx) -> String {
    let mixed = ctx.name("number").bytes().fold(7u64, |sum, byte| sum.wrapping_mul(131).wrapping_add(u64::from(byte)));
    format!("+1555{:010}", mixed % 10_000_000_000)
}
