//! The matrix of trust: every check with the faults that turn it red, seen on the real server.
//!
//! `greenlight-prove` plants and judges; this decides what has to be seen again, keeps the record and writes the table.

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

/// What the command line asks for.
pub(crate) struct Matrix {
    /// Only these faults.
    pub(crate) faults: Vec<String>,
    /// Only faults that these checks name.
    pub(crate) checks: Vec<String>,
    /// Take every failed assertion for a pass, and demand that nothing is found.
    pub(crate) blind: bool,
    /// Prove again what is proven already.
    pub(crate) fresh: bool,
    /// Where the record is kept: `trust.json` and `trust.md`.
    pub(crate) out: PathBuf,
}

/// A pair of fault and check, as `greenlight-prove --list` prints it.
struct Row {
    fault: String,
    check: String,
    root: bool,
    lands: String,
    key: String,
}

pub(crate) fn run(matrix: &Matrix) -> Result<()> {
    let filters: Vec<String> = (matrix.faults.iter().flat_map(|fault| ["--fault".into(), fault.clone()]))
        .chain(matrix.checks.iter().flat_map(|check| ["--check".into(), check.clone()]))
        .collect();
    let shared = shared()?;
    let wanted = list(&filters, &shared)?;
    if matrix.blind {
        return blind(&wanted, &filters);
    }
    fs::create_dir_all(&matrix.out).with_context(|| format!("creating {}", matrix.out.display()))?;
    let record = matrix.out.join("trust.json");
    let all = list(&[], &shared)?;
    let mut proven = if matrix.fresh { BTreeMap::new() } else { read(&record)? };
    // What no check and no fault stands for any more is no proof.
    proven.retain(|key, _| all.iter().any(|row| row.key == *key));
    let mut faults: Vec<&str> = Vec::new();
    for row in wanted.iter().filter(|row| !proven.contains_key(&row.key)) {
        if !faults.contains(&row.fault.as_str()) {
            faults.push(&row.fault);
        }
    }
    let kept = wanted.len() - wanted.iter().filter(|row| faults.contains(&row.fault.as_str())).count();
    eprintln!("matrix   {} faults to plant; {kept} of {} rows are proven already", faults.len(), wanted.len());
    let mut problems = Vec::new();
    if !faults.is_empty() {
        let arguments: Vec<String> =
            faults.iter().flat_map(|fault| ["--fault".to_owned(), (*fault).to_owned()]).collect();
        prove(&arguments, |line| {
            // Whatever was proven of this fault before, it is what it is now.
            proven.retain(|key, _| !all.iter().any(|row| line["fault"] == row.fault.as_str() && row.key == *key));
            for outcome in line["outcomes"].as_array().into_iter().flatten() {
                let is_red = matches!(outcome[1].as_str(), Some("failed" | "errored"));
                if is_red && line["problems"].as_array().is_some_and(Vec::is_empty) {
                    let key = key(outcome[0]["key"].as_str().unwrap_or_default(), &shared);
                    proven.insert(key, outcome[1].as_str().unwrap_or_default().to_owned());
                }
            }
            for problem in line["problems"].as_array().into_iter().flatten() {
                problems.push(format!(
                    "{}: {}",
                    line["fault"].as_str().unwrap_or_default(),
                    problem.as_str().unwrap_or_default()
                ));
            }
            // After every fault, so that a run that is cut short goes on where it was.
            write(&record, &all, &proven)
        })?;
    }
    write(&record, &all, &proven)?;
    fs::write(matrix.out.join("trust.md"), table(&all, &proven)?)?;
    let filtered = !matrix.faults.is_empty();
    let open = wanted.iter().filter(|row| !proven.contains_key(&row.key)).count();
    if !problems.is_empty() || open > 0 {
        bail!("{open} of {} rows are not proven:\n  {}", wanted.len(), problems.join("\n  "));
    }
    // Under chosen faults a check may well be a consequence only.
    if filtered { Ok(()) } else { undetecting(&wanted, &proven) }
}

/// A check must have found out that its claim is false at least once; being unable to ask is not seeing.
fn undetecting(wanted: &[Row], proven: &BTreeMap<String, String>) -> Result<()> {
    let mut seen: BTreeMap<&str, bool> = BTreeMap::new();
    for row in wanted {
        let failed = proven.get(&row.key).is_some_and(|outcome| outcome == "failed");
        *seen.entry(&row.check).or_default() |= failed;
    }
    let never: Vec<&str> = seen.iter().filter(|(_, failed)| !**failed).map(|(check, _)| *check).collect();
    ensure!(never.is_empty(), "never Failed under any of these faults, only unable to find out: {}", never.join(", "));
    eprintln!("matrix   {} rows proven: {} checks have been seen red", wanted.len(), seen.len());
    Ok(())
}

