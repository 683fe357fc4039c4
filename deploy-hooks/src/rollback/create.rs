//! `rollback create`.

use super::command::CreateArgs;
use super::manifest::{Component, Manifest, archive};
use super::part::Part;
use super::parts::wanted;
use super::site::Site;
use super::store::{Store, Unfinished};
use super::writer::Writer;
use crate::failure::Failure;
use crate::files::read_text;
use crate::output::print;
use greenlight_reports::{Exit, Signer};
use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

const KEY_BYTES_MAX: u64 = 64 << 10;
/// Free space for a point, in times of what goes into it: half of a point on a full disk is none.
const SPACE: u64 = 2;

/// Makes a point, whole or not at all.
///
/// # Errors
/// [`Failure`]; then there is no such point.
pub(super) fn create(CreateArgs { point: args, only, files, env }: &CreateArgs) -> Result<Exit, Failure> {
    let site = Site::open(&args.place.site)?;
    let place = site.place(args.place.store.as_deref());
    let site = site.keeping(place.folder());
    let signer = signer(&args.sign_key)?;
    let configured = site.spec().map(|spec| spec.recipients.clone()).unwrap_or_default();
    let to = if args.recipient.is_empty() { configured } else { args.recipient.clone() };
    let recipients = recipients(&to)?;
    let parts = wanted(&site, &args.name, files, env, only)?;
    let store = Store::open(&place, true)?;
    let _lock = store.lock(&format!("rollback create {}", args.name))?;
    let point = store.begin(&args.name)?;
    space(&store, &parts)?;
    let manifest = Manifest::new(&args.name, &args.description, site.name(), &to);
    let made = fill(manifest, point, &parts, &recipients, &signer);
    if made.is_err() {
        for left in parts.iter().filter_map(|part| part.undo().err()) {
            say!("LEFT     {left}");
        }
    }
    let mut said = made?;
    store.audit(&args.name, "rollback create", &args.description)?;
    let _ = writeln!(said, "wrote    {}/{}", store.shown(), args.name);
    let _ = writeln!(
        said,
        "next     greenlight rollback verify {}{} --key PUBLIC.pem --identity KEY",
        args.name,
        args.place.as_typed()
    );
    print(&said)?;
    Ok(Exit::Passed)
}

fn fill(
    mut manifest: Manifest,
    point: Unfinished<'_>,
    parts: &[Box<dyn Part + '_>],
    recipients: &[age::x25519::Recipient],
    signer: &Signer,
) -> Result<String, Failure> {
    let mut said = String::new();
    for part in parts {
        let unwritten = |error: std::io::Error| {
            Failure::usage(format!("cannot write the archive of {}: {error}; no point was made", part.name()))
        };
        let mut writer = Writer::new(point.out(&archive(part.name()))?, recipients).map_err(unwritten)?;
        let kept = part
            .keep(&mut writer)
            .map_err(|failure| Failure::new(failure.exit, format!("{}: {failure}; no point was made", part.name())))?;
        let written = writer.finish().map_err(unwritten)?;
        let _ = writeln!(
            said,
            "kept     {}: {} entries, {} bytes, {} in the archive",
            part.name(),
            kept.entries,
            kept.plain_bytes,
            written.bytes
        );
        if let Some(copy) = &kept.copy {
            let _ = writeln!(said, "restored {}: the copy {} beside it holds every row", part.name(), copy.database);
        }
        kept.passed_over.iter().for_each(|one| _ = writeln!(said, "LEFT OUT {one}"));
        let component =
            Component { archive: written, entries: kept.entries, plain_bytes: kept.plain_bytes, copy: kept.copy };
        manifest.components.insert(part.name().to_owned(), component);
    }
    let (text, signature) = manifest.signed(signer)?;
    point.end(&text, &(signature + "\n"))?;
    Ok(said)
}

/// Preflight: a point needs room, and so does whatever runs beside it.
fn space(store: &Store, parts: &[Box<dyn Part + '_>]) -> Result<(), Failure> {
    let mut bytes: u64 = 0;
    for part in parts {
        bytes += part.estimate().map_err(|failure| failure.during(part.name()))?;
    }
    if !store.is_here() {
        return Ok(());
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
pub(super) fn recipients(texts: &[String]) -> Result<Vec<age::x25519::Recipient>, Failure> {
    if texts.is_empty() {
        return Err(Failure::usage(
            "nobody could restore it; name who can with --recipient, or `recipients:` in deployment.yaml (`age-keygen` prints one, as age1…)",
        ));
    }
    let one = |text: &String| {
        text.parse().map_err(|why| {
            Failure::usage(format!("{text:?} is no recipient of age ({why}); `age-keygen` prints one, as age1…"))
        })
    };
    texts.iter().map(one).collect()
}

/// The private half that signs, which nobody else may read.
///
/// # Errors
/// [`Failure`] of usage.
pub(super) fn signer(file: &Path) -> Result<Signer, Failure> {
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
