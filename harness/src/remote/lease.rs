//! One run at a time on a target that others use too, and what a killed one has left.
//!
//! The lease is a room: every deployment has rooms, and a room ends by itself when nobody renews it. Whoever comes makes
//! its own marker first and looks then; the older marker stays. The server's own clock says which is older.

use super::discovery::RemoteError;
use crate::target::IDENTITY_ROOM;
use greenlight_clients::{Rooms, proto};
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval};

/// All that is ours begins so.
const OURS: &str = "glt-";
/// The room in which a run looks what joins are offered.
pub(super) const LOOK: &str = "look";
/// How long a marker lives that nobody renews, in seconds: so long a killed run keeps the next one out.
const LIFE_S: u32 = 60;
/// How often it is renewed.
const RENEWED: Duration = Duration::from_secs(25);

/// Held while a run is at the target. Dropping it stops the renewal; [`Lease::release`] also removes the marker.
pub(super) struct Lease {
    rooms: Rooms,
    run_id: String,
    renewal: JoinHandle<()>,
}

/// What stands behind `glt-` and a run's five letters and digits. Other rooms may begin with `glt-` and be somebody's.
fn part_of_a_run(name: &str) -> Option<&str> {
    let (run, part) = name.strip_prefix(OURS)?.split_once('-')?;
    let is_run = run.len() == 5 && run.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    is_run.then_some(part)
}

/// A marker as the server lists it.
fn is_marker(name: &str) -> bool {
    matches!(part_of_a_run(name), Some("lease-0" | "lease-1" | "lease-2"))
}

/// A run that has renewed its marker was here before whoever comes, whenever the room itself was made.
fn is_renewed(name: &str) -> bool {
    is_marker(name) && !name.ends_with("-0")
}

/// A room that a run has made and a later one may remove: of a check (`suite.name-part`), or of the look at the start.
fn is_left(name: &str) -> bool {
    name == IDENTITY_ROOM
        || part_of_a_run(name).is_some_and(|part| part == LOOK || part.split('-').next().is_some_and(is_check))
}

/// `suite.name`, as every check is called.
fn is_check(id: &str) -> bool {
    let is_word = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    id.split_once('.').is_some_and(|(suite, name)| is_word(suite) && is_word(name))
}

fn marker(run_id: &str, turn: u64) -> proto::CreateRoomRequest {
    // After the first two names in turn: one is made before the other ends.
    let turn = if turn == 0 { 0 } else { 2 - turn % 2 };
    let name = format!("{OURS}{run_id}-lease-{turn}");
    proto::CreateRoomRequest { name, empty_timeout: LIFE_S, ..Default::default() }
}

impl Lease {
    /// Takes the target for this run, removes rooms that a killed run has left, and names them.
    ///
    /// # Errors
    /// When another run is at it, or rooms can't be made or listed.
    pub(super) async fn take(rooms: &Rooms, run_id: &str) -> Result<(Self, Vec<String>), RemoteError> {
        let refused =
            |error: &dyn std::fmt::Display| RemoteError::Unusable(format!("marking this run with a room: {error}"));
        let own = rooms
            .create(&marker(run_id, 0))
            .await
            .map_err(|error| refused(&error))?
            .map_err(|error| refused(&error))?;
        let lease =
            Self { rooms: rooms.clone(), run_id: run_id.to_owned(), renewal: renew(rooms.clone(), run_id.to_owned()) };
        let listed = match rooms.list(&[]).await {
            Ok(Ok(listed)) => listed,
            Ok(Err(error)) => return Err(lease.given_up(refused(&error)).await),
            Err(error) => return Err(lease.given_up(refused(&error)).await),
        };
        if let Some(other) = earlier(&listed, &own) {
            let held_s = (made_ms(&own) - made_ms(other)).max(0) / 1000;
            let error = RemoteError::Busy(format!(
                "another run is at this target: its room {} was made {held_s} s ago; wait until it has ended, or a minute if it was killed",
                other.name
            ));
            return Err(lease.given_up(error).await);
        }
        let mut swept = Vec::new();
        for room in listed.iter().filter(|room| room.name.starts_with(OURS) && room.name != own.name) {
            // One that comes later gives way to this run by itself.
            if is_left(&room.name) && rooms.remove(&room.name).await {
                swept.push(room.name.clone());
            }
        }
        Ok((lease, swept))
    }

    async fn given_up(self, error: RemoteError) -> RemoteError {
        self.release().await;
        error
    }