/// With every assertion taken for a pass nothing may be detected, or detection does not come from assertions.
fn blind(wanted: &[Row], filters: &[String]) -> Result<()> {
    let (mut undetecting, mut detected, mut unable) = (Vec::new(), Vec::new(), 0);
    let arguments = [&["--blind".to_owned()], filters].concat();
    prove(&arguments, |line| {
        for outcome in line["outcomes"].as_array().into_iter().flatten() {
            let check = outcome[0]["check"].as_str().unwrap_or_default().to_owned();
            match (outcome[1].as_str(), outcome[0]["root"] == true) {
                (Some("passed" | "warned"), _) => undetecting.push(check),
                // Being unable to ask is red too, and comes from no assertion; of the root it would be no proof.
                (Some("errored"), false) => unable += 1,
                _ => detected.push(check),
            }
        }
        Ok(())
    })?;
    ensure!(detected.is_empty(), "blind, and yet these are red: {}", detected.join(", "));
    let (found, rows) = (undetecting.len() + unable, wanted.len());
    ensure!(found == rows, "{found} of {rows} rows were run; see the output above");
    for check in &undetecting {
        eprintln!("UNDETECTING {check}");
    }
    bail!(
        "{} of {rows} rows detect nothing, as it must be when every assertion is a pass; {unable} could not ask",
        undetecting.len()
    )
}

/// Files that every check and every fault rest on: with another of them, every proof is another one.
fn shared() -> Result<String> {
    const FOLDERS: [&str; 11] = [
        "Cargo.toml",
        "Cargo.lock",
        ".cargo",
        "config",
        "harness",
        "fixtures",
        "reports/src",
        "suites/verify/src",
        "suites/src/lib.rs",
        "suites/src/*/mod.rs",
        "xtask/src/images.rs",
    ];
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let listed =
        Command::new("git").arg("ls-files").args(FOLDERS).current_dir(&root).output().context("running git")?;
    ensure!(listed.status.success(), "git ls-files ended with {}", listed.status);
    let mut digest = Sha256::new();
    let mut files = 0;
    for path in String::from_utf8(listed.stdout)?.lines() {
        let bytes = fs::read(root.join(path)).with_context(|| format!("reading {path}"))?;
        // A file of faults belongs to the keys of its own faults, a new name changes nobody's proof, nor does a test.
        let of_faults = path.starts_with("fixtures/src/faults/")
            && String::from_utf8_lossy(&bytes).contains("const SOURCE: &str = include_str!");
        if of_faults || path == "harness/src/fault.rs" || path.contains("/tests/") || path.ends_with("tests.rs") {
            continue;
        }
        // The tests of a file change nobody's proof either.
        let text = String::from_utf8_lossy(&bytes);
        digest.update(path);
        digest.update(text.split("#[cfg(test)]").next().unwrap_or_default());
        files += 1;
    }
    ensure!(files > 50, "only {files} files that proofs rest on: is this the repository?");
    Ok(digest.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect())
}

fn list(filters: &[String], shared: &str) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    let output = prover().arg("--list").args(filters).stderr(Stdio::inherit()).output().context("running cargo")?;
    ensure!(output.status.success(), "greenlight-prove --list ended with {}", output.status);
    for line in String::from_utf8(output.stdout)?.lines() {
        let row: Value = serde_json::from_str(line)?;
        let text = |name: &str| row[name].as_str().map(str::to_owned).with_context(|| format!("no {name} in {line}"));
        rows.push(Row {
            fault: text("fault")?,
            check: text("check")?,
            root: row["root"] == true,
            lands: text("lands")?,
            key: key(&text("key")?, shared),
        });
    }
    Ok(rows)
}

