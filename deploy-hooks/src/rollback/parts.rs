//! Which components there are: what deployment.yaml says of the environment, and what the command line names.

use super::archive::Opened;
use super::database::{self, Database};
use super::files::{self, Files, is_no_mount};
use super::part::Part;
use super::redis::{self, Durable};
use super::services::{self, Services};
use super::sip::{self, Sip};
use super::site::Site;
use crate::failure::Failure;
use greenlight_config::RollbackSpec;
use std::fs;
use std::path::PathBuf;

/// In the order in which they are kept, and come back: what serves comes last, when what it reads is there.
pub(super) const NAMES: [&str; 6] = ["files", "env", "redis", "sip", "database", "services"];

/// What is to be kept: of each component what is named, else what deployment.yaml says.
///
/// # Errors
/// [`Failure`] of usage: there is nothing, or not what `only` names.
pub(super) fn wanted<'a>(
    site: &'a Site,
    point: &str,
    files: &[PathBuf],
    env: &[PathBuf],
    only: &[String],
) -> Result<Vec<Box<dyn Part + 'a>>, Failure> {
    known(only)?;
    let mut parts: Vec<Box<dyn Part + 'a>> = Vec::new();
    // Across components too: what lies within a folder that is exchanged could not be exchanged as well.
    let mut taken: Vec<PathBuf> = Vec::new();
    for (name, named, configured) in
        [("files", files, site.spec().map(|spec| &spec.files)), ("env", env, site.spec().map(|spec| &spec.env))]
    {
        let paths: Vec<PathBuf> = match named {
            [] => configured.into_iter().flatten().map(|path| site.path(path)).collect(),
            named => named.to_vec(),
        };
        let is_wanted = only.is_empty() || only.iter().any(|one| one == name);
        if let (false, [first, ..]) = (is_wanted, named) {
            return Err(Failure::usage(format!(
                "--only leaves {name} out, and --{name} names {}; add {name} to --only, or leave --{name} out",
                first.display()
            )));
        }
        if !paths.is_empty() && is_wanted {
            let roots = roots(site, &paths, &taken)?;
            taken.extend(roots.iter().cloned());
            parts.push(Box::new(Files { site, name, roots }));
        }
    }
    if site.spec().is_some_and(|spec| spec.redis.is_some()) {
        parts.push(Box::new(Durable { site }));
    }
    if site.spec().is_some_and(|spec| spec.sip) {
        parts.push(Box::new(Sip { site }));
    }
    if site.spec().is_some_and(|spec| spec.database.is_some()) {
        parts.push(Box::new(Database::new(site, point)));
    }
    if site.spec().is_some_and(|spec| spec.services.is_some()) {
        parts.push(Box::new(Services { site }));
    }
    if !only.is_empty() {
        if let Some(missing) = only.iter().find(|name| !parts.iter().any(|part| part.name() == name.as_str())) {
            return Err(Failure::usage(format!(
                "--only names {missing}, and nothing says what that is; say it below `rollback:` of the environment in deployment.yaml, and name that with --environment"
            )));
        }
        parts.retain(|part| only.iter().any(|name| name == part.name()));
    }
    match parts.is_empty() {
        true => Err(Failure::usage(
            "nothing to keep; name files and folders with --files, environment files with --env, or an environment of deployment.yaml with --environment",
        )),
        false => Ok(parts),
    }
}

/// The components that `rollback:` of an environment wants in a point.
pub(super) fn configured(spec: &RollbackSpec) -> impl Iterator<Item = &'static str> {
    let wanted = [
        ("files", !spec.files.is_empty()),
        ("env", !spec.env.is_empty()),
        ("redis", spec.redis.is_some()),
        ("sip", spec.sip),
        ("database", spec.database.is_some()),
        ("services", spec.services.is_some()),
    ];
    wanted.into_iter().filter_map(|(name, wanted)| wanted.then_some(name))
}

/// What brings a component back.
///
/// # Errors
/// [`Failure`] of usage: nothing says where it is to come back to.
pub(super) fn part_of<'a>(name: &str, site: &'a Site) -> Result<Box<dyn Part + 'a>, Failure> {
    match name {
        "files" => Ok(Box::new(Files { site, name: "files", roots: vec![] })),
        "env" => Ok(Box::new(Files { site, name: "env", roots: vec![] })),
        "database" => Ok(Box::new(Database::new(site, ""))),
        "redis" => Ok(Box::new(Durable { site })),
        "sip" => Ok(Box::new(Sip { site })),
        "services" => Ok(Box::new(Services { site })),
        other => Err(Failure::usage(format!(
            "the point holds {other:?}, which this version does not know; restore it with the version that made it"
        ))),
    }
}

/// Reads an archive from one end to the other, and says what is in it, a line each and without a secret.
///
/// # Errors
/// What is wrong with it.
pub(super) fn held(name: &str, opened: &Opened<'_>) -> Result<Vec<String>, String> {
    match name {
        "files" | "env" => files::held(opened),
        "database" => database::held(opened),
        "redis" => redis::held(opened),
        "sip" => sip::held(opened),
        "services" => services::held(opened),
        other => Err(format!("{other:?} is no component that this version knows")),
    }
}

/// A component that nobody knows is a mistake, not nothing.
///
/// # Errors
/// [`Failure`] of usage.
pub(super) fn known(only: &[String]) -> Result<(), Failure> {
    match only.iter().find(|name| !NAMES.contains(&name.as_str())) {
        Some(name) => {
            let meant = greenlight_config::did_you_mean(name, NAMES);
            Err(Failure::usage(format!("there is no component {name:?}{meant}; there are {}", NAMES.join(", "))))
        }
        None => Ok(()),
    }
}

/// Absolute, and each a file or folder of its own: one within another would be put back twice.
fn roots(site: &Site, paths: &[PathBuf], taken: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut roots: Vec<PathBuf> = Vec::new();
    for path in paths {
        let failed = |error: std::io::Error| {
            Failure::usage(format!("cannot keep {}: {error}; name what is there", path.display()))
        };
        let name = path
            .file_name()
            .ok_or_else(|| Failure::usage(format!("{} has no name; name it by its path", path.display())))?;
        // The folder above is resolved. The last part may be no link: only the link would be kept, and whoever writes through
        // it would write what is not.
        let above = match path.parent() {
            Some(above) if !above.as_os_str().is_empty() => fs::canonicalize(above).map_err(failed)?,
            _ => std::env::current_dir().map_err(failed)?,
        };
        let root = above.join(name);
        if fs::symlink_metadata(&root).map_err(failed)?.is_symlink() {
            let to = fs::canonicalize(&root).map_or_else(|_| "nothing".to_owned(), |to| to.display().to_string());
            return Err(Failure::usage(format!(
                "{} is a link, and leads to {to}; name what it leads to, or the link would be all that is kept",
                root.display()
            )));
        }
        is_no_mount(&root)?;
        site.may_exchange(&root)?;
        if let Some(other) = roots.iter().chain(taken).find(|other| root.starts_with(other) || other.starts_with(&root))
        {
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
