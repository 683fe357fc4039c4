//! A dispatch rule can be made, listed, changed and deleted.
//! Without a rule a call rings into the void: callers hear nothing, and nobody else hears of it.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "sip.rule_life_cycle",
    title: "a dispatch rule is made, listed, changed and deleted",
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
    let trunk = ctx.name("trunk");
    let direct = proto::SipDispatchRuleDirect { room_name: ctx.name("room"), ..Default::default() };
    let rule = proto::SipDispatchRuleInfo {
        name: ctx.name("rule"),
        trunk_ids: vec![trunk.clone()],
        rule: Some(proto::SipDispatchRule { rule: Some(proto::sip_dispatch_rule::Rule::DispatchRuleDirect(direct)) }),
        ..Default::default()
    };
    let made = ensure_ok!(ctx.sip().create_rule(rule).await?, "a rule can't be made", fix = FIX);
    let verdict = with_rule(ctx, &trunk, &made).await;
    ensure_ok!(ctx.sip().delete_rule(&made.sip_dispatch_rule_id).await?, "a rule can't be deleted", fix = FIX);
    let changed = verdict?;
    ensure!(listed(ctx, &trunk).await?, == vec![], "a deleted rule is still listed", fix = FIX);
    ctx.pass().counted("steps", changed + 1, Exactly(4.0))
}

async fn with_rule(ctx: &Ctx, trunk: &str, made: &proto::SipDispatchRuleInfo) -> Result<usize, Halt> {
    let id = &made.sip_dispatch_rule_id;
    ensure!(id.starts_with("SDR_"), == true, "a rule is given no id", fix = FIX);
    ensure!(listed(ctx, trunk).await?, == vec![(id.clone(), made.name.clone())], "the new rule is not the one listed for its trunk", fix = FIX);
    let update = proto::SipDispatchRuleUpdate { name: Some("changed".into()), ..Default::default() };
    let request = proto::UpdateSipDispatchRuleRequest {
        sip_dispatch_rule_id: id.clone(),
        action: Some(proto::update_sip_dispatch_rule_request::Action::Update(update)),
    };
    ensure_ok!(ctx.sip().update_rule(&request).await?, "a rule can't be changed", fix = FIX);
    ensure!(listed(ctx, trunk).await?, == vec![(id.clone(), "changed".to_owned())], "a change of a rule is not kept", fix = FIX);
    Ok(3)
}

async fn listed(ctx: &Ctx, trunk: &str) -> Result<Vec<(String, String)>, Halt> {
    let all = ensure_ok!(
        ctx.sip().rules(&proto::ListSipDispatchRuleRequest::default()).await?,
        "rules can't be listed",
        fix = FIX
    );
    let mine = all.into_iter().filter(|rule| rule.trunk_ids.iter().any(|known| known == trunk));
    Ok(mine.map(|rule| (rule.sip_dispatch_rule_id, rule.name)).collect())
}
