//! An archive, opened: age, zstd, tar.

use super::ahead::Ahead;
use super::entry::{Contents, Kind};
use super::files::{CONTENTS, LIST, name};
use super::writer::{Streamed, Writer};
use greenlight_reports::hex;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// The list of an archive with a million files.
pub(super) const CONTENTS_BYTES_MAX: u64 = 512 << 20;
/// The last entry of an archive of anything but files.
const ABOUT: &str = "about.json";
/// Trunks, keys of Redis, containers.
const ABOUT_BYTES_MAX: u64 = 256 << 20;
const READ_BYTES: usize = 1 << 20;

/// An archive that the manifest is about, and what opens it.
#[derive(Clone, Copy)]
pub(super) struct Opened<'a> {
    /// The archive.
    pub(super) file: &'a Path,
    /// What opens it.
    pub(super) identity: &'a age::x25519::Identity,
    /// Its length and SHA-256 as they were signed: whatever is read is held against them once more at its end, since the file
    /// may be another one by then.
    pub(super) signed: (u64, &'a str),
}

/// What stands at the end of an archive of anything but files.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct About<T> {
    component: String,
    streams: BTreeMap<String, Streamed>,
    about: T,
}

impl Opened<'_> {
    /// Reads an archive of files from one end to the other. `begin` is told what is announced before the first content comes,
    /// `sink` says where the content of a file goes; without one it is read and summed only. What the list at the end says of
    /// each file is held against what came, and against what was announced.
    ///
    /// # Errors
    /// What is wrong with it. Nothing of it may be believed then.
    pub(super) fn files(
        &self,
        mut begin: impl FnMut(&Contents) -> Result<(), String>,
        mut sink: impl FnMut(&Contents, usize) -> io::Result<Option<File>>,
    ) -> Result<Contents, String> {
        let (mut announced, mut sums) = (None::<Contents>, Vec::new());
        let contents: Contents = self.entries(CONTENTS, CONTENTS_BYTES_MAX, |named, entry| {
            let Some(announced) = &announced else {
                if named != LIST {
                    return Err(format!("it begins with {named:?}, and not with what is in it"));
                }
                let list: Contents = json(entry, CONTENTS_BYTES_MAX)?;
                list.check()?;
                begin(&list)?;
                announced = Some(list);
                return Ok(());
            };
            let number = named.strip_prefix("content/").and_then(|number| number.parse::<usize>().ok());
            let number = number.filter(|number| name(*number) == named && *number < announced.entries.len());
            let number = number.ok_or_else(|| format!("{named:?} is nothing that was put in"))?;
            let mut to = sink(announced, number).map_err(cut)?;
            sums.push((number, copy(entry, to.as_mut()).map_err(cut)?));
            Ok(())
        })?;
        held(&contents, &sums)?;
        match announced.is_some_and(|announced| announced == contents.without_sums()) {
            true => Ok(contents),
            false => Err("what is in it is not what was announced".to_owned()),
        }
    }

    /// What an archive of files announces, without reading it to its end.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn announced(&self) -> Result<Contents, String> {
        let (mut tar, _) = self.tar()?;
        let mut entries = tar.entries().map_err(cut)?;
        let mut first = entries.next().ok_or("there is nothing in it")?.map_err(cut)?;
        if first.path_bytes() != LIST.as_bytes() {
            return Err("it does not begin with what is in it".to_owned());
        }
        let list: Contents = json(&mut first, CONTENTS_BYTES_MAX)?;
        list.check()?;
        Ok(list)
    }

    /// Reads an archive of anything else from one end to the other. `sink` is given the streams in it, a piece at a time,
    /// with their names; each stream is held against its sum. What `sink` has taken may be used only when this has
    /// succeeded.
    ///
    /// # Errors
    /// What is wrong with it. Nothing of it may be believed then.
    pub(super) fn part<T: DeserializeOwned>(
        &self,
        component: &str,
        mut sink: impl FnMut(&str, &[u8]) -> io::Result<()>,
    ) -> Result<T, String> {
        let mut came: BTreeMap<String, (Sha256, u64, u64)> = BTreeMap::new();
        let about: About<T> = self.entries(ABOUT, ABOUT_BYTES_MAX, |named, entry| {
            let (stream, number) =
                named.rsplit_once('/').ok_or_else(|| format!("{named:?} is no piece of a stream"))?;
            let (hash, bytes, pieces) = came.entry(stream.to_owned()).or_default();
            if number != pieces.to_string() {
                return Err(format!("{named:?} is not the piece that comes next"));
            }
            *pieces += 1;
            let mut buffer = vec![0; 128 << 10];
            loop {
                let length = entry.read(&mut buffer).map_err(cut)?;
                if length == 0 {
                    return Ok(());
                }
                hash.update(&buffer[..length]);
                *bytes += length as u64;
                sink(stream, &buffer[..length])
                    .map_err(|error| format!("what it holds can't be handed on: {error}"))?;
            }
        })?;
        let came: BTreeMap<String, Streamed> = came
            .into_iter()
            .map(|(name, (hash, bytes, _))| (name, Streamed { bytes, sha256: hex(&hash.finalize()) }))
            .collect();
        // A stream of nothing has no piece.
        let said = about.streams.into_iter().filter(|(_, stream)| stream.bytes > 0).collect();
        match about.component == component && came == said {
            true => Ok(about.about),
            false => Err("what is in it is not what its end says".to_owned()),
        }
    }

    /// The stream with which an archive of anything but files begins, a small one, without reading to the end. Whoever calls
    /// has held the archive against its signed sum.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn first(&self, stream: &str, bytes_max: usize) -> Result<Vec<u8>, String> {
        let ((mut tar, _), mut text) = (self.tar()?, Vec::new());
        for (number, entry) in tar.entries().map_err(cut)?.enumerate() {
            let mut entry = entry.map_err(cut)?;
            if *entry.path_bytes() != *format!("{stream}/{number}").as_bytes() {
                break;
            }
            let room = bytes_max.saturating_sub(text.len()) as u64;
            entry.by_ref().take(room).read_to_end(&mut text).map_err(cut)?;
        }
        match text.is_empty() {
            true => Err(format!("it does not begin with its {stream}")),
            false => Ok(text),
        }
    }

    /// Decrypted and decompressed, from its beginning, and the sum of what was read of the file so far. Summed and decrypted
    /// by a thread of its own.
    fn tar(&self) -> Result<(tar::Archive<impl Read + use<>>, Arc<Mutex<Sum>>), String> {
        let sum = Arc::new(Mutex::new(Sum::default()));
        let opened = Summed { inner: File::open(self.file).map_err(cut)?, sum: sum.clone() };
        let decryptor = age::Decryptor::new(io::BufReader::with_capacity(READ_BYTES, opened))
            .map_err(|error| format!("it is no archive of age: {error}"))?;
        let identities = std::iter::once(self.identity as &dyn age::Identity);
        let plain = decryptor.decrypt(identities).map_err(|error| match error {
            age::DecryptError::NoMatchingKeys => "it was encrypted for another identity than this one".to_owned(),
            other => format!("it can't be decrypted: {other}"),
        })?;
        let plain = Ahead::of(plain).map_err(cut)?;
        Ok((tar::Archive::new(zstd::Decoder::new(plain).map_err(cut)?), sum))
    }

    /// Every entry, then the value at the end.
    fn entries<T: DeserializeOwned>(
        &self,
        last: &str,
        bytes_max: u64,
        mut each: impl FnMut(&str, &mut dyn Read) -> Result<(), String>,
    ) -> Result<T, String> {
        let (mut tar, sum) = self.tar()?;
        let mut value = None;
        for entry in tar.entries().map_err(cut)? {
            let mut entry = entry.map_err(cut)?;
            let named = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
            if value.is_some() {
                return Err("something stands behind its list".to_owned());
            }
            if !entry.header().entry_type().is_file() {
                return Err(format!("{named:?} is nothing that was put in"));
            }
            if named == last {
                value = Some(json::<T>(&mut entry, bytes_max)?);
                continue;
            }
            each(&named, &mut entry)?;
        }
        // The stream must end as it was finished, or something was cut off behind the last entry.
        io::copy(&mut tar.into_inner(), &mut io::sink()).map_err(cut)?;
        let Sum { hash, bytes } = std::mem::take(&mut *sum.lock().unwrap_or_else(PoisonError::into_inner));
        if (bytes, hex(&hash.finalize()).as_str()) != self.signed {
            return Err("it is not the one that was signed".to_owned());
        }
        value.ok_or_else(|| "its list is missing: it was cut off".to_owned())
    }
}

