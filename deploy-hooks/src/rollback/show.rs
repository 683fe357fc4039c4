//! `rollback list`, `show`, `verify` and `prune`.

use super::command::{ListArgs, PruneArgs, StoreArgs, VerifyArgs};
use super::database::forget;
use super::manifest::{Manifest, archive};
use super::parts::held;
use super::rehearsal;
use super::restore::{believed, identity, keys, whole};
use super::site::Site;
use super::store::Store;
use crate::failure::Failure;
use crate::output::print;
use greenlight_reports::{Exit, Verifier};
use std::fmt::Write as _;
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

/// Every point, the oldest first. One that no key has signed is shown as such.
///
/// # Errors
/// [`Failure`] of usage.
pub(super) fn list(args: &ListArgs) -> Result<Exit, Failure> {
    let store = opened(&args.place)?;
    let mut out = String::new();
    let keys = keys(&args.key)?;
    for (name, read) in manifests(&store, &keys)? {
        match read {
            Ok(manifest) => {
                let components: Vec<&str> = manifest.components.keys().map(String::as_str).collect();
                let _ =
                    writeln!(out, "{}  {name}  {}  {}", manifest.created, components.join(","), manifest.description);
                let _ = writeln!(out, "         {}", rehearsal::said(&store.existing(&name)?, &name, &keys));
            }
            Err(failure) => _ = writeln!(out, "NOT TO BE BELIEVED  {name}  {failure}"),
        }
    }
    if out.is_empty() {
        out.push_str("no points\n");
    }
    print(&out)?;
    Ok(Exit::Passed)
}

/// The store, as it is named.
fn opened(place: &StoreArgs) -> Result<Store, Failure> {
    let site = Site::open(&place.site)?;
    Store::open(&site.place(place.store.as_deref()), false)
}

/// A point by its name, and its manifest if that is to be believed.
type Read = (String, Result<Manifest, Failure>);

/// By age, and those that say nothing of it last.
fn manifests(store: &Store, keys: &[Verifier]) -> Result<Vec<Read>, Failure> {
    let mut found = Vec::new();
    for name in store.names()? {
        let read = Manifest::read(&store.existing(&name)?, &name, keys);
        found.push((name, read));
    }
    found.sort_by_key(|(name, read)| {
        (read.is_err(), read.as_ref().map(|manifest| manifest.created.clone()).unwrap_or_default(), name.clone())
    });
    Ok(found)
}

/// `rollback show` and `rollback verify`: signature and sums, and with an identity everything that is in it.
///
/// # Errors
/// [`Failure`] of refused evidence, with what is wrong.
pub(super) fn verify(args: &VerifyArgs, listed: bool) -> Result<Exit, Failure> {
    let store = opened(&args.place)?;
    let point = store.existing(&args.name)?;
    let keys = keys(&args.key)?;
    let manifest = Manifest::read(&point, &args.name, &keys)?;
    let identity = args.identity.as_deref().map(identity).transpose()?;
    let mut out = format!(
        "point    {}  {}  by {}\n         {}\n         {}\n",
        manifest.name,
        manifest.created,
        manifest.who,
        manifest.description,
        rehearsal::said(&point, &args.name, &keys)
    );
    for (component, about) in &manifest.components {
        let file = store.file(&point, &args.name, &archive(component))?;
        let Some(identity) = &identity else {
            whole(&manifest, component, &file).map_err(|what| Failure::refused(format!("{component}: {what}")))?;
            let _ = writeln!(
                out,
                "signed   {component}: {} entries, {} bytes; not opened, for want of --identity",
                about.entries, about.plain_bytes
            );
            continue;
        };
        let opened = believed(&manifest, component, &file, identity)?;
        let held = held(component, &opened)
            .map_err(|what| Failure::refused(format!("{component} of the point {:?}: {what}", args.name)))?;
        let _ = writeln!(
            out,
            "whole    {component}: {} entries, {} bytes, every sum is right",
            about.entries, about.plain_bytes
        );
        if listed {
            held.iter().for_each(|line| _ = writeln!(out, "         {line}"));
        }
    }
    store.audit(
        &args.name,
        if listed { "rollback show" } else { "rollback verify" },
        if identity.is_some() { "opened" } else { "not opened" },
    )?;
    print(&out)?;
    Ok(Exit::Passed)
}

/// Removes the oldest points: those beyond a count or a size, and those older than an age. Points that are not to be believed are
/// left for people to look at.
///
/// # Errors
/// [`Failure`] of usage, or a point can't be removed.
pub(super) fn prune(args: &PruneArgs) -> Result<Exit, Failure> {
    let site = Site::open(&args.place.site)?;
    let store = Store::open(&site.place(args.place.store.as_deref()), false)?;
    let _lock = store.lock("rollback prune")?;
    let found = manifests(&store, &keys(&args.key)?)?;
    // Points of another environment in the same store are not this one's to remove.
    let is_ours = |manifest: &Manifest| manifest.is_for(site.name()).is_ok();
    let good: Vec<Manifest> = found.into_iter().filter_map(|(_, read)| read.ok()).filter(is_ours).collect();
    let beyond = args.keep.map_or(0, |keep| good.len().saturating_sub(keep));
    let oldest = args.days.map(|days| OffsetDateTime::now_utc() - Duration::days(i64::from(days)));
    let is_old = |manifest: &Manifest| {
        let created = OffsetDateTime::parse(&manifest.created, &Rfc3339).ok();
        oldest.zip(created).is_some_and(|(oldest, created)| created < oldest)
    };
    let size = |manifest: &Manifest| manifest.components.values().map(|component| component.archive.bytes).sum::<u64>();
    let mut left: u64 = good.iter().map(size).sum();
    let mut out = String::new();
    for (number, manifest) in good.iter().enumerate() {
        let is_too_much = args.bytes.is_some_and(|bytes| left > bytes);
        // The last one is never removed: a store without a point brings nothing back.
        if (number >= beyond && !is_old(manifest) && !is_too_much) || number + 1 == good.len() {
            continue;
        }
        // Its copy first: whoever is killed in between leaves a point that restores its archive, and no database for ever.
        let mut copies = String::new();
        for copy in manifest.components.values().filter_map(|component| component.copy.as_ref()) {
            let _ = match forget(&site, copy) {
                Ok(true) => writeln!(copies, "removed  its copy, the database {}", copy.database),
                Ok(false) => Ok(()),
                Err(why) => writeln!(copies, "LEFT     its copy, the database {}: {why}", copy.database),
            };
        }
        store.remove(&manifest.name)?;
        left -= size(manifest);
        store.audit(&manifest.name, "rollback prune", &manifest.created)?;
        let _ = write!(out, "removed  {}  {}\n{copies}", manifest.created, manifest.name);
    }
    if out.is_empty() {
        out.push_str("nothing to remove\n");
    }
    print(&out)?;
    Ok(Exit::Passed)
}
