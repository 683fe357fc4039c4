//! Webhook filters name events that exist, and do not contradict one another.
//! A misspelt event is filtered for ever, or never; the application waits for something that is not sent.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "configuration.webhook_filters_known",
    title: "webhook filters are understood",
    tags: &[],
    blame: Component::Configuration,
    needs: &[Capability::ConfigFiles, Capability::Engine],
    timeout: secs(40),
    lane: Lane::Shared,
    proven_by: &[Fault::WebhookEventUnknown],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "write room_started, participant_joined and the like, and one of include_events and exclude_events";

const RULES: &[&str] = &["webhook_event_unknown", "webhook_filter_twice"];

async fn check(ctx: &Ctx) -> Verdict {
    ctx.lint(RULES).await?.verdict(ctx)
}