/// Length and sum of what was read so far.
#[derive(Default)]
struct Sum {
    hash: Sha256,
    bytes: u64,
}

/// Sums what is read.
struct Summed {
    inner: File,
    sum: Arc<Mutex<Sum>>,
}

impl Read for Summed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.inner.read(buffer)?;
        let mut sum = self.sum.lock().unwrap_or_else(PoisonError::into_inner);
        sum.hash.update(&buffer[..length]);
        sum.bytes += length as u64;
        Ok(length)
    }
}

/// Ends an archive of anything but files.
///
/// # Errors
/// What can't be written.
pub(super) fn end_part(
    archive: &mut Writer,
    component: &str,
    streams: BTreeMap<String, Streamed>,
    about: &impl Serialize,
) -> io::Result<()> {
    archive.json(ABOUT, &About { component: component.to_owned(), streams, about }, ABOUT_BYTES_MAX)
}

fn json<T: DeserializeOwned>(entry: &mut dyn Read, bytes_max: u64) -> Result<T, String> {
    let mut text = Vec::new();
    entry.take(bytes_max).read_to_end(&mut text).map_err(cut)?;
    serde_json::from_slice(&text).map_err(|error| format!("its list is none: {error}"))
}

fn cut(error: io::Error) -> String {
    format!("it can't be read to its end: {error}")
}

/// Length and sum of a file.
///
/// # Errors
/// When it can't be read.
pub(super) fn sum(path: &Path) -> io::Result<(u64, String)> {
    copy(&mut File::open(path)?, None)
}

/// Length and sum of what was copied.
fn copy(from: &mut (impl Read + ?Sized), mut to: Option<&mut File>) -> io::Result<(u64, String)> {
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
