//! The numbers that alerts stand on exist on the nodes once a call has been heard.
//! An alert on a name that is gone never fires, and nobody misses it until the outage that it was made for.

use greenlight_harness::clients::Metrics;
use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "monitoring.names_for_alerts",
    title: "the numbers that alerts need exist",
    tags: &[],
    blame: Component::LivekitServer,
    needs: &[Capability::Api, Capability::Prometheus, Capability::Media],
    timeout: secs(60),
    lane: Lane::Shared,
    proven_by: &[Fault::PrometheusMoved, Fault::ScrapeFiltered],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "after an upgrade compare the names in rules and dashboards with `curl NODE:PORT/metrics`";

/// What a gate looks at. A name with labels is there only after its first use, hence the call.
const NAMES: [&str; 12] = [
    "livekit_participant_join_total",
    "livekit_room_total",
    "livekit_participant_total",
    "livekit_track_publish_counter",
    "livekit_track_subscribe_counter",
    "livekit_packet_total",
    "livekit_node_packet_total",
    "livekit_node_twirp_request_status",
    "livekit_session_start_time_ms_count",
    "go_goroutines",
    "process_resident_memory_bytes",
    "process_open_fds",
];

async fn check(ctx: &Ctx) -> Verdict {
    let room = ctx.name("room");
    let mut speaker = ctx.participant(&room, "speaker").await?;
    let mut listener = ctx.participant(&room, "listener").await?;
    speaker.publish_audio().await?;
    ensure!(listener.until_audio(50, secs(15)).await?.is_some(), == true, "no audio to count", fix = FIX);
    ensure_ok!(ctx.rooms().list(&[&room]).await?, "ListRooms is refused", fix = FIX);
    let missing = |now: &Metrics| {
        let known = now.names();
        NAMES.iter().copied().filter(|name| !known.contains(name)).collect::<Vec<_>>()
    };
    let after = ctx.metrics_until(secs(15), |now| missing(now).is_empty()).await?;
    ensure!(missing(&after).join(" "), == "", "names that alerts need are missing", fix = FIX);
    speaker.leave().await;
    listener.leave().await;
    ctx.pass().counted("names_found", NAMES.len(), Exactly(12.0))
}
