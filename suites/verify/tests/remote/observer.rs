//! Redis, looked at by a bare socket while a run goes on: what a run really makes at a target.

use anyhow::{Context as _, Result, ensure};
use std::collections::BTreeSet;
use std::io::{BufReader, Write as _};
use std::net::TcpStream;
use std::process::Output;
use std::sync::atomic::{AtomicBool, Ordering};

/// What Redis had of rooms and participants, looked at all the while by a bare socket.
pub(crate) struct Seen {
    rooms: BTreeSet<String>,
    rooms_max: usize,
    participants_max: usize,
    looks: usize,
}

impl Seen {
    pub(crate) fn within(&self, run_id: &str) -> Result<()> {
        let foreign: Vec<&String> =
            self.rooms.iter().filter(|room| !room.starts_with(&format!("glt-{run_id}-"))).collect();
        ensure!(foreign.is_empty(), "rooms of other names: {foreign:?}");
        ensure!(
            self.looks > 100 && self.rooms_max >= 2,
            "the observer saw {} rooms in {} looks",
            self.rooms_max,
            self.looks
        );
        let most = (self.rooms_max, self.participants_max);
        ensure!(most.0 <= 4 && most.1 <= 4, "{} rooms and {} participants at a time: {:?}", most.0, most.1, self.rooms);
        Ok(())
    }
}

pub(crate) fn observed(place: &str, run: impl FnOnce() -> Result<Output>) -> Result<(Output, Seen)> {
    let ended = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let observer = scope.spawn(|| observe(place, &ended));
        let output = run();
        ended.store(true, Ordering::Relaxed);
        let seen = observer.join().map_err(|_| anyhow::anyhow!("the observer panicked"))??;
        Ok((output?, seen))
    })
}

fn observe(place: &str, ended: &AtomicBool) -> Result<Seen> {
    let stream = TcpStream::connect(place)?;
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut ask = |command: &str| -> Result<Vec<String>> {
        (&stream).write_all(format!("{command}\r\n").as_bytes())?;
        answer(&mut reader)
    };
    let mut seen = Seen { rooms: BTreeSet::new(), rooms_max: 0, participants_max: 0, looks: 0 };
    // Rooms that the staging made to find out whether it is ready.
    let before: BTreeSet<String> = ask("HKEYS rooms")?.into_iter().collect();
    while !ended.load(Ordering::Relaxed) {
        let rooms: Vec<String> = ask("HKEYS rooms")?.into_iter().filter(|room| !before.contains(room)).collect();
        let mut participants = 0;
        for key in ask("KEYS room_participants:*")? {
            participants += ask(&format!("HKEYS {key}"))?.len();
        }
        seen.rooms_max = seen.rooms_max.max(rooms.len());
        seen.participants_max = seen.participants_max.max(participants);
        seen.rooms.extend(rooms);
        seen.looks += 1;
    }
    Ok(seen)
}

/// A list of strings in Redis' protocol (RESP).
fn answer(reader: &mut impl std::io::BufRead) -> Result<Vec<String>> {
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let count: usize = line.trim().strip_prefix('*').with_context(|| format!("Redis says {line:?}"))?.parse()?;
    let mut list = Vec::new();
    for _ in 0..count {
        let mut length = String::new();
        reader.read_line(&mut length)?;
        let length: usize = length.trim().strip_prefix('$').context("no string")?.parse()?;
        let mut bytes = vec![0; length + 2];
        reader.read_exact(&mut bytes)?;
        bytes.truncate(length);
        list.push(String::from_utf8(bytes)?);
    }
    Ok(list)
}
