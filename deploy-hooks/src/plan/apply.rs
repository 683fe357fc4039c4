//! `plan apply`: writes the corrected files, or shows them.

use super::command::ApplyArgs;
use super::document::Plan;
use super::generate::read_plan;
use super::inputs::{Kind, Read, again};
use crate::difference::difference;
use crate::failure::Failure;
use crate::files::{replace_whole, write_like};
use crate::output::print;
use greenlight_config::lint::{Facts, FileKind, Level, Program, inside, lint};
use greenlight_config::yaml_edit::edit;
use greenlight_reports::Exit;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// A file before and after.
struct Corrected {
    read: Read,
    kind: FileKind,
    text: String,
}

/// Writes or shows.
///
/// # Errors
/// [`Failure`] of usage: the input is no longer what was planned, or can't be written.
pub(super) fn apply(args: &ApplyArgs) -> Result<Exit, Failure> {
    let plan = read_plan(&args.plan)?;
    let inputs = unchanged(args, &plan)?;
    let corrected = plan.corrections.iter().map(|one| {
        let read = inputs.iter().find(|read| read.path == one.file).cloned().ok_or_else(|| gone(&one.file))?;
        let Kind::Linted(kind @ (FileKind::LivekitYaml | FileKind::SipYaml)) = read.kind else {
            return Err(Failure::usage(format!(
                "{} is neither a livekit.yaml nor a sip.yaml; make the plan again",
                one.file
            )));
        };
        let text = edit(&read.text, &one.edits)
            .map_err(|not| Failure::usage(format!("{}: {not}; make the plan again", one.file)))?;
        Ok(Corrected { read, kind, text })
    });
    let corrected = corrected.collect::<Result<Vec<_>, Failure>>()?;
    let mut out = String::new();
    for (one, correction) in corrected.iter().zip(&plan.corrections) {
        out.push_str(&difference(&one.read.path, one.kind, &one.read.text, &one.text));
        correction.because.iter().for_each(|because| _ = writeln!(out, "because  {because}"));
    }
    if corrected.is_empty() {
        out.push_str("same     nothing to correct\n");
    }
    write(args, &corrected, &mut out)?;
    let left = left(&corrected, &inputs);
    for line in &left {
        let _ = writeln!(out, "LEFT     {line}");
    }
    let _ = writeln!(out, "{} corrected, {} left for you", corrected.len(), left.len());
    print(&out)?;
    Ok(if left.is_empty() { Exit::Passed } else { Exit::Failed })
}

fn gone(file: &str) -> Failure {
    Failure::usage(format!(
        "{file} was planned and is not there any more; make the plan again, or name its folder with --folder"
    ))
}

/// Every file that was planned, which is what it was.
fn unchanged(args: &ApplyArgs, plan: &Plan) -> Result<Vec<Read>, Failure> {
    let mut inputs = Vec::new();
    for input in &plan.inputs {
        let read = again(&args.folder, &input.path).ok_or_else(|| gone(&input.path))?;
        if read.sha256() != input.sha256 {
            return Err(Failure::usage(format!(
                "{} has changed since the plan was made, and nothing was written; make it again with `greenlight plan generate`",
                input.path
            )));
        }
        inputs.push(read);
    }
    Ok(inputs)
}

/// All of them, in a folder of their own, or over what stands there; or none.
fn write(args: &ApplyArgs, corrected: &[Corrected], out: &mut String) -> Result<(), Failure> {
    if args.dry_run && args.out.is_none() {
        out.push_str("dry run  nothing was written\n");
        return Ok(());
    }
    if let Some(folder) = &args.out {
        for one in corrected {
            copy(args, one, &folder.join(&one.read.path), out)?;
        }
        return Ok(());
    }
    let mut done: Vec<(PathBuf, PathBuf)> = Vec::new();
    for one in corrected {
        let path = args.folder.join(&one.read.path);
        match replace_whole(&path, one.read.text.as_bytes(), one.text.as_bytes()) {
            Ok(kept) => {
                let _ = writeln!(out, "wrote    {}; before: {}", path.display(), kept.display());
                done.push((path, kept));
            }
            Err(error) => {
                let back = done.iter().filter(|(path, kept)| std::fs::rename(kept, path).is_err());
                let stuck: Vec<String> =
                    back.map(|(path, kept)| format!("{} (before: {})", path.display(), kept.display())).collect();
                let rest = match stuck.is_empty() {
                    true => "nothing was changed".to_owned(),
                    false => format!("these were changed and can't be put back: {}", stuck.join(", ")),
                };
                return Err(Failure::usage(format!("cannot write {}: {error}; {rest}", path.display())));
            }
        }
    }
    Ok(())
}

/// A corrected copy with the mode of the original, which it never is.
fn copy(args: &ApplyArgs, one: &Corrected, path: &Path, out: &mut String) -> Result<(), Failure> {
    let cannot = |error: &dyn std::fmt::Display| {
        Failure::usage(format!("cannot write {}: {error}; name another folder with --out", path.display()))
    };
    let original = args.folder.join(&one.read.path);
    std::fs::create_dir_all(path.parent().unwrap_or(Path::new("."))).map_err(|error| cannot(&error))?;
    let same = |path: &Path| std::fs::canonicalize(path).ok();
    if same(path).is_some_and(|path| same(&original) == Some(path)) {
        return Err(cannot(&"it is the file that was planned, and stays as it is"));
    }
    write_like(path, one.text.as_bytes(), &original).map_err(|error| cannot(&error))?;
    let _ = writeln!(out, "wrote    {}", path.display());
    Ok(())
}

/// What the new version would still not read: in every livekit.yaml and sip.yaml of the plan as corrected, and in those that
/// stand inside of compose files, manifests and values of charts, which are not edited.
fn left(corrected: &[Corrected], inputs: &[Read]) -> Vec<String> {
    let mut left = Vec::new();
    for read in inputs {
        match read.kind {
            Kind::Linted(kind @ (FileKind::LivekitYaml | FileKind::SipYaml)) => {
                let text = corrected.iter().find(|one| one.read.path == read.path).map_or(&read.text, |one| &one.text);
                left.extend(wrong(&format!("{} (new)", read.path), kind, text, 0));
            }
            Kind::Linted(kind @ (FileKind::Compose | FileKind::Kubernetes | FileKind::Helm)) => {
                for service in inside(kind, &read.text).iter().filter(|one| one.program == Program::LiveKitServer) {
                    let (text, line) = match &service.config_text {
                        Some((text, line)) => (text, *line),
                        None => continue,
                    };
                    left.extend(wrong(&read.path, FileKind::LivekitYaml, text, line.saturating_sub(1)));
                }
            }
            _ => {}
        }
    }
    // Two nodes may share one configuration.
    let mut seen = BTreeSet::new();
    left.retain(|line| seen.insert(line.clone()));
    left
}

/// Every mistake of a text, at the lines of the file in which it stands.
fn wrong(file: &str, kind: FileKind, text: &str, offset: usize) -> Vec<String> {
    let found = lint(kind, text, &Facts::default()).into_iter().filter(|finding| finding.level == Level::Wrong);
    let place = |line: usize| if line == 0 { file.to_owned() } else { format!("{file}:{}", line + offset) };
    found.map(|one| format!("{} {}: {}; {}", place(one.line), one.rule, one.what, one.fix)).collect()
}
