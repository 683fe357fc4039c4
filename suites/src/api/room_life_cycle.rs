//! A room can be created, listed, changed and deleted, and a second creation returns the same room.
//! Applications that pre-create rooms with limits and metadata rely on every one of these steps.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "api.room_life_cycle",
    title: "a room is created, listed, changed and deleted",
    tags: &["smoke"],
    blame: Component::LivekitServer,
    needs: &[Capability::Api],
    timeout: secs(60),
    lane: Lane::Shared,
    proven_by: &[Fault::RedisStopped, Fault::SecretSwapped],
    source: file!(),
    line: line!(),
    run: run!(check),
};

const FIX: &str = "read the node's log at this time; 401 means another key or secret, 500 mostly Redis";

async fn check(ctx: &Ctx) -> Verdict {
    let name = ctx.name("room");
    let rooms = ctx.rooms();
    let request = proto::CreateRoomRequest {
        name: name.clone(),
        metadata: "first".into(),
        ..Default::default()
    };
    let mut slowest = Duration::ZERO;
    let mut calls = 0;
    let mut timed = |started: Instant| {
        slowest = slowest.max(started.elapsed());
        calls += 1;
    };

    let started = Instant::now();
    let created = ensure_ok!(rooms.create(&request).await?, "a room can't be created", fix = FIX);
    timed(started);
    ensure!(created.name, == name, "the room has another name than asked for", fix = FIX);
    ensure!(created.sid.starts_with("RM_"), == true, format!("{:?} is no room sid", created.sid), fix = FIX);

    // The second creation returns the room as it is: its settings are ignored (livekit-server 1.13.5).
    let again = proto::CreateRoomRequest {
        metadata: "second".into(),
        ..request
    };
    let started = Instant::now();
    let again = ensure_ok!(
        rooms.create(&again).await?,
        "creating a live room again is refused",
        fix = FIX
    );
    timed(started);
    ensure!(again.sid, == created.sid, "creating a live room again made another one", fix = FIX);
    ensure!(again.metadata, == "first", "creating a live room again changed its settings", fix = FIX);

    let started = Instant::now();
    ensure_ok!(
        rooms.update_metadata(&name, "changed").await?,
        "its metadata can't be changed",
        fix = FIX
    );
    timed(started);
    let started = Instant::now();
    let listed = ensure_ok!(rooms.list(&[&name]).await?, "rooms can't be listed", fix = FIX);
    timed(started);
    let found: Vec<_> = listed
        .iter()
        .map(|room| (room.sid.as_str(), room.metadata.as_str()))
        .collect();
    ensure!(found, == vec![(created.sid.as_str(), "changed")], "the list does not show the room as it is", fix = FIX);

    let started = Instant::now();
    ensure_ok!(rooms.delete(&name).await?, "a room can't be deleted", fix = FIX);
    timed(started);
    let left = ensure_ok!(rooms.list(&[&name]).await?, "rooms can't be listed", fix = FIX);
    ensure!(left.len(), == 0, "a deleted room is still listed", fix = FIX);

    ctx.pass().measured(
        "api_ms_max",
        slowest.as_secs_f64() * 1e3,
        AtMost(ctx.limits().api_ms_max),
        calls,
    )
}
