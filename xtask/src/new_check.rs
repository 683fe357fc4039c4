//! Writes the skeleton of a check so that the next one costs a minute.

use anyhow::{Context, Result, ensure};
use std::fs;
use std::path::PathBuf;
use std::process::Command;

/// Creates `suites/src/<suite>/<name>.rs` and two lines in the suite's `mod.rs`.
pub(crate) fn write(suite: &str, name: &str) -> Result<()> {
    let snake = |word: &str| {
        word.starts_with(|c: char| c.is_ascii_lowercase())
            && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
    };
    ensure!(
        snake(suite) && snake(name),
        "a suite and a name are lower snake case, for example `auth expired_token_refused`"
    );
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../suites/src").join(suite);
    ensure!(
        folder.is_dir(),
        "there is no suite {suite}; make suites/src/{suite}/mod.rs and name it in suites/src/lib.rs first"
    );
    let file = folder.join(format!("{name}.rs"));
    ensure!(!file.exists(), "suites/src/{suite}/{name}.rs exists already");

    let table = folder.join("mod.rs");
    let text = fs::read_to_string(&table).with_context(|| format!("reading {}", table.display()))?;
    let updated = register(&text, name).with_context(|| format!("suites/src/{suite}/mod.rs has no table to extend"))?;
    fs::write(&file, skeleton(suite, name))?;
    fs::write(&table, updated)?;
    // Its own layout for both; a missing rustfmt is no reason to fail.
    let _ = Command::new(env!("CARGO")).args(["fmt", "--all"]).status();
    eprintln!("wrote suites/src/{suite}/{name}.rs and registered it; `cargo verify --test {suite}.{name}` runs it");
    Ok(())
}

/// Adds the `mod` line behind the last one and the entry at the table's end, however rustfmt has laid it out.
fn register(text: &str, name: &str) -> Option<String> {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let last_mod = lines.iter().rposition(|line| line.starts_with("mod "))?;
    lines.insert(last_mod + 1, format!("mod {name};"));
    let text = lines.join("\n") + "\n";
    let (table, rest) = text.rsplit_once("];")?;
    let table = table.trim_end().trim_end_matches(',');
    Some(format!("{table},\n    &{name}::CHECK,\n];{rest}"))
}

fn skeleton(suite: &str, name: &str) -> String {
    let claim = name.replace('_', " ");
    format!(
        r#"//! Say in one sentence what must hold: {claim}.
//! Say what breaks for callers when it does not.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {{
    id: "{suite}.{name}",
    title: "{claim}",
    tags: &[],
    blame: Component::LivekitServer,
    needs: &[Capability::Api],
    timeout: secs(10),
    lane: Lane::Shared,
    proven_by: &[],
    fix: "say what to do first",
    source: source!(),
    run: run!(check),
}};

async fn check(ctx: &Ctx) -> Verdict {{
    skip!("{suite}.{name} is not written yet");
}}
"#
    )
}

#[cfg(test)]
mod tests {
    use super::register;

    #[test]
    fn a_check_is_registered_behind_the_others() {
        let before = "//! Table.\n\nmod one;\n\npub(crate) const CHECKS: &[&Check] = &[\n    &one::CHECK,\n];\n";
        let after = "//! Table.\n\nmod one;\nmod two;\n\npub(crate) const CHECKS: &[&Check] = &[\n    &one::CHECK,\n    &two::CHECK,\n];\n";
        assert_eq!(register(before, "two").as_deref(), Some(after));
    }

    #[test]
    fn a_table_on_one_line_is_extended_too() {
        let before = "mod one;\n\npub(crate) const CHECKS: &[&Check] = &[&one::CHECK];\n";
        let after = "mod one;\nmod two;\n\npub(crate) const CHECKS: &[&Check] = &[&one::CHECK,\n    &two::CHECK,\n];\n";
        assert_eq!(register(before, "two").as_deref(), Some(after));
    }

    #[test]
    fn a_file_without_a_table_is_left_alone() {
        assert_eq!(register("mod one;\n", "two"), None);
    }
}
