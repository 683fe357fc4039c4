//! `greenlight env update`.

use super::command::UpdateArgs;
use super::given::{judge, read};
use crate::difference::difference;
use crate::failure::Failure;
use crate::files::replace_whole;
use crate::findings::{Linted, text};
use crate::output::print;
use crate::secrets::{has_password, is_secret};
use greenlight_config::env_file::{EnvFile, Set};
use greenlight_config::lint::{FileKind, Finding, Level};
use greenlight_reports::Exit;
use std::collections::BTreeMap;
use std::path::Path;

/// Letters of a secret: 43 of 64 kinds hold 256 bits, and none needs a quote anywhere.
const SECRET_CHARACTERS: usize = 43;
const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// A random secret.
pub(super) fn new_secret() -> String {
    let bytes: [u8; SECRET_CHARACTERS] = rand::random();
    bytes.iter().map(|byte| LETTERS[usize::from(byte % 64)] as char).collect()
}

/// Changes the file.
///
/// # Errors
/// [`Failure`] of usage; then nothing was written.
pub(super) fn run(args: &UpdateArgs) -> Result<Exit, Failure> {
    let before = read(&args.file)?;
    let mut file = EnvFile::parse(&before);
    let shown = args.file.display().to_string();
    if let Some(line) = file.unreadable().next() {
        return Err(Failure::usage(format!(
            "{shown}: line {line} is neither NAME=value nor a comment, and nobody knows what would be changed; close the quote, or begin the line with `#`"
        )));
    }
    for (name, change) in asked(args)? {
        apply(&mut file, &shown, &name, change)?;
    }
    let mut said = match &args.to {
        Some(version) => rename(&mut file, version)?,
        None => String::new(),
    };
    let after = file.text();
    if after == before {
        print(&format!("{said}same     {shown}: nothing to change\n"))?;
        return Ok(Exit::Passed);
    }
    refuse_new_mistakes(&args.file, &before, &after)?;
    said.push_str(&difference(&shown, FileKind::Environment, &before, &after));
    if args.dry_run {
        print(&format!("{said}dry run  nothing was written\n"))?;
        return Ok(Exit::Passed);
    }
    let kept = replace_whole(&args.file, before.as_bytes(), after.as_bytes())
        .map_err(|error| Failure::usage(format!("cannot replace {shown}: {error}; nothing was changed")))?;
    print(&format!("{said}wrote    {shown}; before: {}\n", kept.display()))?;
    Ok(Exit::Passed)
}

/// What becomes of a variable.
enum Change {
    Set(String),
    Unset,
}

/// Everything that the command line asks for, each name once.
fn asked(args: &UpdateArgs) -> Result<BTreeMap<String, Change>, Failure> {
    let mut asked = BTreeMap::new();
    let mut ask = |name: &str, change: Change| {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if name.is_empty() || !name.chars().all(plain) || name.starts_with(|c: char| c.is_ascii_digit()) {
            return Err(Failure::usage(format!("{name:?} is no name of a variable; letters, digits and _ are")));
        }
        match asked.insert(name.to_owned(), change) {
            Some(_) => Err(Failure::usage(format!("{name} is to be changed in two ways; name it once"))),
            None => Ok(()),
        }
    };
    for set in &args.set {
        let (name, value) = set.split_once('=').ok_or_else(|| {
            Failure::usage(format!(
                "--set wants NAME=VALUE, and {} has no `=`",
                if is_secret(set) { "it" } else { set }
            ))
        })?;
        if is_secret(name) || has_password(value) {
            return Err(Failure::usage(format!(
                "{name} is a secret, and arguments are seen by every process of this machine; put it into this command's environment and write --take {name}, or let --generate {name} make one"
            )));
        }
        ask(name, Change::Set(value.to_owned()))?;
    }
    for name in &args.take {
        let value = std::env::var(name).map_err(|_| {
            Failure::usage(format!("--take {name}: this command's environment has no {name}, or it is no text"))
        })?;
        ask(name, Change::Set(value))?;
    }
    for name in &args.generate {
        let fits = is_secret(name) && !matches!(name.as_str(), "LIVEKIT_KEYS" | "LIVEKIT_CONFIG");
        if !fits {
            return Err(Failure::usage(format!(
                "--generate makes secrets, and {name} is none by its name; LIVEKIT_API_SECRET or REDIS_PASSWORD are"
            )));
        }
        ask(name, Change::Set(new_secret()))?;
    }
    for name in &args.unset {
        ask(name, Change::Unset)?;
    }
    match asked.is_empty() && args.to.is_none() {
        true => Err(Failure::usage("nothing to change; name it with --set, --take, --generate, --unset or --to")),
        false => Ok(asked),
    }
}

fn apply(file: &mut EnvFile, shown: &str, name: &str, change: Change) -> Result<(), Failure> {
    let done = match change {
        Change::Set(value) => file.set(name, &value) != Set::Impossible,
        Change::Unset => match file.remove(name) {
            Some(0) => return Err(Failure::usage(format!("{shown} has no {name}; there is nothing to remove"))),
            other => other.is_some(),
        },
    };
    match done {
        true => Ok(()),
        false => Err(Failure::usage(format!("{name} can't be written into {shown}: its value has a carriage return"))),
    }
}

/// Names that the version no longer reads get those that it does. A name that has its successor beside it is left, and
/// said: which of both is meant is not ours to guess.
fn rename(file: &mut EnvFile, version: &str) -> Result<String, Failure> {
    let mut said = String::new();
    for (old, new) in super::renamed::lost(version)? {
        if file.get(&old).is_none() {
            continue;
        }
        match new {
            Some(new) if file.get(&new).is_none() => {
                file.rename(&old, &new);
                said.push_str(&format!("rename   {old} → {new}: livekit-server {version} ignores {old} in silence\n"));
            }
            Some(new) => {
                said.push_str(&format!("left     {old}: {new} is there too, and only that is read; remove {old}\n"))
            }
            None => said.push_str(&format!(
                "left     {old}: livekit-server {version} ignores it, and nothing took its place; remove it\n"
            )),
        }
    }
    Ok(said)
}

/// A mistake that stood there before is the reader's; one that the change brings in is ours to refuse.
fn refuse_new_mistakes(path: &Path, before: &str, after: &str) -> Result<(), Failure> {
    let known = judge(path, before);
    let mut new: Vec<Finding> =
        judge(path, after).into_iter().filter(|finding| finding.level == Level::Wrong).collect();
    // Whatever its level was: what was only suspicious before may be certain beside the change.
    new.retain(|finding| !known.iter().any(|old| (old.rule, &old.found) == (finding.rule, &finding.found)));
    if new.is_empty() {
        return Ok(());
    }
    let shown = text(&Linted { file: format!("{} (new)", path.display()), findings: new });
    Err(Failure::usage(format!(
        "livekit-server would not read what was to be written, and nothing was\n{}",
        shown.trim_end()
    )))
}
