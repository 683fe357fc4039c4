//! Every key of livekit.yaml is one that livekit-server knows, once, with a value of its kind.
//! The next start ends on it with exit status 0; where strict parsing is off, it is ignored in silence.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "configuration.no_unknown_keys",
    title: "no key is misspelt",
    tags: &[],
    blame: Component::Configuration,
    needs: &[Capability::ConfigFiles, Capability::Engine],
    timeout: secs(40),
    lane: Lane::Shared,
    proven_by: &[Fault::KeyMisspelt, Fault::FileUnreadable],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "correct the key; the sample configuration of livekit-server has all of them";

const RULES: &[&str] = &[
    "yaml_syntax",
    "empty_document",
    "unknown_key",
    "chart_only_key",
    "debug_handler_port",
    "duplicate_key",
    "wrong_type",
    "duration_without_unit",
];

async fn check(ctx: &Ctx) -> Verdict {
    ctx.lint(RULES).await?.verdict(ctx)
}
