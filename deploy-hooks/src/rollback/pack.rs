//! Files into an archive: tar, zstd, age, one after the other, a buffer at a time.

use super::entry::{Contents, Kind};
use super::walk::{Found, walk};
use greenlight_reports::hex;
use sha2::{Digest as _, Sha256};
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;

/// The last entry: what all others are.
pub(super) const CONTENTS: &str = "contents.json";
/// zstd's own default.
const LEVEL: i32 = 3;

/// What became of it.
pub(super) struct Packed {
    /// Bytes of the archive.
    pub(super) bytes: u64,
    /// SHA-256 of the archive.
    pub(super) sha256: String,
    pub(super) entries: usize,
    /// Bytes of the files in it.
    pub(super) plain_bytes: u64,
    /// What was left out, and why.
    pub(super) passed_over: Vec<String>,
}

/// Writes an archive of these roots, which only the recipients can read.
///
/// # Errors
/// What can't be read or written, or has changed while it was read.
pub(super) fn pack(roots: &[PathBuf], recipients: &[age::x25519::Recipient], out: File) -> Result<Packed, String> {
    let plain = |error: io::Error| format!("cannot write the archive: {error}");
    let recipients = recipients.iter().map(|recipient| recipient as &dyn age::Recipient);
    let encryptor = age::Encryptor::with_recipients(recipients).map_err(|error| error.to_string())?;
    let encrypted = encryptor.wrap_output(Counted::new(out)).map_err(plain)?;
    let mut tar = tar::Builder::new(zstd::Encoder::new(encrypted, LEVEL).map_err(plain)?);
    let named = roots.iter().map(|root| root.to_str().map(str::to_owned).ok_or("a path is no UTF-8"));
    let mut contents = Contents { roots: named.collect::<Result<_, _>>()?, entries: Vec::new() };
    let (mut passed_over, mut plain_bytes) = (Vec::new(), 0);
    for (number, root) in roots.iter().enumerate() {
        let (found, left) = walk(number, root)?;
        passed_over.extend(left);
        for one in found {
            plain_bytes += add(&mut tar, one, &mut contents)?;
        }
    }
    let text = serde_json::to_vec(&contents).map_err(|error| error.to_string())?;
    append(&mut tar, CONTENTS, text.len() as u64, &text[..]).map_err(plain)?;
    let finish = || tar.into_inner()?.finish()?.finish();
    let written = finish().map_err(plain)?;
    written.out.sync_all().map_err(plain)?;
    let entries = contents.entries.len();
    Ok(Packed { bytes: written.bytes, sha256: hex(&written.hash.finalize()), entries, plain_bytes, passed_over })
}

/// Adds one; of a file its content, whose sum it learns on the way.
fn add(tar: &mut tar::Builder<impl Write>, found: Found, contents: &mut Contents) -> Result<u64, String> {
    let Found { mut entry, path, there } = found;
    let mut bytes_read = 0;
    if let Kind::File { bytes, sha256 } = &mut entry.kind {
        let shown = path.display();
        let failed = |error: io::Error| format!("cannot keep {shown}: {error}");
        let mut reader = Hashed { inner: File::open(&path).map_err(failed)?, hash: Sha256::new(), bytes: 0 };
        append(tar, &name(contents.entries.len()), *bytes, &mut reader).map_err(failed)?;
        let now = reader.inner.metadata().map_err(failed)?;
        let times = |there: &std::fs::Metadata| (there.len(), there.mtime(), there.mtime_nsec(), there.ino());
        if reader.bytes != *bytes || times(&now) != times(&there) {
            return Err(format!("{shown} has changed while it was read; make the point when nothing writes there"));
        }
        *sha256 = hex(&reader.hash.finalize());
        bytes_read = *bytes;
    }
    contents.entries.push(entry);
    Ok(bytes_read)
}

/// The name of a file in the archive is its place in the list, so that no name can lead anywhere.
pub(super) fn name(number: usize) -> String {
    format!("content/{number}")
}

fn append(tar: &mut tar::Builder<impl Write>, name: &str, bytes: u64, from: impl Read) -> io::Result<()> {
    let mut header = tar::Header::new_gnu();
    header.set_size(bytes);
    header.set_mode(0o600);
    header.set_entry_type(tar::EntryType::Regular);
    // Exactly as long as announced: a file that grows must not spill into the next one.
    tar.append_data(&mut header, name, from.take(bytes))
}

/// Sums what is read.
struct Hashed {
    inner: File,
    hash: Sha256,
    bytes: u64,
}

impl Read for Hashed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.inner.read(buffer)?;
        self.hash.update(&buffer[..length]);
        self.bytes += length as u64;
        Ok(length)
    }
}

/// Sums what is written.
struct Counted {
    out: File,
    hash: Sha256,
    bytes: u64,
}

impl Counted {
    fn new(out: File) -> Self {
        Self { out, hash: Sha256::new(), bytes: 0 }
    }
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
