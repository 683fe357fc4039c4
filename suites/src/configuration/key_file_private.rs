//! A key file is read by its owner only, and is the one place of keys.
//! A node ends its next start when others may read the file, and keys beside a key file open nothing.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "configuration.key_file_private",
    title: "the key file is private",
    tags: &["security"],
    blame: Component::Configuration,
    needs: &[Capability::ConfigFiles, Capability::Engine],
    timeout: secs(40),
    lane: Lane::Shared,
    proven_by: &[Fault::KeyFileOpen],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "chmod 600 the key file, and keep keys either there or in livekit.yaml";

const RULES: &[&str] = &["key_file_mode", "keys_and_key_file"];

async fn check(ctx: &Ctx) -> Verdict {
    ctx.lint(RULES).await?.verdict(ctx)
}
