//! Every enabled codec is one that exists.
//! A misspelt codec is as good as left out: callers who need it see and hear nothing.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "configuration.codecs_known",
    title: "enabled codecs exist",
    tags: &[],
    blame: Component::Configuration,
    needs: &[Capability::ConfigFiles, Capability::Engine],
    timeout: secs(40),
    lane: Lane::Shared,
    proven_by: &[Fault::CodecMisspelt],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "write the MIME type, such as audio/opus, video/VP8 or video/H264";

const RULES: &[&str] = &["codec_unknown"];

async fn check(ctx: &Ctx) -> Verdict {
    ctx.lint(RULES).await?.verdict(ctx)
}
