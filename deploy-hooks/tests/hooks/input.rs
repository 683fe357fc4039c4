//! Bad input: each case of `tests/input` is a command line, what is done to a good folder before, and every word that is
//! said then. `NAME.args` has an argument a line, `NAME.sh` prepares, `NAME.expected` is standard error, standard output and
//! status. `GREENLIGHT_BLESS=1` writes what is said now; read it before you commit it.

use crate::world::{Ended, World};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// Nothing that is only refused takes longer.
const TOOK_MAX: Duration = Duration::from_secs(10);

/// Input without an end must not be taken into memory, and where it is, only this process ends.
const LIMITED: &str = "ulimit -v 1500000; exec \"$0\" \"$@\"";

fn cases() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/input");
    let entries = fs::read_dir(folder).expect("the cases").flatten().map(|entry| entry.path());
    let mut cases: Vec<PathBuf> =
        entries.filter(|path| path.extension().is_some_and(|ending| ending == "args")).collect();
    cases.sort();
    cases
}

/// Every file with its size and beginning; the folders too.
fn everything(folder: &Path, found: &mut BTreeMap<PathBuf, (u64, Vec<u8>)>) {
    for entry in fs::read_dir(folder).expect("listed").flatten() {
        let path = entry.path();
        let metadata = fs::symlink_metadata(&path).expect("there");
        match metadata.is_dir() {
            true => {
                found.insert(path.clone(), (0, Vec::new()));
                everything(&path, found);
            }
            // What a link leads to may have no end.
            false if metadata.is_symlink() => {
                let leads = fs::read_link(&path).expect("a link");
                found.insert(path, (0, leads.into_os_string().into_encoded_bytes()));
            }
            false if metadata.len() < 1 << 20 => {
                found.insert(path.clone(), (metadata.len(), fs::read(&path).unwrap_or_default()));
            }
            false => _ = found.insert(path, (metadata.len(), Vec::new())),
        }
    }
}

/// What is said, with the folder's own name taken out.
fn said(world: &World, case: &Path) -> String {
    let here = world.path("");
    let preparation = case.with_extension("sh");
    if preparation.exists() {
        let prepared = Command::new("sh").arg("-eu").arg(&preparation).current_dir(&here).status().expect("sh");
        assert!(prepared.success(), "{}", preparation.display());
    }
    let (mut before, mut after) = (BTreeMap::new(), BTreeMap::new());
    everything(&here, &mut before);
    let arguments = fs::read_to_string(case).expect("arguments");
    let mut command = Command::new("sh");
    command.args(["-c", LIMITED, env!("CARGO_BIN_EXE_greenlight")]).args(arguments.lines()).current_dir(&here);
    command.env("CANARY_SECRET", "a-secret-of-the-shell").env_remove("GREENLIGHT_GATE_TOKEN");
    let begun = Instant::now();
    let ended = Ended::of(&command.output().expect("it runs"));
    let name = case.display();
    assert!(begun.elapsed() < TOOK_MAX, "{name} took {:?}", begun.elapsed());
    everything(&here, &mut after);
    assert!(before == after, "{name} changed the folder: {:?}", changed(&before, &after));
    assert_ne!(ended.code, Some(0), "{name}: {ended:?}");
    let text = format!("{}{}", ended.said, ended.out);
    assert!(!text.contains("a-secret-of-the-shell") && !text.contains("panicked"), "{name}: {text}");
    let folder = here.display().to_string();
    text.replace(folder.trim_end_matches('/'), "HERE")
}

fn changed<'a>(
    before: &'a BTreeMap<PathBuf, (u64, Vec<u8>)>,
    after: &'a BTreeMap<PathBuf, (u64, Vec<u8>)>,
) -> Vec<&'a PathBuf> {
    after.keys().chain(before.keys()).filter(|path| before.get(*path) != after.get(*path)).collect()
}

#[test]
fn bad_input_is_answered_with_what_where_and_how_to_mend_it() {
    let cases = cases();
    assert!(cases.len() >= 30, "{} cases", cases.len());
    let mut wrong = Vec::new();
    for case in &cases {
        let world = World::new();
        let found = said(&world, case);
        let file = case.with_extension("expected");
        if std::env::var_os("GREENLIGHT_BLESS").is_some() {
            fs::write(&file, &found).expect("written");
        }
        let expected = fs::read_to_string(&file).unwrap_or_default();
        if found != expected {
            wrong.push(format!("{}\n--- expected\n{expected}--- found\n{found}", case.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A file that no case reads tests nothing.
#[test]
fn every_file_belongs_to_a_case() {
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/input")).expect("listed").flatten() {
        assert!(entry.path().with_extension("args").exists(), "{} has no .args", entry.path().display());
    }
}
