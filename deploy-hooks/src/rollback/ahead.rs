//! Reads ahead: what is read is worked on by a thread of its own, while what was read before is worked on by another.

use std::io::{self, Read};
use std::sync::mpsc::{Receiver, sync_channel};

const CHUNK_BYTES: usize = 256 << 10;
/// So many chunks are read before anybody has asked for them.
const CHUNKS: usize = 8;

/// What a thread reads.
pub(super) struct Ahead {
    /// An empty chunk is the end. Without it nobody knows what is missing.
    chunks: Receiver<io::Result<Vec<u8>>>,
    chunk: Vec<u8>,
    taken: usize,
    ended: bool,
}

impl Ahead {
    /// Begins to read. The thread ends with what it reads, or with this.
    ///
    /// # Errors
    /// There is no thread to be had.
    pub(super) fn of(mut from: impl Read + Send + 'static) -> io::Result<Self> {
        let (sender, chunks) = sync_channel(CHUNKS);
        let read = move || {
            loop {
                let mut chunk = Vec::with_capacity(CHUNK_BYTES);
                let said = from.by_ref().take(CHUNK_BYTES as u64).read_to_end(&mut chunk).map(|_| chunk);
                let is_last = said.as_ref().map_or(true, Vec::is_empty);
                if sender.send(said).is_err() || is_last {
                    return;
                }
            }
        };
        std::thread::Builder::new().name("reads ahead".to_owned()).spawn(read)?;
        Ok(Self { chunks, chunk: Vec::new(), taken: 0, ended: false })
    }
}

impl Read for Ahead {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.taken == self.chunk.len() && !self.ended {
            let gone = |_| io::Error::other("whoever reads ahead has died");
            (self.chunk, self.taken) = (self.chunks.recv().map_err(gone)??, 0);
            self.ended = self.chunk.is_empty();
        }
        let length = (&self.chunk[self.taken..]).read(buffer)?;
        self.taken += length;
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::{Ahead, CHUNK_BYTES};
    use std::io::{self, Cursor, Read};

    /// Gives what it has, and then does what it is told.
    struct Then(Cursor<Vec<u8>>, fn() -> io::Result<usize>);

    impl Read for Then {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            match self.0.read(buffer)? {
                0 => (self.1)(),
                length => Ok(length),
            }
        }
    }

    fn read(bytes: usize, then: fn() -> io::Result<usize>) -> (io::Result<usize>, Vec<u8>) {
        let mut all = Vec::new();
        let from = Then(Cursor::new((0..bytes).map(|byte| (byte % 251) as u8).collect()), then);
        (Ahead::of(from).expect("a thread").read_to_end(&mut all), all)
    }

    #[test]
    fn an_end_is_told_from_a_failure_and_a_death() {
        for bytes in [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, 20 * CHUNK_BYTES + 7] {
            let (ended, all) = read(bytes, || Ok(0));
            assert_eq!((ended.expect("its end"), all.len()), (bytes, bytes));
            assert!(all.iter().enumerate().all(|(at, byte)| *byte == (at % 251) as u8));
            let (failed, _) = read(bytes, || Err(io::Error::other("no more")));
            assert_eq!(failed.expect_err("it failed").to_string(), "no more");
            let (died, _) = read(bytes, || panic!("it dies"));
            assert_eq!(died.expect_err("it died").to_string(), "whoever reads ahead has died");
        }
    }
}
