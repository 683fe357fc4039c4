//! `plan backup`: the files of a deployment in one archive that this machine can't read. Streamed: what is not encrypted yet
//! is in memory only.

use super::command::BackupArgs;
use super::inputs::{Found, Read, find};
use crate::failure::Failure;
use crate::output::print;
use crate::rollback::recipients;
use greenlight_reports::{Exit, hex};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use std::fs::File;
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

/// The first file of the archive: every other one with its length, mode and SHA-256.
const MANIFEST: &str = "manifest.json";
/// zstd's own default.
const LEVEL: i32 = 3;

/// Writes it.
///
/// # Errors
/// [`Failure`] of usage; then nothing is left.
pub(super) fn backup(args: &BackupArgs) -> Result<Exit, Failure> {
    let recipients = recipients(&args.recipient)?;
    let Found { files, unreadable, passed_over } = find(&args.folder)?;
    if !unreadable.is_empty() {
        return Err(Failure::usage(format!(
            "an archive without them would not bring the deployment back: {}; make them readable, or move them away",
            unreadable.join(", ")
        )));
    }
    if files.is_empty() {
        return Err(Failure::usage(format!(
            "{} holds no file of a deployment; name the folder that does",
            args.folder.display()
        )));
    }
    for one in &passed_over {
        say!("LEFT OUT {one}");
    }
    let shown = args.out.display();
    let file = File::options().write(true).create_new(true).mode(0o600).open(&args.out).map_err(|error| match error
        .kind()
    {
        ErrorKind::AlreadyExists => {
            Failure::usage(format!("{shown} exists already and was not touched; name another one with --out"))
        }
        _ => Failure::usage(format!("cannot write {shown}: {error}; name a file in a folder that can be written")),
    })?;
    let written = archive(&args.folder, &files, &recipients, &file).and_then(|()| file.sync_all());
    if let Err(error) = written {
        // Half an archive restores nothing.
        let _ = std::fs::remove_file(&args.out);
        return Err(Failure::usage(format!("cannot write {shown}: {error}; nothing is left of it")));
    }
    print(&format!(
        "wrote    {shown}  {} files for {}\nback     age --decrypt --identity KEY {shown} | zstd -dc | tar x\n",
        files.len(),
        if recipients.len() == 1 { "1 recipient".to_owned() } else { format!("{} recipients", recipients.len()) }
    ))?;
    Ok(Exit::Passed)
}

/// tar, through zstd, through age.
fn archive(folder: &Path, files: &[Read], recipients: &[age::x25519::Recipient], out: impl Write) -> io::Result<()> {
    let recipients = recipients.iter().map(|recipient| recipient as &dyn age::Recipient);
    let encryptor = age::Encryptor::with_recipients(recipients).map_err(io::Error::other)?;
    let compressed = zstd::Encoder::new(encryptor.wrap_output(out)?, LEVEL)?;
    let mut tar = tar::Builder::new(compressed);
    let manifest = files.iter().map(|read| {
        json!({ "path": read.path, "bytes": read.text.len(), "mode": format!("{:o}", mode(folder, read)),
                "sha256": hex(&Sha256::digest(read.text.as_bytes())) })
    });
    let manifest = json!({ "format": 1, "made_by": concat!("greenlight ", env!("CARGO_PKG_VERSION")), "files": manifest.collect::<Vec<_>>() });
    append(&mut tar, MANIFEST, 0o600, format!("{manifest:#}\n").as_bytes())?;
    for read in files {
        append(&mut tar, &format!("files/{}", read.path), mode(folder, read), read.text.as_bytes())?;
    }
    tar.into_inner()?.finish()?.finish()?.flush()
}

fn mode(folder: &Path, read: &Read) -> u32 {
    std::fs::metadata(folder.join(&read.path)).map_or(0o600, |there| there.mode() & 0o777)
}

fn append(tar: &mut tar::Builder<impl Write>, path: &str, mode: u32, bytes: &[u8]) -> io::Result<()> {
    let mut header = tar::Header::new_gnu();
    header.set_size(bytes.len() as u64);
    header.set_mode(mode);
    header.set_entry_type(tar::EntryType::Regular);
    tar.append_data(&mut header, path, bytes)
}
