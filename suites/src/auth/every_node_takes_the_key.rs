//! Every node, asked directly, accepts the key of this run and refuses its name with another secret.
//! A node with other keys refuses one call in so many, at random for whoever looks from outside.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "auth.every_node_takes_the_key",
    title: "every node takes the key, and no other secret",
    tags: &[],
    blame: Component::Keys,
    needs: &[Capability::Api, Capability::TwoNodes],
    timeout: secs(40),
    lane: Lane::Shared,
    proven_by: &[Fault::SecretSwapped],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "compare `keys:` in livekit.yaml of the named node with the others; restart it after a change";

async fn check(ctx: &Ctx) -> Verdict {
    let token = ctx.join_token(&ctx.name("room"), "caller");
    let good = token.sign()?;
    let forged = token.secret(Secret::new("somebody else's secret, long enough for a key")).sign()?;
    let mut nodes = 0;
    for node in ctx.nodes() {
        let answer = node.signal().validate(&good).await?;
        ensure!(answer.status, == 200, format!("{} refuses the key", node.name), fix = FIX);
        let answer = node.signal().validate(&forged).await?;
        ensure!(answer.status, == 401, format!("{} accepts another secret", node.name), blame = Component::LivekitServer, fix = FIX);
        nodes += 1;
    }
    ctx.pass().counted("nodes", nodes, Exactly(ctx.nodes().len() as f64))
}
