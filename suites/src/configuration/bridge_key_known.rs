//! Every node accepts what the bridge signs with its key and secret.
//! A bridge with another secret starts, says that it is healthy, and rejects every call with 486.

use greenlight_harness::clients::Key;
use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "configuration.bridge_key_known",
    title: "the servers know the bridge's key and its secret",
    tags: &[],
    blame: Component::Configuration,
    needs: &[Capability::Api, Capability::ConfigFiles],
    timeout: secs(40),
    lane: Lane::Shared,
    proven_by: &[Fault::BridgeKeyUnknown, Fault::BridgeSecretOther, Fault::BridgeSecretMissing],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "copy one id and its secret from `keys:` in livekit.yaml to api_key and api_secret in sip.yaml";

async fn check(ctx: &Ctx) -> Verdict {
    let bridge = ctx.bridge().await?;
    let [Some(id), Some(secret)] = ["api_key", "api_secret"].map(|path| bridge.setting(path)) else {
        return Err(failed("sip.yaml has no complete key", &bridge.place, "api_key and api_secret", FIX, None));
    };
    let key = Key { id: id.to_owned(), secret: Secret::new(secret) };
    let mut asked = 0;
    for node in ctx.nodes() {
        // The control: a node that refuses everybody says nothing about the bridge.
        ensure_ok!(
            node.rooms(ctx.key()).list(&[]).await?,
            format!("{} refuses our key", node.name),
            fix = COMPARE_KEYS
        );
        let answer = node.rooms(&key).list(&[]).await?.map(drop).map_err(|refusal| refusal.0.status);
        // Neither key nor secret is told, only whether they are good.
        ensure!(answer, == Ok(()), format!("{} refuses what the bridge signs", node.name), fix = FIX);
        asked += 1;
    }
    ctx.pass().counted("nodes_asked", asked, AtLeast(1.0))
}
