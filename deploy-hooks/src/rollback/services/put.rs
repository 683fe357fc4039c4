//! Files that were put into a container, such as the livekit.yaml that its command names.

use crate::failure::Failure;
use serde::{Deserialize, Serialize};
use std::io::Read as _;

/// A configuration is small.
pub(super) const BYTES_MAX: u64 = 4 << 20;

/// One file.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Put {
    /// Absolute, within the container.
    pub(super) path: String,
    pub(super) mode: u32,
    pub(super) uid: u64,
    pub(super) gid: u64,
    pub(super) bytes: Vec<u8>,
}

/// Absolute paths that a command line names, as an argument of its own or after `=`.
pub(super) fn named(arguments: &[String]) -> Vec<String> {
    let values =
        arguments.iter().map(|argument| argument.split_once('=').map_or(argument.as_str(), |(_, value)| value));
    values.filter(|value| value.starts_with('/')).map(str::to_owned).collect()
}

impl Put {
    /// The file in an archive of the engine's; nothing when it is a folder or a link.
    ///
    /// # Errors
    /// [`Failure`]: it can't be read.
    pub(super) fn unpacked(path: &str, archive: &[u8]) -> Result<Option<Self>, Failure> {
        let failed =
            |error: std::io::Error| Failure::unknown(format!("the container engine hands out {path}: {error}"));
        let mut archive = tar::Archive::new(archive);
        let Some(entry) = archive.entries().map_err(failed)?.next() else { return Ok(None) };
        let mut entry = entry.map_err(failed)?;
        if entry.header().entry_type() != tar::EntryType::Regular {
            return Ok(None);
        }
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).map_err(failed)?;
        let header = entry.header();
        let (mode, uid, gid) = (header.mode(), header.uid(), header.gid());
        Ok(Some(Self {
            path: path.to_owned(),
            mode: mode.map_err(failed)? & 0o7777,
            uid: uid.map_err(failed)?,
            gid: gid.map_err(failed)?,
            bytes,
        }))
    }

    /// An archive for the engine, to be unpacked at the root.
    ///
    /// # Errors
    /// [`Failure`]: the path is none.
    pub(super) fn packed(&self) -> Result<Vec<u8>, Failure> {
        let mut header = tar::Header::new_gnu();
        header.set_size(self.bytes.len() as u64);
        header.set_mode(self.mode);
        header.set_uid(self.uid);
        header.set_gid(self.gid);
        let mut archive = tar::Builder::new(Vec::new());
        let packed = archive.append_data(&mut header, self.path.trim_start_matches('/'), &self.bytes[..]);
        packed.and_then(|()| archive.into_inner()).map_err(Failure::unknown)
    }
}

#[cfg(test)]
mod tests {
    use super::{Put, named};

    #[test]
    fn a_command_line_names_its_files() {
        let line =
            ["/livekit-server", "--config", "/livekit.yaml", "--key=/etc/key", "--dev", "a=b"].map(str::to_owned);
        assert_eq!(named(&line), ["/livekit-server", "/livekit.yaml", "/etc/key"]);
    }

    #[test]
    fn a_file_is_unpacked_as_it_was_packed() {
        let put = Put { path: "/etc/a.yaml".to_owned(), mode: 0o640, uid: 7, gid: 8, bytes: b"port: 7880\n".to_vec() };
        assert!(Put::unpacked("/etc/a.yaml", &put.packed().expect("packed")).expect("read") == Some(put));
    }
}
