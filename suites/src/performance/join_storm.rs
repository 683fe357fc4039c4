//! Fifty who join within a second all get in, into one room and into ten.
//! Meetings begin on the hour, and after a network outage everybody comes back at once.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "performance.join_storm",
    title: "fifty joins within a second all succeed in time",
    tags: &["load"],
    blame: Component::LivekitServer,
    needs: &[Capability::Api, Capability::Load],
    timeout: secs(90),
    lane: Lane::Exclusive,
    proven_by: &[Fault::JoinsLimited],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "look for limits on requests before the server (HAProxy `http_req_rate`, nginx `limit_req`) and at the processor time of the nodes";

const AT_ONCE: usize = 50;

async fn check(ctx: &Ctx) -> Verdict {
    let mut series = Vec::new();
    let mut causes = (String::new(), None);
    let mut course: Option<Course> = None;
    for (rooms, word) in [(1, "one"), (10, "many")] {
        let mut load = ctx.load_of(Scenario::HeldJoins, rooms);
        // Five times the steady rate. Within 250 ms, on two processors that target and generator share, the generator was
        // late by 130 ms itself.
        (load.users, load.spread_ms) = (AT_ONCE, 1_000);
        let run = ctx.load(&load).await?;
        let (cause, blame) = refusals(&run);
        causes = (causes.0 + &cause, causes.1.or(blame));
        series.extend(joins(&run, &[("path", "balancer"), ("load", "storm"), ("rooms", word)]));
        // Both are ramped alike, and what is rated here is a share: their seconds decide nothing.
        course = Some(Course::of(&load, &run));
    }
    let (cause, blame) = causes;
    let course = course.ok_or_else(|| Halt::Errored("no load has run".into()))?;
    ctx.judge(&series, &course, &cause, |_| blame, FIX)
}
