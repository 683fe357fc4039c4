//! The TURN relay range has a start and an end, in this order.
//! A range that ends before it starts is no range: every allocation fails while the server looks healthy.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "configuration.turn_relay_range_ordered",
    title: "the TURN relay range is a range",
    tags: &[],
    blame: Component::Configuration,
    needs: &[Capability::ConfigFiles, Capability::Engine],
    timeout: secs(40),
    lane: Lane::Shared,
    proven_by: &[Fault::TurnRelayRangeInverted],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "swap relay_range_start and relay_range_end";

const RULES: &[&str] = &["turn_relay_range", "turn_relay_range_half"];

async fn check(ctx: &Ctx) -> Verdict {
    ctx.lint(RULES).await?.verdict(ctx)
}
