//! Every key of sip.yaml is one that the bridge knows, once, with a value of its kind.
//! The bridge ignores what it does not know and says nothing: a misspelt setting has its default for ever.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "configuration.bridge_keys_known",
    title: "no key of the bridge is misspelt",
    tags: &[],
    blame: Component::Configuration,
    needs: &[Capability::ConfigFiles],
    timeout: secs(40),
    lane: Lane::Shared,
    proven_by: &[
        Fault::BridgeKeyMisspelt,
        Fault::BridgeKeyTwice,
        Fault::BridgeFileUnreadable,
        Fault::BridgeValueOfOtherKind,
        Fault::BridgeDurationBare,
    ],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "correct the key; the sample configuration of livekit-sip has all of them";

const RULES: &[&str] = &["yaml_syntax", "unknown_key", "duplicate_key", "wrong_type", "duration_without_unit"];

async fn check(ctx: &Ctx) -> Verdict {
    ctx.lint_bridge(RULES).await?.verdict(ctx)
}
