//! `rollback run`, `resume` and `abort`.

use super::archive::Opened;
use super::command::{EndArgs, RunArgs};
use super::create::refuse_open_to_others;
use super::exchange::Exchange;
use super::journal::{Component, Journal, Phase};
use super::manifest::{Manifest, archive};
use super::parts::{known, part_of};
use super::recovered::{Recovered, recovered};
use super::site::Site;
use super::store::Store;
use super::sum::sum;
use crate::failure::Failure;
use crate::files::read_text;
use crate::output::print;
use greenlight_reports::{Exit, Verifier};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Whoever says whether what serves has recovered.
pub(super) type Ask<'a> = &'a dyn Fn(&Site) -> Result<Recovered, Failure>;

const IDENTITY_BYTES_MAX: u64 = 64 << 10;

/// Restores components of a point: all of them or nothing.
///
/// # Errors
/// [`Failure`]: refused evidence, or nothing was replaced, or everything was put back.
pub(super) fn run(args: &RunArgs) -> Result<Exit, Failure> {
    bring(args, &recovered)
}

/// The same, and somebody else says whether what serves has recovered.
///
/// # Errors
/// As [`run`].
pub(super) fn bring(args: &RunArgs, ask: Ask<'_>) -> Result<Exit, Failure> {
    let reason = emergency(args)?;
    let site = Site::open(&args.place.site)?.with_emergency(reason.clone());
    let store = Store::open(&site.place(args.place.store.as_deref()), false)?;
    let _lock = store.lock(&format!("rollback run {}", args.name))?;
    nothing_under_way(&store, &site)?;
    let folder = store.existing(&args.name)?;
    let manifest = Manifest::read(&folder, &args.name, &keys(&args.key)?)?;
    manifest.is_for(site.name())?;
    let identity = identity(&args.identity)?;
    let site = site.restoring(Some(identity.clone()), store.folder());
    let chosen = chosen(&manifest, &args.only)?;
    if reason.is_some() && !chosen.iter().any(|name| name == "services") {
        return Err(Failure::usage("--emergency is about services, and none are restored; leave it out"));
    }
    agreed(&manifest, &chosen, args.yes)?;
    // All of them are believed before anything is written.
    let mut components = Vec::new();
    for name in &chosen {
        let file = store.file(&folder, &args.name, &archive(name))?;
        let opened = believed(&manifest, name, &file, &identity)?;
        let refused = |failure: Failure| {
            let message = format!("{name} of the point {:?}: {failure}; nothing was changed", args.name);
            Failure::new(failure.exit, message)
        };
        let exchange = part_of(name, &site)?.exchange(&opened, &args.name).map_err(refused)?;
        components.push((component(name, &opened, exchange), file));
    }
    let (components, files): (Vec<Component>, Vec<PathBuf>) = components.into_iter().unzip();
    let signed = components.clone();
    let opened = opened(&signed, &files, &identity);
    store.audit(&args.name, "rollback run", &chosen.join(","))?;
    if let Some(reason) = &reason {
        say!("EMERGENCY {reason}");
        store.audit(&args.name, "rollback run --emergency", reason)?;
    }
    let mut journal = Journal::new(&args.name, site.name(), components);
    replace(&store, &site, &mut journal, &opened)?;
    let said = settle(&store, &site, journal, ask)?;
    print(&said)?;
    Ok(Exit::Passed)
}

/// A restore that was cut short is ended first, by whoever knows which way. One that has exchanged nothing yet is ended here.
///
/// # Errors
/// [`Failure`] of usage, or it can't be ended.
pub(super) fn nothing_under_way(store: &Store, site: &Site) -> Result<(), Failure> {
    match Journal::left(store)? {
        None => Ok(()),
        Some(mut journal) if journal.is_staging() && journal.environment.as_deref() == site.name() => {
            say!("ended    what was put together of {:?} and never exchanged", journal.point);
            journal.end(store, site)
        }
        Some(journal) => Err(Failure::usage(format!(
            "a restore of {:?} was cut short; `greenlight rollback resume` ends it, `greenlight rollback abort` takes it back",
            journal.point
        ))),
    }
}

/// Why containers are stopped and made again, if they are to be.
///
/// # Errors
/// [`Failure`] of usage: nobody said why, or that it may be.
fn emergency(args: &RunArgs) -> Result<Option<String>, Failure> {
    let reason = args.reason.as_deref().map(str::trim).filter(|reason| !reason.is_empty());
    match (args.emergency, args.yes, reason) {
        (false, ..) => Ok(None),
        (true, true, Some(reason)) => Ok(Some(reason.to_owned())),
        (true, ..) => Err(Failure::usage(
            "--emergency stops containers and cuts the calls on them, without gate and deploy; say --yes, and why with --reason TEXT",
        )),
    }
}

