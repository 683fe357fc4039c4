//! `rollback rehearse`: a point is restored where nothing serves, read again, and judged by the suites. Nothing is
//! exchanged: what is staged is what is rehearsed.

use super::archive::Opened;
use super::command::RehearseArgs;
use super::create::signer;
use super::journal::{Component, Journal};
use super::manifest::{Manifest, archive};
use super::parts::part_of;
use super::rehearsal::{Rehearsal, Verdict};
use super::restore::{believed, component, identity, keys, nothing_under_way, opened};
use super::site::Site;
use super::store::Store;
use crate::beside::Beside;
use crate::failure::Failure;
use crate::files::read_text;
use crate::output::print;
use crate::process::run;
use greenlight_config::Step;
use greenlight_config::lint::{FileKind, kind_of};
use greenlight_reports::{Exit, Signer};
use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Instant;

/// A staging starts, is checked and goes in a minute or two.
const SUITES_TIMEOUT_S: u64 = 1_800;
/// More than every livekit.yaml that people write.
const CONFIG_BYTES_MAX: u64 = 4 << 20;
/// So deep a configuration is looked for below what was kept.
const DEPTH_MAX: usize = 8;

/// Rehearses.
///
/// # Errors
/// [`Failure`]: the point is not to be believed, or it was not what was kept, or would not serve. Of the latter two the
/// record says so.
pub(super) fn rehearse(args: &RehearseArgs) -> Result<Exit, Failure> {
    let site = Site::open(&args.place.site)?;
    let signer = signer(&args.sign_key)?;
    let store = Store::open(&site.place(args.place.store.as_deref()), false)?;
    let _lock = store.lock(&format!("rollback rehearse {}", args.name))?;
    nothing_under_way(&store, &site)?;
    let folder = store.existing(&args.name)?;
    let manifest = Manifest::read(&folder, &args.name, &keys(&args.key)?)?;
    manifest.is_for(site.name())?;
    let identity = identity(&args.identity)?;
    let site = site.restoring(Some(identity.clone()), store.folder());
    let scratch = Scratch::new(args.scratch.as_deref())?;
    let mut all = Vec::new();
    for name in super::parts::NAMES.iter().copied().filter(|name| manifest.components.contains_key(*name)) {
        let file = store.file(&folder, &args.name, &archive(name))?;
        let opened = believed(&manifest, name, &file, &identity)?;
        let exchange = part_of(name, &site)?.rehearsal(&opened, &args.name, &scratch.0)?;
        all.push((component(name, &opened, exchange), file));
    }
    let (components, files): (Vec<Component>, Vec<PathBuf>) = all.into_iter().unzip();
    if components.len() != manifest.components.len() {
        return Err(Failure::usage("the point holds what this version does not know; use the one that made it"));
    }
    let signed = components.clone();
    let opened = opened(&signed, &files, &identity);
    store.audit(&args.name, "rollback rehearse", "begun")?;
    // A rehearsal that is killed is ended as a restore is: what was staged is removed.
    let mut journal = Journal::new(&args.name, site.name(), components);
    journal.write(&store)?;
    let mut record = Rehearsal::of(&manifest, site.name());
    let judged = judged(&site, &mut journal, &opened, &scratch, &mut record);
    let ended = journal.end(&store, &site);
    conclude((&store, &signer), record, judged, ended)
}

