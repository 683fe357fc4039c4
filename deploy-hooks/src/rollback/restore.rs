//! `rollback run`, `resume` and `abort`.

use super::archive::{read, sum};
use super::command::RunArgs;
use super::create::refuse_open_to_others;
use super::entry::{Contents, Kind};
use super::manifest::{Manifest, archive};
use super::stage::{remove, stage, stage_of};
use super::store::Store;
use super::swap::{Journal, Phase};
use super::walk::walk;
use crate::failure::Failure;
use crate::files::read_text;
use crate::output::print;
use greenlight_reports::{Exit, Verifier};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

const IDENTITY_BYTES_MAX: u64 = 64 << 10;
/// Free space where it is restored, in times of what comes.
const SPACE: u64 = 2;

/// Restores components of a point: all of a component or nothing of it.
///
/// # Errors
/// [`Failure`]: refused evidence, or nothing was replaced, or everything was put back.
pub(super) fn run(args: &RunArgs) -> Result<Exit, Failure> {
    let store = Store::open(&args.store, false)?;
    let _lock = store.lock(&format!("rollback run {}", args.name))?;
    if let Some(journal) = Journal::left(&store)? {
        return Err(Failure::usage(format!(
            "a restore of {:?} was cut short; `greenlight rollback resume` ends it, `greenlight rollback abort` takes it back",
            journal.point
        )));
    }
    let folder = store.existing(&args.name)?;
    let manifest = Manifest::read(&folder, &args.name, &keys(&args.key)?)?;
    let identity = identity(&args.identity)?;
    let chosen = chosen(&manifest, &args.only)?;
    // All of them are believed before the first is replaced.
    let mut believed = Vec::new();
    for component in &chosen {
        let archive = folder.join(archive(component));
        let contents = opened(&manifest, component, &archive, &identity)?;
        believed.push((component, archive, contents));
    }
    let mut said = String::new();
    for (component, archive, contents) in &believed {
        store.audit(&args.name, "rollback run", component)?;
        replace(&store, args, component, archive, &identity, contents)?;
        let _ = writeln!(said, "restored {component}: {} entries", contents.entries.len());
        contents.roots.iter().for_each(|root| _ = writeln!(said, "         {root}"));
    }
    print(&said)?;
    Ok(Exit::Passed)
}

/// The whole archive, read once from end to end before anything is written.
///
/// # Errors
/// [`Failure`] of refused evidence.
pub(super) fn opened(
    manifest: &Manifest,
    component: &str,
    archive: &Path,
    identity: &age::x25519::Identity,
) -> Result<Contents, Failure> {
    let refused = |what: String| {
        Failure::refused(format!("{component} of the point {:?}: {what}; nothing was changed", manifest.name))
    };
    whole(manifest, component, archive).map_err(refused)?;
    read(archive, identity, |_| Ok(None)).map_err(refused)
}

/// The archive is the one that the manifest is about.
///
/// # Errors
/// What is not.
pub(super) fn whole(manifest: &Manifest, component: &str, archive: &Path) -> Result<(), String> {
    let expected = manifest.components.get(component).ok_or("the point has none")?;
    let found = sum(archive).map_err(|error| format!("cannot read {}: {error}", archive.display()))?;
    match found == (expected.bytes, expected.sha256.clone()) {
        true => Ok(()),
        false => Err("the archive is not the one that was signed".to_owned()),
    }
}

fn replace(
    store: &Store,
    args: &RunArgs,
    component: &str,
    archive: &Path,
    identity: &age::x25519::Identity,
    contents: &Contents,
) -> Result<(), Failure> {
    let targets: Vec<PathBuf> = contents.roots.iter().map(PathBuf::from).collect();
    space(&targets, contents)?;
    let stages: Vec<PathBuf> =
        targets.iter().enumerate().map(|(number, target)| stage_of(target, &args.name, number)).collect();
    let mut journal = Journal::new(&args.name, targets.iter().cloned().zip(stages.iter().cloned()));
    journal.write(store)?;
    let staged = stage(archive, identity, contents, &stages);
    if let Err(what) = staged {
        for stage in &stages {
            let _ = remove(stage);
        }
        journal.end(store)?;
        return Err(Failure::unknown(format!("{component}: {what}; nothing was replaced")));
    }
    journal.complete(store)?;
    let replaced = journal.forward().and_then(|()| verified(contents, &targets));
    if let Err(what) = replaced {
        journal.back().map_err(|again| {
            Failure::new(Exit::RollbackFailed, format!("{component}: {what}; and it can't be put back: {again}; what was there lies beside it, as .greenlight-{}-…", args.name))
        })?;
        journal.end(store)?;
        return Err(Failure::new(Exit::RolledBack, format!("{component}: {what}; everything is as it was")));
    }
    journal.end(store)?;
    store.audit(&args.name, "rollback run", &format!("{component}: restored and verified"))
}

