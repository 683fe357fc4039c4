//! An archive, opened: age, zstd, tar.

use super::entry::{Contents, Kind};
use super::pack::{CONTENTS, name};
use greenlight_reports::hex;
use sha2::{Digest as _, Sha256};
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

/// The list of an archive with a million files.
const CONTENTS_BYTES_MAX: u64 = 512 << 20;

/// Reads an archive from one end to the other. `sink` says where the content of a file goes; without one it is read and
/// summed only. What the list says of each file is held against what came.
///
/// # Errors
/// What is wrong with it. Nothing of it may be believed then.
pub(super) fn read(
    file: &Path,
    identity: &age::x25519::Identity,
    mut sink: impl FnMut(usize) -> io::Result<Option<File>>,
) -> Result<Contents, String> {
    let cut = |error: io::Error| format!("it can't be read to its end: {error}");
    let opened = File::open(file).map_err(cut)?;
    let decryptor = age::Decryptor::new(opened).map_err(|error| format!("it is no archive of age: {error}"))?;
    let identities = std::iter::once(identity as &dyn age::Identity);
    let plain = decryptor.decrypt(identities).map_err(|error| match error {
        age::DecryptError::NoMatchingKeys => "it was encrypted for another identity than this one".to_owned(),
        other => format!("it can't be decrypted: {other}"),
    })?;
    let mut tar = tar::Archive::new(zstd::Decoder::new(plain).map_err(cut)?);
    let (mut sums, mut contents) = (Vec::new(), None);
    for entry in tar.entries().map_err(cut)? {
        let mut entry = entry.map_err(cut)?;
        let named = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        if contents.is_some() {
            return Err("something stands behind its list".to_owned());
        }
        if named == CONTENTS {
            let mut text = Vec::new();
            entry.by_ref().take(CONTENTS_BYTES_MAX).read_to_end(&mut text).map_err(cut)?;
            contents =
                Some(serde_json::from_slice::<Contents>(&text).map_err(|error| format!("its list is none: {error}"))?);
            continue;
        }
        let number = named.strip_prefix("content/").and_then(|number| number.parse::<usize>().ok());
        let number = number.filter(|number| name(*number) == named && entry.header().entry_type().is_file());
        let number = number.ok_or_else(|| format!("{named:?} is nothing that was put in"))?;
        let mut to = sink(number).map_err(cut)?;
        sums.push((number, copy(&mut entry, to.as_mut()).map_err(cut)?));
    }
    // The stream must end as it was finished, or something was cut off behind the last entry.
    io::copy(&mut tar.into_inner(), &mut io::sink()).map_err(cut)?;
    let contents = contents.ok_or("its list is missing: it was cut off")?;
    contents.check()?;
    held(&contents, &sums)?;
    Ok(contents)
}

/// Length and sum of a file.
///
/// # Errors
/// When it can't be read.
pub(super) fn sum(path: &Path) -> io::Result<(u64, String)> {
    copy(&mut File::open(path)?, None)
}

/// Length and sum of what was copied.
fn copy(from: &mut impl Read, mut to: Option<&mut File>) -> io::Result<(u64, String)> {
    let (mut hash, mut bytes, mut buffer) = (Sha256::new(), 0, vec![0; 128 << 10]);
    loop {
        let length = from.read(&mut buffer)?;
        if length == 0 {
            break;
        }
        hash.update(&buffer[..length]);
        bytes += length as u64;
        if let Some(to) = to.as_mut() {
            to.write_all(&buffer[..length])?;
        }
    }
    if let Some(to) = to {
        to.sync_all()?;
    }
    Ok((bytes, hex(&hash.finalize())))
}

/// Each file of the list came once, and as the list says; nothing else came.
fn held(contents: &Contents, came: &[(usize, (u64, String))]) -> Result<(), String> {
    let listed = contents.entries.iter().enumerate().filter_map(|(number, entry)| match &entry.kind {
        Kind::File { bytes, sha256 } => Some((number, (*bytes, sha256.clone()))),
        _ => None,
    });
    match listed.eq(came.iter().cloned()) {
        true => Ok(()),
        false => Err("what is in it is not what its list says".to_owned()),
    }
}