/// Everything is staged, read again, and shown to the suites.
fn judged(
    site: &Site,
    journal: &mut Journal,
    opened: &[Opened<'_>],
    scratch: &Scratch,
    record: &mut Rehearsal,
) -> Result<(), Failure> {
    for (component, opened) in journal.components.iter_mut().zip(opened) {
        let begun = Instant::now();
        let exchange = component.exchange.of_mut();
        exchange
            .stage(site, opened)
            .and_then(|()| component.exchange.of().rehearsed(site, opened))
            .map_err(|what| Failure::red(format!("{}: {what}", component.name)))?;
        record.components_ms.insert(component.name.clone(), elapsed_ms(begun));
    }
    let begun = Instant::now();
    let steps = lines(site, &scratch.0)?;
    let mut told = vec![("GREENLIGHT_RESTORED".to_owned(), scratch.0.display().to_string())];
    told.extend(site.name().map(|name| ("GREENLIGHT_ENVIRONMENT".to_owned(), name.to_owned())));
    for step in &steps {
        say!("asking   {}", step.run.join(" "));
        record.suites = Some(step.name.clone());
        site.wait(async {
            let interrupt = crate::interrupt::on_signal()?;
            Ok::<_, Failure>(run(step, &told, Stdio::null(), &interrupt).await?)
        })?;
    }
    record.suites_ms = elapsed_ms(begun);
    record.verdict = Verdict::Passed;
    Ok(())
}

/// Writes down what came of it, red or not.
fn conclude(
    (store, signer): (&Store, &Signer),
    mut record: Rehearsal,
    judged: Result<(), Failure>,
    ended: Result<(), Failure>,
) -> Result<Exit, Failure> {
    // What somebody broke off says nothing of the point.
    if let Err(failure) = &judged
        && failure.exit == Exit::Interrupted
    {
        ended?;
        return Err(Failure::interrupted(failure));
    }
    if let Err(failure) = judged.and(ended) {
        record.verdict = Verdict::Failed;
        record.why = Some(failure.message);
    }
    record.write(store, signer)?;
    store.audit(&record.point, "rollback rehearse", &record.to_string())?;
    print(&format!("{record}\n"))?;
    match (record.verdict, record.why) {
        (Verdict::Passed, _) => Ok(Exit::Passed),
        (Verdict::Failed, why) => {
            Err(Failure::red(format!("{:?} would not bring it back: {}", record.point, why.unwrap_or_default())))
        }
    }
}

/// Who says whether it would serve.
fn lines(site: &Site, scratch: &Path) -> Result<Vec<Step>, Failure> {
    if let Some(step) = site.spec().and_then(|spec| spec.rehearse.clone()) {
        return Ok(vec![step]);
    }
    let mut configs = Vec::new();
    look(scratch, DEPTH_MAX, &mut configs);
    if configs.is_empty() {
        return Err(Failure::red(
            "nobody can say whether it would serve: the point holds no livekit.yaml, and `rollback:` has no line `rehearse:` (a step, told the restored folder by GREENLIGHT_RESTORED)",
        ));
    }
    let beside = site.wait(Beside::find())?;
    let text = |path: &Path| path.to_str().map(str::to_owned).ok_or_else(|| Failure::usage("a path is no UTF-8"));
    let program = text(beside.program())?;
    let line = |config: &PathBuf| {
        let out = text(&scratch.join(".greenlight-report"))?;
        let config = text(config)?;
        let run = [&program, "--target", "containers", "--livekit-config", &config, "--tag", "smoke", "--out", &out];
        Ok(Step {
            name: "greenlight-verify".to_owned(),
            run: run.iter().copied().chain(["-o", "short"]).map(str::to_owned).collect(),
            timeout_s: SUITES_TIMEOUT_S,
            after: vec![],
        })
    };
    configs.iter().map(line).collect()
}

/// Every livekit.yaml below a folder. Links are not followed: they lead to what is there now.
fn look(folder: &Path, depth: usize, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> =
        fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    entries.sort();
    for path in entries {
        let Ok(there) = fs::symlink_metadata(&path) else { continue };
        if there.is_dir() && depth > 0 {
            look(&path, depth - 1, found);
        } else if there.is_file() && there.len() <= CONFIG_BYTES_MAX {
            let text = read_text(&path, CONFIG_BYTES_MAX).unwrap_or_default();
            if kind_of(&path, &text) == Some(FileKind::LivekitYaml) {
                found.push(path);
            }
        }
    }
}

fn elapsed_ms(begun: Instant) -> u64 {
    u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX)
}

/// Where it is put together: a folder into which only its owner may look, and which goes with the rehearsal.
struct Scratch(PathBuf);

impl Scratch {
    fn new(above: Option<&Path>) -> Result<Self, Failure> {
        let above = above.map_or_else(std::env::temp_dir, Path::to_owned);
        let folder = above.join(format!("greenlight-rehearsal-{:08x}", rand::random::<u32>()));
        let made = DirBuilder::new().mode(0o700).create(&folder).and_then(|()| fs::canonicalize(&folder));
        made.map(Self).map_err(|error| {
            Failure::usage(format!("cannot make {}: {error}; name another place with --scratch", folder.display()))
        })
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