/// What stands there is what the archive says, read again from the disk.
fn verified(contents: &Contents, targets: &[PathBuf]) -> Result<(), String> {
    for (number, target) in targets.iter().enumerate() {
        let (found, _) = walk(number, target)?;
        let mut there = Vec::new();
        for mut one in found {
            if let Kind::File { sha256, .. } = &mut one.entry.kind {
                let found = sum(&one.path).map_err(|error| format!("cannot read {}: {error}", one.path.display()))?;
                *sha256 = found.1;
            }
            // A link's time can't be kept, and nobody looks at it.
            if matches!(one.entry.kind, Kind::Link { .. }) {
                one.entry.modified = (0, 0);
            }
            there.push(one.entry);
        }
        let mut wanted: Vec<_> = contents.entries.iter().filter(|entry| entry.root == number).cloned().collect();
        for entry in wanted.iter_mut().filter(|entry| matches!(entry.kind, Kind::Link { .. })) {
            entry.modified = (0, 0);
        }
        if let Some(entry) = wanted.iter().find(|entry| !there.contains(entry)) {
            return Err(format!("{} is not as it was kept", entry.below(target).display()));
        }
        if there.len() != wanted.len() {
            return Err(format!("{} holds more than was kept", target.display()));
        }
    }
    Ok(())
}

fn space(targets: &[PathBuf], contents: &Contents) -> Result<(), Failure> {
    for (number, target) in targets.iter().enumerate() {
        let above = target.parent().unwrap_or(Path::new("/"));
        let seen = rustix::fs::statvfs(above).map_err(|error| {
            Failure::usage(format!(
                "cannot restore {}: {}: {error}; make the folder, and run it again",
                target.display(),
                above.display()
            ))
        })?;
        let size = |kind: &Kind| if let Kind::File { bytes, .. } = kind { *bytes } else { 0 };
        let bytes: u64 =
            contents.entries.iter().filter(|entry| entry.root == number).map(|entry| size(&entry.kind)).sum();
        let free = seen.f_bavail.saturating_mul(seen.f_frsize);
        if free < bytes.saturating_mul(SPACE) {
            return Err(Failure::usage(format!(
                "{} has {free} bytes free, and restoring {bytes} bytes wants {SPACE} times as much; make room, nothing was changed",
                above.display()
            )));
        }
    }
    Ok(())
}

fn chosen(manifest: &Manifest, only: &[String]) -> Result<Vec<String>, Failure> {
    let known: Vec<String> = manifest.components.keys().cloned().collect();
    match only.iter().find(|one| !known.contains(one)) {
        Some(one) => {
            Err(Failure::usage(format!("the point {:?} has no {one}; it has {}", manifest.name, known.join(", "))))
        }
        None if only.is_empty() => Ok(known),
        None => Ok(only.to_vec()),
    }
}

/// The keys that are believed.
///
/// # Errors
/// [`Failure`] of usage.
pub(super) fn keys(files: &[PathBuf]) -> Result<Vec<Verifier>, Failure> {
    files.iter().map(|file| crate::gate::public_key(file)).collect()
}

/// What opens archives, and nobody else may read.
///
/// # Errors
/// [`Failure`] of usage.
pub(super) fn identity(file: &Path) -> Result<age::x25519::Identity, Failure> {
    let shown = file.display();
    refuse_open_to_others(file)?;
    let text = read_text(file, IDENTITY_BYTES_MAX).map_err(|error| {
        Failure::usage(format!("cannot read the identity {shown}: {error}; `age-keygen -o {shown}` makes one"))
    })?;
    let line = text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#')).unwrap_or_default();
    line.parse().map_err(|_| {
        Failure::usage(format!(
            "{shown} holds no identity of age, which begins with AGE-SECRET-KEY-1; `age-keygen -o` makes one"
        ))
    })
}

/// Ends a restore that was cut short: forward if everything was staged, else as if it had not begun.
///
/// # Errors
/// [`Failure`]: nothing was cut short, or it can't be ended.
pub(super) fn resume(folder: &Path) -> Result<Exit, Failure> {
    ended(folder, "resume", Journal::forward)
}

/// Takes a restore that was cut short back.
///
/// # Errors
/// [`Failure`]: nothing was cut short, or it can't be taken back.
pub(super) fn abort(folder: &Path) -> Result<Exit, Failure> {
    ended(folder, "abort", Journal::back)
}

fn ended(folder: &Path, what: &str, end: impl Fn(&Journal) -> Result<(), String>) -> Result<Exit, Failure> {
    let store = Store::open(folder, false)?;
    let _lock = store.lock(&format!("rollback {what}"))?;
    let Some(mut journal) = Journal::left(&store)? else {
        return Err(Failure::usage("no restore was cut short; there is nothing to do"));
    };
    if journal.phase == Phase::Exchanging {
        end(&journal).map_err(|why| {
            Failure::new(
                Exit::RollbackFailed,
                format!("{why}; what was there lies beside it, as .greenlight-{}-…", journal.point),
            )
        })?;
    }
    let state = if journal.has_come() { "restored" } else { "as it was" };
    journal.end(&store)?;
    store.audit(&journal.point, &format!("rollback {what}"), state)?;
    print(&format!("{what:<8} {}: {state}\n", journal.point))?;
    Ok(Exit::Passed)
}
