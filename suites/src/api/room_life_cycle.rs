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
    proven_by: &[
        Fault::RedisStopped,
        Fault::CertificateExpired,
        Fault::CertificateOtherName,
        Fault::CertificateOtherIssuer,
        Fault::SecretSwapped,
        Fault::NodeOnOtherRedis,
        Fault::DeletionSwallowed,
        Fault::AdminDropped,
        Fault::RoomSwapped,
    ],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "read the node's log at this time; 401 means another key or secret, 500 mostly Redis";

/// What is changed must show in lists within this time.
const SETTLED_WITHIN: Duration = secs(5);

async fn check(ctx: &Ctx) -> Verdict {
    let name = ctx.name("room");
    let rooms = ctx.rooms();
    let request = proto::CreateRoomRequest { name: name.clone(), metadata: "first".into(), ..Default::default() };
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

    // The second creation returns the room as it is: its settings are ignored (livekit-server 1.13.5; 1.7.0 takes them).
    let again = proto::CreateRoomRequest { metadata: "second".into(), ..request };
    let started = Instant::now();
    let again = ensure_ok!(rooms.create(&again).await?, "creating a live room again is refused", fix = FIX);
    timed(started);
    ensure!(again.sid, == created.sid, "creating a live room again made another one", fix = FIX);
    let kept = if ctx.is_since(1, 13) { "first" } else { "second" };
    ensure!(again.metadata, == kept, "creating a live room again changed its settings", fix = FIX);

    let started = Instant::now();
    ensure_ok!(rooms.update_metadata(&name, "changed").await?, "its metadata can't be changed", fix = FIX);
    timed(started);
    // Rooms are listed out of Redis, which the owning node updates a moment after it has answered.
    let sid = created.sid.clone();
    let shown = ctx.eventually(SETTLED_WITHIN, async || {
        let listed = rooms.list(&[&name]).await?;
        let found = listed.unwrap_or_default().into_iter().map(|room| (room.sid, room.metadata));
        Ok(found.eq([(sid.clone(), "changed".to_owned())]).then_some(()))
    });
    ensure!(shown.await?.is_some(), == true, "the list does not come to show the room as it is", fix = FIX);

    let started = Instant::now();
    ensure_ok!(rooms.delete(&name).await?, "a room can't be deleted", fix = FIX);
    timed(started);
    let gone = ctx.eventually(SETTLED_WITHIN, async || {
        Ok(rooms.list(&[&name]).await?.is_ok_and(|left| left.is_empty()).then_some(()))
    });
    ensure!(gone.await?.is_some(), == true, "a deleted room stays listed", fix = FIX);

    ctx.pass().measured("api_ms_max", slowest.as_secs_f64() * 1e3, AtMost(ctx.limits().api_ms_max), calls)
}
