//! An archive while it is written: tar, zstd, age, one after the other, a buffer at a time. Nothing in clear text is
//! written anywhere.

use greenlight_reports::hex;
use serde::Serialize;
use sha2::{Digest as _, Sha256};
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

/// An archive that is being written. Only its recipients can read it.
pub(super) struct Writer {
    tar: tar::Builder<zstd::Encoder<'static, age::stream::StreamWriter<Counted>>>,
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Written {
    /// Bytes of the archive.
    pub(super) bytes: u64,
    /// SHA-256 of the archive.
    pub(super) sha256: String,
}

/// What went into a stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Streamed {
    /// Its length.
    pub(super) bytes: u64,
    /// SHA-256 of its bytes.
    pub(super) sha256: String,
}

impl Writer {
    /// Begins one.
    ///
    /// # Errors
    /// When nothing can be written there.
    pub(super) fn new(out: Box<dyn Out>, recipients: &[age::x25519::Recipient]) -> io::Result<Self> {
        let recipients = recipients.iter().map(|recipient| recipient as &dyn age::Recipient);
        let encryptor = age::Encryptor::with_recipients(recipients).map_err(io::Error::other)?;
        let encrypted = encryptor.wrap_output(Counted { out, hash: Sha256::new(), bytes: 0 })?;
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
    pub(super) fn stream(&mut self, name: &str, mut from: impl Read) -> io::Result<Streamed> {
        let (mut piece, mut bytes, mut hash) = (Vec::with_capacity(PIECE_BYTES), 0, Sha256::new());
        for number in 0_u64.. {
            piece.clear();
            from.by_ref().take(PIECE_BYTES as u64).read_to_end(&mut piece)?;
            if piece.is_empty() {
                break;
            }
            hash.update(&piece);
            bytes += piece.len() as u64;
            self.file(&format!("{name}/{number}"), piece.len() as u64, &piece[..])?;
        }
        Ok(Streamed { bytes, sha256: hex(&hash.finalize()) })
    }

    /// Ends it, on disk.
    ///
    /// # Errors
    /// What can't be written.
    pub(super) fn finish(self) -> io::Result<Written> {
        let mut written = self.tar.into_inner()?.finish()?.finish()?;
        written.out.end()?;
        Ok(Written { bytes: written.bytes, sha256: hex(&written.hash.finalize()) })
    }
}

/// Sums what is written.
struct Counted {
    out: Box<dyn Out>,
    hash: Sha256,
    bytes: u64,
}

impl Write for Counted {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let length = self.out.write(buffer)?;
        self.hash.update(&buffer[..length]);
        self.bytes += length as u64;
        Ok(length)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