/// The key under which a proof is kept: check, fault, and what both rest on.
fn key(row: &str, shared: &str) -> String {
    Sha256::digest(format!("{row} {shared}")).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

fn prove(arguments: &[String], mut on_line: impl FnMut(&Value) -> Result<()>) -> Result<()> {
    let started = Instant::now();
    let mut child = prover().args(arguments).stdout(Stdio::piped()).spawn().context("running cargo")?;
    let stdout = child.stdout.take().context("no output")?;
    for line in BufReader::new(stdout).lines() {
        let line: Value = serde_json::from_str(&line?)?;
        let problems = line["problems"].as_array().map_or(0, Vec::len);
        let seen = line["outcomes"].as_array().map_or(0, Vec::len);
        let fault = line["fault"].as_str().unwrap_or_default();
        eprintln!("  {:>5.0} s  {fault:<40} {seen} red, {problems} problems", started.elapsed().as_secs_f64());
        on_line(&line)?;
    }
    let status = child.wait()?;
    ensure!(matches!(status.code(), Some(0 | 1)), "greenlight-prove ended with {status}");
    Ok(())
}

fn prover() -> Command {
    let mut command = Command::new(env!("CARGO"));
    command.args(["run", "--quiet", "--locked", "--bin", "greenlight-prove", "--"]);
    command
}

fn read(record: &Path) -> Result<BTreeMap<String, String>> {
    let Ok(text) = fs::read_to_string(record) else {
        return Ok(BTreeMap::new());
    };
    let value: Value = serde_json::from_str(&text).with_context(|| format!("reading {}", record.display()))?;
    ensure!(value["format"] == 1, "{} has a format that this version does not know; remove it", record.display());
    let rows = value["rows"].as_array().cloned().unwrap_or_default();
    let pair = |row: &Value| Some((row["key"].as_str()?.to_owned(), row["outcome"].as_str()?.to_owned()));
    Ok(rows.iter().filter_map(pair).collect())
}

fn write(record: &Path, all: &[Row], proven: &BTreeMap<String, String>) -> Result<()> {
    let row = |row: &Row| {
        let outcome = proven.get(&row.key)?;
        let (check, fault, lands, key) = (&row.check, &row.fault, &row.lands, &row.key);
        Some(json!({"check": check, "fault": fault, "root": row.root, "lands": lands, "outcome": outcome, "key": key}))
    };
    let rows: Vec<Value> = all.iter().filter_map(row).collect();
    let text = serde_json::to_string_pretty(&json!({"format": 1, "rows": rows}))? + "\n";
    let partial = record.with_extension("partial");
    fs::write(&partial, text)?;
    Ok(fs::rename(&partial, record)?)
}

fn table(all: &[Row], proven: &BTreeMap<String, String>) -> Result<String> {
    use std::fmt::Write as _;
    let mut text = String::from(
        "# What has been seen red\n\n\
         Written by `cargo xtask matrix` from runs on the real server; do not edit. Each fault is planted in a staging, seen\n\
         by a probe that shares no code with the checks, and undone. **Bold** is the check that must find it first and blame\n\
         the right component. `failed` found out that its claim is false; `errored` could not find out any more.\n\n",
    );
    let mut faults: BTreeMap<(&str, &str), Vec<&Row>> = BTreeMap::new();
    let mut checks: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for row in all.iter().filter(|row| proven.contains_key(&row.key)) {
        faults.entry((&row.lands, &row.fault)).or_default().push(row);
        checks.entry(&row.check).or_default().push(&row.fault);
    }
    let mut landing: BTreeMap<&str, usize> = BTreeMap::new();
    for (lands, _) in faults.keys() {
        *landing.entry(lands).or_default() += 1;
    }
    let landing: Vec<String> = landing.iter().map(|(lands, count)| format!("{count} in {lands}")).collect();
    writeln!(text, "{} checks, {} faults: {}.\n", checks.len(), faults.len(), landing.join(", "))?;
    text.push_str("## By check\n\n| check | turned red by |\n|---|---|\n");
    for (check, faults) in &checks {
        writeln!(text, "| `{check}` | {} |", faults.join(", "))?;
    }
    text.push_str("\n## By fault\n\n| fault | planted in | red |\n|---|---|---|\n");
    for ((lands, fault), rows) in &faults {
        let red = |row: &&Row| {
            let outcome = proven.get(&row.key).map_or("", String::as_str);
            let name = if row.root { format!("**{}**", row.check) } else { row.check.clone() };
            if outcome == "failed" { name } else { format!("{name} ({outcome})") }
        };
        let red: Vec<String> = rows.iter().map(red).collect();
        writeln!(text, "| `{fault}` | {lands} | {} |", red.join(", "))?;
    }
    Ok(text)
}
