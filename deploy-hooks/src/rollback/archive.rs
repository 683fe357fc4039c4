//! An archive, opened: age, zstd, tar.

use super::ahead::Ahead;
use super::entry::{Contents, Kind};
use super::files::{CONTENTS, LIST, name};
use super::sum::{Sum, Summed, copy, hand_on};
use super::writer::Writer;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

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
    /// Its length and sum as they were signed: whatever is read is held against them once more at its end, since the file
    /// may be another one by then.
    pub(super) signed: &'a Sum,
}

/// What stands at the end of an archive of anything but files.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct About<T> {
    component: String,
    streams: BTreeMap<String, Sum>,
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
            let came = copy(entry, |piece| to.as_mut().map_or(Ok(()), |to| to.write_all(piece))).map_err(cut)?;
            sums.push((number, came));
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
        let mut came: BTreeMap<String, (Summed<()>, u64)> = BTreeMap::new();
        let about: About<T> = self.entries(ABOUT, ABOUT_BYTES_MAX, |named, entry| {
            let (stream, number) =
                named.rsplit_once('/').ok_or_else(|| format!("{named:?} is no piece of a stream"))?;
            let (summed, pieces) = came.entry(stream.to_owned()).or_insert_with(|| (Summed::of(()), 0));
            if number != pieces.to_string() {
                return Err(format!("{named:?} is not the piece that comes next"));
            }
            *pieces += 1;
            hand_on(entry, cut, |piece| {
                summed.add(piece);
                sink(stream, piece).map_err(|error| format!("what it holds can't be handed on: {error}"))
            })
        })?;
        let came: BTreeMap<String, Sum> = came.into_iter().map(|(name, (summed, _))| (name, summed.sum())).collect();
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
    fn tar(&self) -> Result<(tar::Archive<impl Read + use<>>, Shared), String> {
        let opened = Shared(Arc::new(Mutex::new(Summed::of(File::open(self.file).map_err(cut)?))));
        let decryptor = age::Decryptor::new(io::BufReader::with_capacity(READ_BYTES, opened.clone()))
            .map_err(|error| format!("it is no archive of age: {error}"))?;
        let identities = std::iter::once(self.identity as &dyn age::Identity);
        let plain = decryptor.decrypt(identities).map_err(|error| match error {
            age::DecryptError::NoMatchingKeys => "it was encrypted for another identity than this one".to_owned(),
            other => format!("it can't be decrypted: {other}"),
        })?;
        let plain = Ahead::of(plain).map_err(cut)?;
        Ok((tar::Archive::new(zstd::Decoder::new(plain).map_err(cut)?), opened))
    }

    /// Every entry, then the value at the end.
    fn entries<T: DeserializeOwned>(
        &self,
        last: &str,
        bytes_max: u64,
        mut each: impl FnMut(&str, &mut dyn Read) -> Result<(), String>,
    ) -> Result<T, String> {
        let (mut tar, read) = self.tar()?;
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
        if read.of().sum() != *self.signed {
            return Err("it is not the one that was signed".to_owned());
        }
        value.ok_or_else(|| "its list is missing: it was cut off".to_owned())
    }
}

/// The archive itself, read by one thread, whose sum is asked for by another.
#[derive(Clone)]
struct Shared(Arc<Mutex<Summed<File>>>);

impl Shared {
    fn of(&self) -> MutexGuard<'_, Summed<File>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Read for Shared {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.of().read(buffer)
    }
}

/// Ends an archive of anything but files.
///
/// # Errors
/// What can't be written.
pub(super) fn end_part(
    archive: &mut Writer,
    component: &str,
    streams: BTreeMap<String, Sum>,
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

/// Each file of the list came once, and as the list says; nothing else came.
fn held(contents: &Contents, came: &[(usize, Sum)]) -> Result<(), String> {
    let listed = contents.entries.iter().enumerate().filter_map(|(number, entry)| match &entry.kind {
        Kind::File { bytes, blake3 } => Some((number, Sum { bytes: *bytes, blake3: blake3.clone() })),
        _ => None,
    });
    match listed.eq(came.iter().cloned()) {
        true => Ok(()),
        false => Err("what is in it is not what its list says".to_owned()),
    }
}
