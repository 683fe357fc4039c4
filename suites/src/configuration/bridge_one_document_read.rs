//! A sip.yaml has one YAML document.
//! Whatever stands below a second `---` is not read, and nothing says so.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "configuration.bridge_one_document_read",
    title: "sip.yaml has one document",
    tags: &[],
    blame: Component::Configuration,
    needs: &[Capability::ConfigFiles],
    timeout: secs(40),
    lane: Lane::Shared,
    proven_by: &[Fault::BridgeSecondDocument],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "remove the `---`, or the documents that are not meant";

const RULES: &[&str] = &["second_document"];

async fn check(ctx: &Ctx) -> Verdict {
    ctx.lint_bridge(RULES).await?.verdict(ctx)
}