    /// Removes the marker. One that can't be removed ends within a minute.
    pub(super) async fn release(self) {
        self.renewal.abort();
        remove(&self.rooms, &self.run_id).await;
    }
}

/// Removes the markers of a run.
pub(super) async fn remove(rooms: &Rooms, run_id: &str) {
    for turn in 0..3 {
        let _ = rooms.delete(&marker(run_id, turn).name).await;
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.renewal.abort();
    }
}

/// When a room was made; livekit-server 1.7.0 knows seconds only.
fn made_ms(room: &proto::Room) -> i64 {
    if room.creation_time_ms > 0 { room.creation_time_ms } else { room.creation_time * 1000 }
}

/// The marker of another run that was here before this one.
fn earlier<'a>(listed: &'a [proto::Room], own: &proto::Room) -> Option<&'a proto::Room> {
    let age = |room: &proto::Room| (made_ms(room), room.name.clone());
    listed
        .iter()
        .filter(|room| is_marker(&room.name) && room.name != own.name)
        .filter(|room| is_renewed(&room.name) || age(room) < age(own))
        // Of a node that died a room stays listed for ever.
        .find(|room| made_ms(own) - made_ms(room) <= i64::from(LIFE_S) * 1000)
}

fn renew(rooms: Rooms, run_id: String) -> JoinHandle<()> {
    tokio::spawn(async move {
        let mut ticks = interval(RENEWED);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        ticks.tick().await;
        for turn in 1.. {
            ticks.tick().await;
            if matches!(rooms.create(&marker(&run_id, turn)).await, Ok(Ok(_))) {
                let _ = rooms.delete(&marker(&run_id, turn - 1).name).await;
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::{earlier, is_left, is_marker, marker};
    use greenlight_clients::proto::Room;

    fn room(name: &str, made_ms: i64) -> Room {
        Room { name: name.into(), creation_time_ms: made_ms, ..Default::default() }
    }

    #[test]
    fn only_the_earlier_of_two_runs_goes_on() {
        let (a, b) = (room("glt-aaaaa-lease-0", 1_000), room("glt-bbbbb-lease-0", 1_500));
        let listed = [room("a-meeting", 10), a.clone(), b.clone(), room("glt-aaaaa-api.x-room", 900)];
        assert_eq!(earlier(&listed, &b), Some(&a));
        assert_eq!(earlier(&listed, &a), None);
        let same = room("glt-bbbbb-lease-0", 1_000);
        assert_eq!(
            (earlier(&[a.clone(), same.clone()], &same), earlier(&[a.clone(), same.clone()], &a)),
            (Some(&a), None)
        );
    }

    #[test]
    fn a_marker_that_nobody_renews_holds_nobody_up() {
        let (dead, own) = (room("glt-aaaaa-lease-1", 1_000), room("glt-bbbbb-lease-0", 62_000));
        assert_eq!(earlier(&[dead, own.clone()], &own), None);
        assert!(is_marker("glt-aaaaa-lease-1") && !is_marker("glt-aaaaa-api.lease-room") && !is_marker("lease-1"));
    }

    #[test]
    fn a_run_that_renews_its_marker_just_now_was_there_before() {
        let own = room("glt-bbbbb-lease-0", 24_990);
        let renewed = room("glt-aaaaa-lease-1", 25_000);
        assert_eq!(earlier(&[own.clone(), renewed.clone()], &own), Some(&renewed));
        let names: Vec<String> = (0..5).map(|turn| marker("aaaaa", turn).name).collect();
        let ends: Vec<&str> = names.iter().filter_map(|name| name.strip_prefix("glt-aaaaa-lease-")).collect();
        assert_eq!(ends, ["0", "1", "2", "1", "2"]);
    }

    #[test]
    fn a_room_of_somebody_that_begins_alike_is_not_ours() {
        for ours in ["glt-k3f9x-api.full_room-room", "glt-k3f9x-look", "glt-k3f9x-auth.refresh_token_keeps_key-a-b"] {
            assert!(is_left(ours), "{ours}");
        }
        for theirs in [
            "glt",
            "glt-",
            "glt-mine",
            "glt-customer-lobby",
            "glt-lobby-2026",
            "glt-lobby-a.b.c-room",
            "glt-customer-api.call-room",
            "glt-customer-lease-1",
        ] {
            assert!(!is_left(theirs) && !is_marker(theirs), "{theirs}");
        }
        assert!(!is_marker("glt-abc-lease-x") && !is_marker("glt-lobby-lease-9") && !is_left("glt-k3f9x-lease-0"));
    }
}
