//! An archive while it is written: tar, zstd, age, one after the other, a buffer at a time. Nothing in clear text is
//! written anywhere.

use super::sum::{Sum, Summed};
use serde::Serialize;
use std::io::{self, Read, Write};

/// zstd's own default.
const LEVEL: i32 = 3;
/// A stream whose length nobody knows beforehand is cut into pieces of this size; one is in memory at a time.
pub(super) const PIECE_BYTES: usize = 4 << 20;

/// zstd compresses on threads of its own, while this one reads, sums and encrypts.
const THREADS: u32 = 2;

/// Where its bytes go.
pub(super) trait Out: Write + Send {
    /// Everything was written, and must last.
    ///
    /// # Errors
    /// When it does not.
    fn end(&mut self) -> io::Result<()>;
}

impl Out for std::fs::File {
    fn end(&mut self) -> io::Result<()> {
        self.sync_all()
    }
}

/// What is encrypted is summed as it leaves.
type Encrypted = age::stream::StreamWriter<Summed<Box<dyn Out>>>;

/// An archive that is being written. Only its recipients can read it.
pub(super) struct Writer {
    tar: tar::Builder<zstd::Encoder<'static, Encrypted>>,
}

impl Writer {
    /// Begins one.
    ///
    /// # Errors
    /// When nothing can be written there.
    pub(super) fn new(out: Box<dyn Out>, recipients: &[age::x25519::Recipient]) -> io::Result<Self> {
        let recipients = recipients.iter().map(|recipient| recipient as &dyn age::Recipient);
        let encryptor = age::Encryptor::with_recipients(recipients).map_err(io::Error::other)?;
        let encrypted = encryptor.wrap_output(Summed::of(out))?;
        let mut compressed = zstd::Encoder::new(encrypted, LEVEL)?;
        compressed.multithread(THREADS)?;
        Ok(Self { tar: tar::Builder::new(compressed) })
    }

    /// Adds a file of a known length. Exactly as long as announced: one that grows must not spill into the next.
    ///
    /// # Errors
    /// What can't be read or written.
    pub(super) fn file(&mut self, name: &str, bytes: u64, from: impl Read) -> io::Result<()> {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes);
        header.set_mode(0o600);
        header.set_entry_type(tar::EntryType::Regular);
        self.tar.append_data(&mut header, name, from.take(bytes))
    }

    /// Adds a value as JSON, of at most so many bytes as whoever reads it will take.
    ///
    /// # Errors
    /// What can't be written, or would not be read again.
    pub(super) fn json(&mut self, name: &str, value: &impl Serialize, bytes_max: u64) -> io::Result<()> {
        let text = serde_json::to_vec(value)?;
        if text.len() as u64 > bytes_max {
            let bytes = text.len();
            return Err(io::Error::other(format!(
                "the list of what is in it has {bytes} bytes, and no restore reads more than {bytes_max}; keep less in one point"
            )));
        }
        self.file(name, text.len() as u64, &text[..])
    }

    /// Adds a stream in pieces `name/0`, `name/1`, …: `tar xO` puts them together again.
    ///
    /// # Errors
    /// What can't be read or written.
    pub(super) fn stream(&mut self, name: &str, from: impl Read) -> io::Result<Sum> {
        let (mut piece, mut from) = (Vec::with_capacity(PIECE_BYTES), Summed::of(from));
        for number in 0_u64.. {
            piece.clear();
            from.by_ref().take(PIECE_BYTES as u64).read_to_end(&mut piece)?;
            if piece.is_empty() {
                break;
            }
            self.file(&format!("{name}/{number}"), piece.len() as u64, &piece[..])?;
        }
        Ok(from.sum())
    }

    /// Ends it, on disk, and says what was written.
    ///
    /// # Errors
    /// What can't be written.
    pub(super) fn finish(self) -> io::Result<Sum> {
        let mut written = self.tar.into_inner()?.finish()?.finish()?;
        written.inner.end()?;
        Ok(written.sum())
    }
}
