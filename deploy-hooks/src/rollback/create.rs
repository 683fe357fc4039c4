//! `rollback create`.

use super::command::CreateArgs;
use super::manifest::{Component, FILE, Manifest, SIGNATURE, archive};
use super::pack::pack;
use super::store::Store;
use super::walk::walk;
use crate::failure::Failure;
use crate::files::{read_text, write_whole};
use crate::output::print;
use greenlight_reports::{Exit, Signer};
use std::fmt::Write as _;
use std::fs::{self, DirBuilder, File};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

const KEY_BYTES_MAX: u64 = 64 << 10;
/// Free space for a point, in times of what goes into it: half of a point on a full disk is none.
const SPACE: u64 = 2;

/// Makes a point, whole or not at all.
///
/// # Errors
/// [`Failure`]; then there is no such point.
pub(super) fn create(args: &CreateArgs) -> Result<Exit, Failure> {
    let signer = signer(&args.sign_key)?;
    let recipients = recipients(&args.recipient)?;
    let mut components: Vec<(&str, Vec<PathBuf>)> = Vec::new();
    for (component, paths) in [("files", &args.files), ("env", &args.env)] {
        if !paths.is_empty() {
            components.push((component, roots(paths)?));
        }
    }
    if components.is_empty() {
        return Err(Failure::usage(
            "nothing to keep; name files and folders with --files, environment files with --env",
        ));
    }
    let store = Store::open(&args.store, true)?;
    let _lock = store.lock(&format!("rollback create {}", args.name))?;
    let point = store.point(&args.name)?;
    if point.exists() {
        return Err(Failure::usage(format!(
            "there is a point {:?} already; choose another name, or prune it",
            args.name
        )));
    }
    let all: Vec<&PathBuf> = components.iter().flat_map(|(_, roots)| roots).collect();
    space(&store, &all)?;
    let folder = store.unfinished(&args.name);
    DirBuilder::new().mode(0o700).create(&folder).map_err(|error| cannot(&folder, &error))?;
    let made = fill(args, &folder, &components, &recipients, &signer).and_then(|said| {
        fs::rename(&folder, &point).map_err(|error| cannot(&point, &error))?;
        Ok(said)
    });
    if made.is_err() {
        let _ = fs::remove_dir_all(&folder);
    }
    let mut said = made?;
    sync(store.folder())?;
    store.audit(&args.name, "rollback create", &args.description)?;
    let _ = writeln!(said, "wrote    {}", point.display());
    let _ = writeln!(said, "next     greenlight rollback verify {} --key PUBLIC.pem --identity KEY", args.name);
    print(&said)?;
    Ok(Exit::Passed)
}

fn fill(
    args: &CreateArgs,
    folder: &Path,
    components: &[(&str, Vec<PathBuf>)],
    recipients: &[age::x25519::Recipient],
    signer: &Signer,
) -> Result<String, Failure> {
    let mut manifest = Manifest::new(&args.name, &args.description, &args.recipient);
    let mut said = String::new();
    for (component, roots) in components {
        let path = folder.join(archive(component));
        let file = File::options().write(true).create_new(true).mode(0o600).open(&path);
        let file = file.map_err(|error| cannot(&path, &error))?;
        let packed = pack(roots, recipients, file)
            .map_err(|what| Failure::unknown(format!("{component}: {what}; no point was made")))?;
        let _ = writeln!(
            said,
            "kept     {component}: {} entries, {} bytes, {} in the archive",
            packed.entries, packed.plain_bytes, packed.bytes
        );
        packed.passed_over.iter().for_each(|one| _ = writeln!(said, "LEFT OUT {one}"));
        let component_of = Component {
            bytes: packed.bytes,
            sha256: packed.sha256,
            entries: packed.entries,
            plain_bytes: packed.plain_bytes,
        };
        manifest.components.insert((*component).to_owned(), component_of);
    }
    let (text, signature) = manifest.signed(signer)?;
    for (name, text) in [(FILE, text), (SIGNATURE, signature + "\n")] {
        write_whole(&folder.join(name), text.as_bytes()).map_err(|error| cannot(folder, &error))?;
    }
    sync(folder)?;
    Ok(said)
}