/// Coming back loses what was written since, which is for people to decide.
fn agreed(manifest: &Manifest, chosen: &[String], yes: bool) -> Result<(), Failure> {
    if !chosen.iter().any(|name| name == "database") {
        return Ok(());
    }
    let lost = format!(
        "what was written to the database between {} and now, {}, is lost",
        manifest.created,
        crate::clock::timestamp()
    );
    match yes {
        true => {
            say!("lost     {lost}");
            Ok(())
        }
        false => Err(Failure::usage(format!(
            "{lost}; say --yes if it may be, or leave the database out with --only; nothing was changed"
        ))),
    }
}

/// The archive is the one that was signed.
///
/// # Errors
/// [`Failure`] of refused evidence.
pub(super) fn believed<'a>(
    manifest: &'a Manifest,
    component: &str,
    file: &'a Path,
    identity: &'a age::x25519::Identity,
) -> Result<Opened<'a>, Failure> {
    whole(manifest, component, file).map_err(|what| {
        Failure::refused(format!("{component} of the point {:?}: {what}; nothing was changed", manifest.name))
    })?;
    let signed = manifest.components.get(component).map(|about| &about.archive);
    let signed = signed.ok_or_else(|| Failure::refused(format!("the point {:?} has no {component}", manifest.name)))?;
    Ok(Opened { file, identity, signed })
}

/// As it stands in the journal.
pub(super) fn component(name: &str, opened: &Opened<'_>, exchange: Exchange) -> Component {
    Component { name: name.to_owned(), archive: opened.signed.clone(), exchange }
}

/// The archives of components, as they were signed.
pub(super) fn opened<'a>(
    components: &'a [Component],
    files: &'a [PathBuf],
    identity: &'a age::x25519::Identity,
) -> Vec<Opened<'a>> {
    let one = |(component, file): (&'a Component, &'a PathBuf)| Opened { file, identity, signed: &component.archive };
    components.iter().zip(files).map(one).collect()
}

/// The archive is the one that the manifest is about.
///
/// # Errors
/// What is not.
pub(super) fn whole(manifest: &Manifest, component: &str, archive: &Path) -> Result<(), String> {
    let expected = manifest.components.get(component).ok_or("the point has none")?;
    let found = sum(archive).map_err(|error| format!("cannot read {}: {error}", archive.display()))?;
    match found == expected.archive {
        true => Ok(()),
        false => Err("the archive is not the one that was signed".to_owned()),
    }
}

