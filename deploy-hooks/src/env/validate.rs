//! `greenlight env validate`.

use super::command::ValidateArgs;
use super::given::{judge, read};
use crate::failure::Failure;
use crate::findings::{Linted, json, text};
use crate::output::{Format, print};
use greenlight_config::lint::Level;
use greenlight_reports::Exit;

/// Judges each file.
///
/// # Errors
/// [`Failure`] of usage when one can't be read; then none is judged.
pub(super) fn run(args: &ValidateArgs) -> Result<Exit, Failure> {
    let mut all = Vec::new();
    for file in &args.files {
        let findings = judge(file, &read(file)?);
        all.push(Linted { file: file.display().to_string(), findings });
    }
    let count = |level| all.iter().map(|linted| linted.count(level)).sum::<usize>();
    let (wrong, risky) = (count(Level::Wrong), count(Level::Risky));
    let red = wrong > 0 || (args.strict && risky > 0);
    match args.format {
        Format::Json => {
            let files: Vec<_> = all.iter().map(json).collect();
            let ok = !red;
            print(&format!("{:#}\n", serde_json::json!({ "format": 1, "ok": ok, "files": files })))?;
        }
        Format::Text => {
            let mut out: String = all.iter().map(text).collect();
            let verdict = if red { "NOT OK" } else { "OK" };
            let files = if all.len() == 1 { "1 file".to_owned() } else { format!("{} files", all.len()) };
            out.push_str(&format!("{verdict}   {wrong} wrong, {risky} risky in {files}\n"));
            print(&out)?;
        }
    }
    Ok(if red { Exit::Failed } else { Exit::Passed })
}