fn sync(folder: &Path) -> Result<(), Failure> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(|error| cannot(folder, &error))
}

fn cannot(path: &Path, error: &std::io::Error) -> Failure {
    Failure::usage(format!("cannot write {}: {error}; no point was made", path.display()))
}

/// Absolute, and each a file or folder of its own: one within another would be put back twice.
fn roots(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut roots: Vec<PathBuf> = Vec::new();
    for path in paths {
        let failed = |error: std::io::Error| {
            Failure::usage(format!("cannot keep {}: {error}; name what is there", path.display()))
        };
        let name = path
            .file_name()
            .ok_or_else(|| Failure::usage(format!("{} has no name; name it by its path", path.display())))?;
        // The folder above is resolved, the last part is not: a link is kept as the link that it is.
        let above = match path.parent() {
            Some(above) if !above.as_os_str().is_empty() => fs::canonicalize(above).map_err(failed)?,
            _ => std::env::current_dir().map_err(failed)?,
        };
        let root = above.join(name);
        fs::symlink_metadata(&root).map_err(failed)?;
        if let Some(other) = roots.iter().find(|other| root.starts_with(other) || other.starts_with(&root)) {
            return Err(Failure::usage(format!(
                "{} and {} lie within each other; name the outer one only",
                root.display(),
                other.display()
            )));
        }
        roots.push(root);
    }
    Ok(roots)
}

/// Preflight: a point needs room, and so does whatever runs beside it.
fn space(store: &Store, roots: &[&PathBuf]) -> Result<(), Failure> {
    let mut bytes: u64 = 0;
    for root in roots {
        let (found, _) = walk(0, root).map_err(Failure::usage)?;
        bytes += found.iter().filter(|one| one.there.is_file()).map(|one| one.there.len()).sum::<u64>();
    }
    let seen = rustix::fs::statvfs(store.folder()).map_err(Failure::unknown)?;
    let free = seen.f_bavail.saturating_mul(seen.f_frsize);
    match free < bytes.saturating_mul(SPACE) {
        true => Err(Failure::usage(format!(
            "{} has {free} bytes free, and a point of {bytes} bytes wants {SPACE} times as much; make room, or name another --store",
            store.folder().display()
        ))),
        false => Ok(()),
    }
}

/// Who can open what is encrypted.
///
/// # Errors
/// [`Failure`] of usage: one is none.
pub(crate) fn recipients(texts: &[String]) -> Result<Vec<age::x25519::Recipient>, Failure> {
    let one = |text: &String| {
        text.parse().map_err(|why| {
            Failure::usage(format!("{text:?} is no recipient of age ({why}); `age-keygen` prints one, as age1…"))
        })
    };
    texts.iter().map(one).collect()
}

/// The private half that signs, which nobody else may read.
fn signer(file: &Path) -> Result<Signer, Failure> {
    let shown = file.display();
    let failed = |what: &dyn std::fmt::Display| {
        Failure::usage(format!("cannot sign with {shown}: {what}; `greenlight keygen` makes a pair"))
    };
    refuse_open_to_others(file)?;
    let pem = read_text(file, KEY_BYTES_MAX).map_err(|error| failed(&error))?;
    Signer::from_pem(&pem).map_err(|error| failed(&error))
}

/// A key that others can read is no secret any more.
///
/// # Errors
/// [`Failure`] of usage.
pub(super) fn refuse_open_to_others(file: &Path) -> Result<(), Failure> {
    let mode = fs::metadata(file).map_or(0, |there| there.permissions().mode());
    match mode & 0o077 {
        0 => Ok(()),
        _ => Err(Failure::usage(format!(
            "others may read the key {} (mode {:03o}); chmod 600 {0}",
            file.display(),
            mode & 0o777
        ))),
    }
}
