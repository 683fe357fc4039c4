//! A restore under a room with people on two nodes: nobody notices.

use crate::phones::Phones;
use crate::trunks::{change, furnish, is_clean, run};
use greenlight_clients::{Rooms, Signal, TokenBuilder, VideoGrant};
use greenlight_media::Participant;
use std::time::Duration;

const ROOM: &str = "conference";
const HEARD_MAX: Duration = Duration::from_secs(20);

pub(super) fn nobody_notices() {
    let phones = Phones::start();
    furnish(&phones);
    phones.point("a", "redis,sip");
    let kept = phones.durable();
    let join = |node: usize, identity: &str| {
        let token =
            TokenBuilder::new(&Phones::key(), VideoGrant::join(ROOM)).identity(identity).sign().expect("signed");
        let signal = Signal::new(phones.endpoint(node));
        phones.wait(async move { Participant::join(&signal, &token).await }).expect("media")
    };
    let (mut alice, mut bob) = (join(0, "alice"), join(1, "bob"));
    assert_eq!(alice.room_sid(), bob.room_sid());
    phones.wait(async {
        alice.publish_audio().await.expect("published");
        bob.publish_audio().await.expect("published");
        for one in [&mut alice, &mut bob] {
            one.until_audio(50, HEARD_MAX).await.expect("there").expect("heard");
        }
    });
    // Twice: with everything changed, and with everything gone.
    for round in ["changed", "gone"] {
        match round {
            "changed" => change(&phones),
            _ => {
                _ = phones.redis_cli(&[
                    "DEL",
                    "sip_inbound_trunk",
                    "sip_outbound_trunk",
                    "sip_dispatch_rule",
                    "ingress",
                ])
            }
        }
        let heard_before = [alice.audio_received(), bob.audio_received()];
        let begun = std::time::Instant::now();
        let (code, said) = run(&phones, "redis,sip");
        let took = begun.elapsed();
        assert_eq!(code, Some(0), "{said}");
        assert_eq!((phones.durable(), phones.counted()), (kept.clone(), [3, 2, 4]));
        // Two more seconds of sound: whoever is cut off by what was restored hears nothing now.
        let left = phones.wait(async {
            let mut left = Vec::new();
            for one in [&mut alice, &mut bob] {
                let wanted = one.audio_received() + 100;
                one.until_audio(wanted, HEARD_MAX).await.expect("still there").expect("still heard");
                left.push(one.until_left(Duration::from_millis(1)).await.expect("still there"));
            }
            left
        });
        assert_eq!(left, [None, None], "somebody was sent away");
        let heard = [alice.audio_received() - heard_before[0], bob.audio_received() - heard_before[1]];
        eprintln!(
            "  {round}: restored in {} ms; packets heard {heard:?}, missed {:?}",
            took.as_millis(),
            [alice.audio_missed(), bob.audio_missed()]
        );
        let carol = join(1, "carol");
        assert_eq!((carol.room_sid(), carol.node_id()), (alice.room_sid(), alice.node_id()), "a second room");
        phones.wait(carol.leave());
        for node in [0, 1] {
            let rooms = Rooms::new(phones.endpoint(node), Phones::key());
            let (listed, people) = phones.wait(async {
                let listed = rooms.list(&[ROOM]).await.expect("an answer").expect("listed");
                let people = rooms.participants(ROOM).await.expect("an answer").expect("listed");
                (listed, people)
            });
            let sids: Vec<&str> = listed.iter().map(|room| room.sid.as_str()).collect();
            assert_eq!(sids, [alice.room_sid()]);
            let mut names: Vec<(&str, &str)> = people
                .iter()
                .map(|one| (one.identity.as_str(), one.sid.as_str()))
                .filter(|one| one.0 != "carol")
                .collect();
            names.sort_unstable();
            assert_eq!(names, [("alice", alice.sid()), ("bob", bob.sid())]);
        }
    }
    is_clean(&phones);
}
