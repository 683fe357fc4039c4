//! Fifty calls at the same moment are all answered, each with its own answer.
//! A backend that starts many rooms at the full hour makes such a burst; a limit on the way loses some of them.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "api.fifty_calls",
    title: "fifty calls at once succeed",
    tags: &["load"],
    blame: Component::Balancer,
    needs: &[Capability::Api, Capability::Load],
    timeout: secs(90),
    lane: Lane::Exclusive,
    proven_by: &[Fault::CallsLimited, Fault::CallsCutOff],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "429 and 503 come from limits of the balancer; look at its `maxconn`, queues and rate limits";

const CALLS: usize = 50;

async fn check(ctx: &Ctx) -> Verdict {
    let names: Vec<String> = (0..CALLS).map(|index| ctx.name(&format!("room-{index}"))).collect();
    let calls = names.iter().map(|name| async move {
        let rooms = ctx.rooms();
        let started = Instant::now();
        let request = proto::CreateRoomRequest { name: name.clone(), metadata: name.clone(), ..Default::default() };
        let created = rooms.create(&request).await?;
        let listed = rooms.participants(name).await?;
        Ok::<_, Halt>((created, listed, started.elapsed()))
    });
    let mut times_ms = Vec::new();
    for (name, answer) in names.iter().zip(join_all(calls).await) {
        let (created, listed, time) = match answer {
            Ok(answers) => answers,
            // Silence is an answer here: that calls are lost is what this is about.
            Err(Halt::Errored(silence)) => {
                return Err(failed("one of fifty calls is not answered at all", silence, "an answer", FIX, None));
            }
            Err(halt) => return Err(halt),
        };
        let room = ensure_ok!(created, "one of fifty calls that create rooms is refused", fix = FIX);
        ensure!((&room.name, &room.metadata), == (name, name), "a call got another call's answer", fix = FIX);
        let present = ensure_ok!(listed, "one of fifty calls that list participants is refused", fix = FIX);
        ensure!(present.len(), == 0, "a new room has somebody in it", fix = FIX);
        times_ms.push(time.as_secs_f64() * 1e3);
    }
    times_ms.sort_by(f64::total_cmp);
    // Nearest rank. Twice the time of one call, since each of the fifty makes two.
    let p95 = times_ms[(CALLS * 95).div_ceil(100) - 1];
    ctx.pass().counted("calls", times_ms.len() * 2, Exactly(100.0))?.measured(
        "two_calls_ms_p95",
        p95,
        AtMost(10_000.0),
        CALLS,
    )
}