/// Every component is staged before the first is exchanged, and every one is read again before what was replaced is given
/// up.
fn replace(store: &Store, site: &Site, journal: &mut Journal, opened: &[Opened<'_>]) -> Result<(), Failure> {
    journal.write(store).map_err(|failure| Failure::new(failure.exit, format!("{failure}; nothing was replaced")))?;
    let staged = journal.components.iter_mut().zip(opened).try_for_each(|(component, opened)| {
        component.exchange.of_mut().stage(site, opened).map_err(|what| format!("{}: {what}", component.name))
    });
    if let Err(what) = staged {
        journal.end(store, site)?;
        return Err(Failure::unknown(format!("{what}; nothing was replaced")));
    }
    journal.complete(store)?;
    match journal.forward(site).and_then(|()| journal.verify(store, site, opened)) {
        Ok(()) => Ok(()),
        Err(what) => Err(put_back(store, site, journal, &what)),
    }
}

/// Takes everything back, since what is there now is not what was kept.
fn put_back(store: &Store, site: &Site, journal: &mut Journal, what: &str) -> Failure {
    // A journal that can't be written still says that everything is staged: going back is as good then.
    let _ = journal.write(store);
    let back = journal.back(site).map_err(|again| {
        Failure::new(
            Exit::RollbackFailed,
            format!(
                "{what}; and it can't be put back: {again}; mend that, and `greenlight rollback abort` tries again. Files that were there lie beside what is there now, as .greenlight-{}-…",
                journal.point
            ),
        )
    });
    let ended = back.and_then(|()| journal.end(store, site));
    let told = ended.and_then(|()| store.audit(&journal.point, "rollback run", &format!("put back: {what}")));
    told.err().unwrap_or_else(|| Failure::new(Exit::RolledBack, format!("{what}; everything is as it was")))
}

/// What is there is what was kept. Now the suites decide whether that has helped; until they have, what was replaced is
/// still there.
fn settle(store: &Store, site: &Site, mut journal: Journal, ask: Ask<'_>) -> Result<String, Failure> {
    let recovered = ask(site).map_err(|failure| {
        Failure::new(
            Exit::RollbackFailed,
            format!(
                "everything was restored, and what serves has not recovered: {failure}; `greenlight rollback resume` looks again and keeps it, `greenlight rollback abort` brings back what was there"
            ),
        )
    });
    let said = match recovered {
        Ok(Recovered::Yes(said)) => said,
        Ok(Recovered::NobodyAsked) => {
            "NOT SEEN  whether what serves has recovered: name an environment with a target, --environment".to_owned()
        }
        Err(failure) => {
            store.audit(&journal.point, "rollback run", "restored; not recovered")?;
            return Err(failure);
        }
    };
    journal.end(store, site)?;
    let mut text = String::new();
    for component in &journal.components {
        let _ = writeln!(text, "restored {}", component.name);
        component.exchange.of().about().iter().for_each(|line| _ = writeln!(text, "         {line}"));
        let read =
            if journal.verified == Some(true) { "restored and verified" } else { "restored, and not read again" };
        store.audit(&journal.point, "rollback run", &format!("{}: {read}", component.name))?;
    }
    let _ = writeln!(text, "{said}");
    Ok(text)
}

/// In the order of the manifest's own making: what serves comes last.
fn chosen(manifest: &Manifest, only: &[String]) -> Result<Vec<String>, Failure> {
    known(only)?;
    let held: Vec<String> = super::parts::NAMES
        .iter()
        .map(|name| (*name).to_owned())
        .filter(|name| manifest.components.contains_key(name))
        .collect();
    if let Some(strange) = manifest.components.keys().find(|name| !held.contains(name)) {
        return Err(Failure::usage(format!(
            "the point {:?} holds {strange:?}, which this version does not know; restore it with the version that made it",
            manifest.name
        )));
    }
    match only.iter().find(|one| !held.contains(one)) {
        Some(one) => {
            Err(Failure::usage(format!("the point {:?} has no {one}; it has {}", manifest.name, held.join(", "))))
        }
        None if only.is_empty() => Ok(held),
        None => Ok(held.into_iter().filter(|name| only.contains(name)).collect()),
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
pub(super) fn resume(args: &EndArgs) -> Result<Exit, Failure> {
    go_on(args, &recovered)
}

/// The same, and somebody else says whether what serves has recovered.
///
/// # Errors
/// As [`resume`].
pub(super) fn go_on(args: &EndArgs, ask: Ask<'_>) -> Result<Exit, Failure> {
    ended(args, "resume", Journal::forward, ask)
}

/// Takes a restore that was cut short back.
///
/// # Errors
/// [`Failure`]: nothing was cut short, or it can't be taken back.
pub(super) fn abort(args: &EndArgs) -> Result<Exit, Failure> {
    ended(args, "abort", Journal::back, &recovered)
}

fn ended(
    args: &EndArgs,
    what: &str,
    end: impl Fn(&Journal, &Site) -> Result<(), String>,
    ask: Ask<'_>,
) -> Result<Exit, Failure> {
    let site = Site::open(&args.place.site)?;
    let store = Store::open(&site.place(args.place.store.as_deref()), false)?;
    let site = site.restoring(args.identity.as_deref().map(identity).transpose()?, store.folder());
    let _lock = store.lock(&format!("rollback {what}"))?;
    let Some(mut journal) = Journal::left(&store)? else {
        return Err(Failure::usage("no restore was cut short; there is nothing to do"));
    };
    if journal.environment.as_deref() != site.name() {
        let wanted = journal
            .environment
            .as_deref()
            .map_or("without --environment".to_owned(), |name| format!("with --environment {name}"));
        return Err(Failure::usage(format!("the restore of {:?} was begun {wanted}; say the same now", journal.point)));
    }
    let point = journal.point.clone();
    let stuck = |why: String| {
        let message = format!(
            "{why}; mend that, and run it again. Files that were there lie beside what is there now, as .greenlight-{}-…",
            point
        );
        Failure::new(Exit::RollbackFailed, message)
    };
    let forward = what == "resume";
    if forward && journal.verified == Some(false) {
        return Err(stuck(
            "what was restored is not what was kept, so it can't be kept: `greenlight rollback abort`".to_owned(),
        ));
    }
    if journal.phase == Phase::Exchanging {
        end(&journal, &site).map_err(stuck)?;
        if forward && journal.verified.is_none() {
            read_again(&store, &site, &mut journal)?;
        }
    }
    let has_come = journal.came.map_or_else(|| journal.has_come(&site).map_err(stuck), Ok)?;
    let state = if has_come { "restored" } else { "as it was" };
    if journal.phase == Phase::Exchanging && state == "restored" {
        print(&settle(&store, &site, journal.clone(), ask)?)?;
    } else {
        journal.end(&store, &site)?;
    }
    store.audit(&journal.point, &format!("rollback {what}"), state)?;
    print(&format!("{what:<8} {}: {state}\n", journal.point))?;
    Ok(Exit::Passed)
}

/// What a killed process has not come to: reading again what is there now. That needs what opens the point.
fn read_again(store: &Store, site: &Site, journal: &mut Journal) -> Result<(), Failure> {
    let Some(identity) = site.identity() else {
        say!("NOT READ whether what is there now is what was kept: say --identity to have it read");
        return Ok(());
    };
    let folder = store.existing(&journal.point)?;
    let file = |component: &Component| store.file(&folder, &journal.point, &archive(&component.name));
    let files = journal.components.iter().map(file).collect::<Result<Vec<PathBuf>, Failure>>()?;
    let signed = journal.components.clone();
    let opened = opened(&signed, &files, identity);
    match journal.verify(store, site, &opened) {
        Ok(()) => Ok(()),
        Err(what) => Err(put_back(store, site, journal, &what)),
    }
}
