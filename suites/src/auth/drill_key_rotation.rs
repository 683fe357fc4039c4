//! A new key pair can be added to every node, and the old one taken away after that, without a moment that knows neither.
//! A node that keeps its old keys refuses every application that was given the new ones, one call in so many.

use greenlight_harness::clients::{Key, Token, TokenBuilder};
use greenlight_harness::prelude::*;
use greenlight_harness::{ConfigFile, NodeTarget};

pub(super) const CHECK: Check = Check {
    id: "auth.drill_key_rotation",
    title: "keys are rotated node by node",
    tags: &["drill"],
    blame: Component::Keys,
    needs: &[Capability::Api, Capability::TwoNodes, Capability::ConfigFiles, Capability::Drill],
    timeout: secs(300),
    lane: Lane::Exclusive,
    proven_by: &[Fault::KeysInEnvironment],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "look for LIVEKIT_KEYS in the named node's environment: with it the file's `keys` are not read; else compare the file with the other nodes'";

/// A node is up within a second or two; this is for a busy machine.
const START: Duration = secs(30);

/// Texts of livekit.yaml in the order of a rotation.
struct Texts {
    both: Secret,
    new_only: Secret,
    original: Secret,
}

async fn check(ctx: &Ctx) -> Verdict {
    let (old, new) = (ctx.key().clone(), ctx.spare_key()?.clone());
    let mut files = Vec::new();
    for (file, text, _) in ctx.configuration().await? {
        let node = ctx.nodes().iter().find(|node| node.name == file.part);
        let node = node.ok_or_else(|| anyhow::anyhow!("{} is no node that can be asked", file.part))?;
        files.push((node, file, texts(&text, &old, &new)?));
    }
    let room = ctx.name("room");
    let sign = |key: &Key| TokenBuilder::new(key, VideoGrant::join(&room)).identity("caller").sign();
    let (old, new) = (sign(&old)?, sign(&new)?);
    for (node, ..) in &files {
        expect(node, &old, 200, "refuses its own key").await?;
        expect(node, &new, 401, "accepts a key that nobody gave it").await?;
    }
    let mut restarts = 0;
    for (node, file, texts) in &files {
        restart(ctx, node, file, &texts.both).await?;
        expect(node, &new, 200, "refuses the key that was added").await?;
        expect(node, &old, 200, "refuses the old key while both are configured").await?;
        restarts += 1;
    }
    for (node, file, texts) in &files {
        restart(ctx, node, file, &texts.new_only).await?;
        expect(node, &old, 401, "accepts the key that was removed").await?;
        expect(node, &new, 200, "refuses the new key once the old one is gone").await?;
        restarts += 1;
    }
    for (node, file, texts) in &files {
        restart(ctx, node, file, &texts.original).await?;
        expect(node, &old, 200, "refuses the key that was brought back").await?;
        expect(node, &new, 401, "accepts the key that was removed").await?;
        restarts += 1;
    }
    ctx.pass().counted("restarts", restarts, Exactly((3 * ctx.nodes().len()) as f64))
}

/// The server does not start when webhooks are signed with a key that it does not have, so they follow the rotation.
fn texts(original: &Secret, old: &Key, new: &Key) -> anyhow::Result<Texts> {
    let (text, line) = (original.expose(), format!("  {}: {}\n", old.id, old.secret.expose()));
    anyhow::ensure!(text.contains(&line), "the key of this run does not stand under `keys:` as `id: secret`");
    let added = format!("  {}: {}\n", new.id, new.secret.expose());
    let both = text.replace(&line, &format!("{line}{added}"));
    let new_only = text.replace(&line, &added).replace(&old.id, &new.id);
    Ok(Texts { both: Secret::new(both), new_only: Secret::new(new_only), original: original.clone() })
}

/// Gives a node another file, and waits until it answers again.
async fn restart(ctx: &Ctx, node: &NodeTarget, file: &ConfigFile, text: &Secret) -> Result<(), Halt> {
    ctx.operator()?.configure(&file.part, &file.path, text).await?;
    let up = ctx.eventually(START, async || {
        Ok(node.endpoint.get("/", None).await.ok().filter(|answer| answer.status == 200).map(drop))
    });
    match up.await? {
        Some(()) => Ok(()),
        None => Err(failed(
            format!("{} does not start with other keys", node.name),
            format!("no 200 within {} s", START.as_secs()),
            "200",
            "read the node's log: `webhook.api_key` must name one of its keys",
            None,
        )),
    }
}

async fn expect(node: &NodeTarget, token: &Token, status: u16, what: &str) -> Result<(), Halt> {
    let answer = node.signal().validate(token).await?;
    ensure!(answer.status, == status, format!("{} {what}", node.name), fix = FIX);
    Ok(())
}
