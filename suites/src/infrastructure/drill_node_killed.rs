//! When a node is killed the balancer turns to the others, its rooms open elsewhere, and its entry is gone once it is back.
//! Every crash then costs half of all calls for as long as the balancer takes to notice, and rooms stay closed.

use greenlight_harness::Action;
use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "infrastructure.drill_node_killed",
    title: "a killed node costs seconds",
    tags: &["drill"],
    blame: Component::Balancer,
    needs: &[Capability::Redis, Capability::TwoNodes, Capability::Drill, Capability::Media],
    timeout: secs(120),
    lane: Lane::Exclusive,
    proven_by: &[Fault::BalancerSlowChecks],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "let the balancer check `/` of each node every second, and drop it after two failures (HAProxy: `check inter 1s fall 2`, `option redispatch`)";

/// A round robin over two shows a dead one three times.
const REQUESTS: usize = 6;

async fn check(ctx: &Ctx) -> Verdict {
    let room = ctx.name("room");
    let [survivor, victim, ..] = ctx.nodes() else { skip!("there is one node") };
    let (kept, lost) = (survivor.identity(ctx.key()).await?.node_id, victim.identity(ctx.key()).await?.node_id);
    ensure_ok!(
        survivor.rooms(ctx.key()).create_on(&room, &lost).await?,
        "a room can't be pinned",
        blame = Component::LivekitServer,
        fix = FIX
    );
    let held = ctx.participant_at(victim, &room, "held").await?;
    ensure!(held.node_id(), == lost, "the room is not on the node that is to die", blame = Component::LivekitServer, fix = FIX);
    ctx.operator()?.act(&victim.name, Action::Kill).await?;
    let killed = Instant::now();
    let token = ctx.join_token(&room, "came").sign()?;
    let moved = ctx
        .eventually(secs(25), async || {
            Ok(survivor.signal().join(&token).await.ok().filter(|came| came.node_id() == kept))
        })
        .await?;
    let Some(came) = moved else {
        let found = "no join within 25 s";
        return Err(failed(
            "the room of the dead node did not open elsewhere",
            found,
            "a join",
            FIX,
            Some(Component::LivekitServer),
        ));
    };
    let moved_s = killed.elapsed().as_secs_f64();
    let entry = ctx.entry().through(&ctx.entry().http().fresh()?);
    for _ in 0..REQUESTS {
        let answer = entry.get("/", None).await;
        let good = answer.as_ref().is_ok_and(|answer| answer.status == 200);
        let found = answer.map_or_else(|error| error.to_string(), |answer| answer.to_string());
        if !good {
            return Err(failed("the balancer still sends clients to the dead node", found, "200 \"OK\"", FIX, None));
        }
    }
    // What the kill left is seen: an entry that nobody renews, and somebody who is in no call.
    let mut redis = ctx.redis()?.connect().await?;
    ensure!(redis.nodes().await?.iter().any(|node| node.id == lost), == true, "the dead node left no entry", blame = Component::LivekitServer, fix = FIX);
    held.vanish();
    came.leave().await;
    ctx.operator()?.act(&victim.name, Action::Start).await?;
    let client = ctx.redis()?.clone();
    let cleaned = ctx
        .eventually(secs(20), async || {
            let nodes = client.connect().await?.nodes().await?;
            Ok((nodes.len() >= ctx.nodes().len() && nodes.iter().all(|node| node.id != lost)).then_some(()))
        })
        .await?;
    ensure!(cleaned.is_some(), == true, "the entry of the dead node stays", blame = Component::LivekitServer, fix = FIX);
    ctx.pass().measured("room_elsewhere_s", moved_s, AtMost(15.0), 1)?.counted(
        "requests_after",
        REQUESTS,
        Exactly(REQUESTS as f64),
    )
}
