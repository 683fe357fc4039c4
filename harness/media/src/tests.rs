//! A participant at a server of our own: what the real one was seen to do, and what it must not get away with.

use crate::Participant;
use crate::server::{self, Flaw, Seen};
use greenlight_clients::JoinError;
use greenlight_clients::proto::signal_response::Message;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::UdpSocket;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::{Instant, interval, timeout};

const SECOND: Duration = Duration::from_secs(1);
const BOUND: Duration = Duration::from_secs(10);

async fn refusal(flaw: Flaw) -> String {
    let (signal, token, _log, _say) = server::start(flaw).await;
    let started = Instant::now();
    let error = Participant::join_within(&signal, &token, SECOND).await.err().expect("no success");
    assert!(started.elapsed() < 3 * SECOND, "{:?}", started.elapsed());
    assert!(matches!(error, JoinError::NoMedia(_)), "{error}");
    error.to_string()
}

/// Reads the server's log up to something, and returns that.
async fn until<T>(log: &mut UnboundedReceiver<Seen>, mut wanted: impl FnMut(&Seen) -> Option<T>) -> T {
    let found = async {
        loop {
            if let Some(found) = wanted(&log.recv().await.expect("the server's log goes on")) {
                return found;
            }
        }
    };
    timeout(BOUND, found).await.expect("seen in time")
}

fn exactly(seen: Seen) -> impl Fn(&Seen) -> Option<()> {
    move |other| (*other == seen).then_some(())
}

/// The port of a socket that nobody holds any more can be bound again.
async fn is_free(address: SocketAddr) {
    let mut ticks = interval(Duration::from_millis(10));
    let free = async {
        while UdpSocket::bind(address).await.is_err() {
            ticks.tick().await;
        }
    };
    timeout(BOUND, free).await.expect("the media socket is closed");
}

#[tokio::test]
async fn a_join_ends_when_the_media_path_is_up() {
    let (signal, token, mut log, _say) = server::start(Flaw::None).await;
    let guest = Participant::join(&signal, &token).await.expect("a participant");
    assert_eq!(
        [guest.identity(), guest.sid(), guest.room_sid(), guest.node_id()],
        ["guest", "PA_guest", "RM_room", "ND_node"]
    );
    // The server knows an answer by the id of its offer.
    assert!(
        until(&mut log, |seen| if let Seen::Answer(id, address) = seen { Some((*id, *address)) } else { None }).await.0
            == 114
    );
    until(&mut log, exactly(Seen::Ping)).await;
}

#[tokio::test]
async fn a_join_without_a_media_path_fails_in_time_and_says_what_was_missing() {
    let error = refusal(Flaw::NoOffer).await;
    assert_eq!(
        error,
        "the connection opened, but no media path came up within 1 s: the server sent no session description"
    );
    let error = refusal(Flaw::NoUdp).await;
    assert!(error.contains("nothing answers over UDP at {127.0.0.1:"), "{error}");
    let error = refusal(Flaw::Leave).await;
    assert!(error.ends_with("the server told the participant to leave: ROOM_DELETED (5), DISCONNECT (0)"), "{error}");
}

#[tokio::test]
async fn nothing_is_left_of_a_participant_that_vanished() {
    let (signal, token, mut log, _say) = server::start(Flaw::None).await;
    let mut guest = Participant::join(&signal, &token).await.expect("a participant");
    guest.publish_audio().await.expect("a track");
    let address = until(&mut log, |seen| if let Seen::Answer(_, address) = seen { Some(*address) } else { None }).await;
    assert!(UdpSocket::bind(address).await.is_err(), "it was not the guest's");
    guest.vanish();
    is_free(address).await;
    let goodbye = until(&mut log, |seen| match seen {
        Seen::Leave => Some(true),
        Seen::Gone => Some(false),
        _ => None,
    });
    assert!(!goodbye.await, "it said goodbye");
}

#[tokio::test]
async fn leaving_says_goodbye_and_closes_everything() {
    let (signal, token, mut log, _say) = server::start(Flaw::None).await;
    let guest = Participant::join(&signal, &token).await.expect("a participant");
    let address = until(&mut log, |seen| if let Seen::Answer(_, address) = seen { Some(*address) } else { None }).await;
    guest.leave().await;
    until(&mut log, exactly(Seen::Leave)).await;
    until(&mut log, exactly(Seen::Gone)).await;
    is_free(address).await;
}

#[tokio::test]
async fn data_goes_both_ways() {
    let (signal, token, mut log, say) = server::start(Flaw::None).await;
    let mut guest = Participant::join(&signal, &token).await.expect("a participant");
    assert_eq!(guest.next_data(Duration::from_millis(50)).await.expect("still there"), None);
    guest.send_data("topic", b"out").await.expect("sent");
    until(&mut log, exactly(Seen::Data(b"out".to_vec()))).await;
    say.send(Message::RefreshToken("in".into())).await.expect("said");
    assert_eq!(guest.next_data(BOUND).await.expect("still there").as_deref(), Some(b"in".as_slice()));
}

#[tokio::test]
async fn audio_is_sent_from_the_servers_word_on() {
    let (signal, token, mut log, _say) = server::start(Flaw::None).await;
    let mut guest = Participant::join(&signal, &token).await.expect("a participant");
    assert_eq!(guest.publish_audio().await.expect("a track"), "TR_track");
    until(&mut log, |seen| matches!(seen, Seen::Audio(count) if *count >= 25).then_some(())).await;
    assert_eq!(guest.publish_audio().await.expect("the same track"), "TR_track");
    assert_eq!(guest.audio_received(), 0);
    assert_eq!(guest.until_audio(1, Duration::from_millis(50)).await.expect("still there"), None);
}

#[tokio::test]
async fn a_refused_track_is_an_error_at_once() {
    let (signal, token, _log, _say) = server::start(Flaw::NoTracks).await;
    let mut guest = Participant::join(&signal, &token).await.expect("a participant");
    let started = Instant::now();
    for _ in 0..2 {
        let error = guest.publish_audio().await.expect_err("no track");
        assert_eq!(error.to_string(), "the server refused the track: NOT_ALLOWED");
    }
    assert!(started.elapsed() < 5 * SECOND);
}

#[tokio::test]
async fn being_sent_away_is_told_and_ends_everything_else() {
    let (signal, token, mut log, say) = server::start(Flaw::None).await;
    let mut guest = Participant::join(&signal, &token).await.expect("a participant");
    assert_eq!(guest.until_left(Duration::from_millis(50)).await.expect("still there"), None);
    say.send(Message::Leave(server::leave())).await.expect("said");
    assert_eq!(guest.until_left(BOUND).await.expect("a reason"), Some((5, 0)));
    until(&mut log, exactly(Seen::Gone)).await;
    let error = guest.next_data(BOUND).await.expect_err("the end").to_string();
    let why = "the participant guest ended: the server told the participant to leave: ROOM_DELETED (5), DISCONNECT (0)";
    assert_eq!(error, why);
    assert_eq!(guest.send_data("topic", b"late").await.expect_err("the end").to_string(), why);
    assert_eq!(guest.until_audio(1, BOUND).await.expect_err("the end").to_string(), why);
    assert_eq!(guest.until_left(SECOND).await.expect("still known"), Some((5, 0)));
}
