//! `plan apply`: writes the corrected files, or shows them.

use super::command::ApplyArgs;
use super::document::Plan;
use super::generate::read_plan;
use super::inputs::{Kind, Read, again};
use crate::difference::difference;
use crate::failure::Failure;
use crate::files::{replace_whole, write_whole};
use crate::output::print;
use greenlight_config::lint::{Facts, FileKind, Level, lint};
use greenlight_config::yaml_edit::edit;
use greenlight_reports::Exit;
use std::fmt::Write as _;

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
    unchanged(args, &plan)?;
    let corrected = plan.corrections.iter().map(|one| {
        let read = again(&args.folder, &one.file).ok_or_else(|| gone(&one.file))?;
        let Kind::Linted(kind) = read.kind else { return Err(gone(&one.file)) };
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
    let left = left(&corrected, &plan, args);
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

/// Every file that was read is what it was.
fn unchanged(args: &ApplyArgs, plan: &Plan) -> Result<(), Failure> {
    for input in &plan.inputs {
        let read = again(&args.folder, &input.path).ok_or_else(|| gone(&input.path))?;
        if read.sha256() != input.sha256 {
            return Err(Failure::usage(format!(
                "{} has changed since the plan was made, and nothing was written; make it again with `greenlight plan generate`",
                input.path
            )));
        }
    }
    Ok(())
}

/// All of them, in a folder of their own, or over what stands there.
fn write(args: &ApplyArgs, corrected: &[Corrected], out: &mut String) -> Result<(), Failure> {
    for one in corrected {
        let cannot = |error: std::io::Error| Failure::usage(format!("cannot write {}: {error}", one.read.path));
        match (&args.out, args.dry_run) {
            (Some(folder), _) => {
                let path = folder.join(&one.read.path);
                std::fs::create_dir_all(path.parent().unwrap_or(folder)).map_err(cannot)?;
                write_whole(&path, one.text.as_bytes()).map_err(cannot)?;
                let _ = writeln!(out, "wrote    {}", path.display());
            }
            (None, true) => {}
            (None, false) => {
                let path = args.folder.join(&one.read.path);
                let kept = replace_whole(&path, one.read.text.as_bytes(), one.text.as_bytes()).map_err(cannot)?;
                let _ = writeln!(out, "wrote    {}; before: {}", path.display(), kept.display());
            }
        }
    }
    if args.dry_run && args.out.is_none() {
        out.push_str("dry run  nothing was written\n");
    }
    Ok(())
}

/// What the new version would still not read, in every livekit.yaml and sip.yaml of the plan.
fn left(corrected: &[Corrected], plan: &Plan, args: &ApplyArgs) -> Vec<String> {
    let mut left = Vec::new();
    for input in &plan.inputs {
        let Some(read) = again(&args.folder, &input.path) else { continue };
        let Kind::Linted(kind @ (FileKind::LivekitYaml | FileKind::SipYaml)) = read.kind else { continue };
        let text = corrected.iter().find(|one| one.read.path == input.path).map_or(&read.text, |one| &one.text);
        let wrong = lint(kind, text, &Facts::default()).into_iter().filter(|finding| finding.level == Level::Wrong);
        left.extend(wrong.map(|finding| {
            format!("{} (new):{} {}: {}; {}", input.path, finding.line, finding.rule, finding.what, finding.fix)
        }));
    }
    left
}
