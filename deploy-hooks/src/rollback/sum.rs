//! Length and BLAKE3 of what goes by.

use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

/// BLAKE3 is fast from pieces of many KiB on only.
pub(super) const READ_BYTES: usize = 128 << 10;

/// What is known of bytes: how many they are, and their sum.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Sum {
    /// Their number.
    pub(super) bytes: u64,
    /// Their BLAKE3, 256 bits in hex, as `b3sum` prints it.
    pub(super) blake3: String,
}

/// Bytes that are read or written through it are counted and summed.
pub(super) struct Summed<T> {
    pub(super) inner: T,
    hash: blake3::Hasher,
    bytes: u64,
}

impl<T> Summed<T> {
    /// Nothing has gone by yet.
    pub(super) fn of(inner: T) -> Self {
        Self { inner, hash: blake3::Hasher::new(), bytes: 0 }
    }

    /// Of what has gone by so far.
    pub(super) fn sum(&self) -> Sum {
        Sum { bytes: self.bytes, blake3: self.hash.finalize().to_hex().to_string() }
    }

    /// These have gone by, too.
    pub(super) fn add(&mut self, piece: &[u8]) {
        self.hash.update(piece);
        self.bytes += piece.len() as u64;
    }
}

impl<R: Read> Read for Summed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.inner.read(buffer)?;
        self.add(&buffer[..length]);
        Ok(length)
    }
}

impl<W: Write> Write for Summed<W> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let length = self.inner.write(buffer)?;
        self.add(&buffer[..length]);
        Ok(length)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// Of a file.
///
/// # Errors
/// When it can't be read.
pub(super) fn sum(path: &Path) -> io::Result<Sum> {
    copy(&mut File::open(path)?, |_| Ok(()))
}

/// Of everything that comes, which is handed on a piece at a time.
///
/// # Errors
/// When it can't be read, or handed on.
pub(super) fn copy(from: &mut (impl Read + ?Sized), to: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<Sum> {
    let mut from = Summed::of(from);
    hand_on(&mut from, |error| error, to)?;
    Ok(from.sum())
}

/// Hands everything that comes on, a piece at a time.
///
/// # Errors
/// What `unread` makes of a failure to read, or why a piece can't be handed on.
pub(super) fn hand_on<E>(
    from: &mut (impl Read + ?Sized),
    unread: impl Fn(io::Error) -> E,
    mut to: impl FnMut(&[u8]) -> Result<(), E>,
) -> Result<(), E> {
    let mut buffer = vec![0; READ_BYTES];
    loop {
        match from.read(&mut buffer).map_err(&unread)? {
            0 => return Ok(()),
            length => to(&buffer[..length])?,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Summed, copy};
    use std::io::Write as _;

    /// Of the test vectors of BLAKE3 itself (`test_vectors.json`: bytes that count from 0 to 250, again and again).
    #[test]
    fn sums_are_those_of_blake3() {
        for (bytes, blake3) in [
            (0, "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"),
            (1, "2d3adedff11b61f14c886e35afa036736dcd87a74d27b5c1510225d0f592e213"),
            (102_400, "bc3e3d41a1146b069abffad3c0d44860cf664390afce4d9661f7902e7943e085"),
        ] {
            let text: Vec<u8> = (0..bytes).map(|at| (at % 251) as u8).collect();
            let mut came = Vec::new();
            let read = copy(&mut &text[..], |piece| came.write_all(piece)).expect("read");
            let mut written = Summed::of(Vec::new());
            text.chunks(1_000).try_for_each(|piece| written.write_all(piece)).expect("written");
            assert_eq!((read.bytes, read.blake3.as_str()), (bytes, blake3));
            assert_eq!((written.sum(), &came, &written.inner), (read, &text, &text));
        }
    }
}
