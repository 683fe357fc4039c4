//! `plan backup`: a rollback point of files and environment files, and none that would not bring back what a plan has changed.

use super::command::BackupArgs;
use super::inputs::{Found, Kind, Read, find};
use crate::configuration;
use crate::failure::Failure;
use crate::rollback::{CreateArgs, RollbackCommand, Roots, SiteArgs, run};
use greenlight_reports::Exit;
use serde_json::json;
use std::path::{Path, PathBuf};

/// Makes it, by `rollback create`.
///
/// # Errors
/// [`Failure`]; then there is no such point.
pub(super) fn backup(args: &BackupArgs) -> Result<Exit, Failure> {
    let only = components(args)?;
    let create = CreateArgs { point: args.point.clone(), only, files: vec![], env: vec![] };
    run(&RollbackCommand::Create(create))
}

/// Those of `files` and `env` that deployment.yaml names, if they hold every file that a plan would have changed.
fn components(args: &BackupArgs) -> Result<Vec<String>, Failure> {
    let Found { files, unreadable, passed_over } = find(&args.folder)?;
    if !unreadable.is_empty() {
        return Err(Failure::usage(format!(
            "nobody knows whether a plan would change what it can't read: {}; make them readable, or move them away",
            unreadable.join(", ")
        )));
    }
    // What applications are built from is built again, and no step of a plan puts it back.
    let (built, changed): (Vec<Read>, Vec<Read>) = files.into_iter().partition(|read| read.kind == Kind::Manifest);
    if changed.is_empty() {
        return Err(Failure::usage(format!(
            "{} holds no file of a deployment; name the folder that does with --folder",
            args.folder.display()
        )));
    }
    let SiteArgs { environment, config } = &args.point.place.site;
    let name = environment.as_deref().unwrap_or_default();
    let deployment = Path::new(config).exists().then(|| configuration::read(config)).transpose()?;
    let there = deployment.as_ref().map(|all| configuration::environment(all, name)).transpose()?;
    let spec = there.and_then(|environment| environment.rollback.as_ref());
    let roots = deployment.as_ref().zip(spec).map(|(all, spec)| Roots::of(all, spec)).unwrap_or_default();
    let outside = |path: &str| roots.outside(&args.folder.join(path));
    let lacking: Vec<(&str, PathBuf)> =
        changed.iter().filter_map(|read| Some((read.path.as_str(), outside(&read.path)?))).collect();
    let Some(spec) = spec.filter(|_| lacking.is_empty()) else {
        let (names, paths): (Vec<&str>, Vec<PathBuf>) = lacking.into_iter().unzip();
        let paths = json!(paths.iter().map(|path| path.to_string_lossy()).collect::<Vec<_>>());
        let write = match spec {
            Some(_) => format!("add to its `rollback.files` {paths}"),
            None => format!(
                "write into that environment `rollback: {{store: points, recipients: [age1…], files: {paths}}}` (`age-keygen -o key.txt` prints the recipient)"
            ),
        };
        let init = if deployment.is_none() { ", which is not there (`greenlight init` writes one)," } else { "" };
        return Err(Failure::usage(format!(
            "no point of environment {name} of {config}{init} would bring back {}; {write}",
            names.join(", ")
        )));
    };
    let left_out = passed_over.iter().map(|(path, _)| path).chain(built.iter().map(|read| &read.path));
    for (path, real) in left_out.filter_map(|path| Some((path, outside(path)?))) {
        say!("LEFT OUT {path}: {} is below none of rollback.files and rollback.env", real.display());
    }
    let named = [("files", &spec.files), ("env", &spec.env)].into_iter().filter(|(_, paths)| !paths.is_empty());
    Ok(named.map(|(component, _)| component.to_owned()).collect())
}
