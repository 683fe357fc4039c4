//! From a clone to a verdict, on an empty target folder.

use super::measure::{Line, run, run_watched};
use super::page::{Goal, Limit, Section, figure};
use super::peers::{self, emptied};
use super::programs::root;
use anyhow::{Context as _, Result};

/// Clones, builds and verifies once.
pub(super) fn section() -> Result<Section> {
    let place = emptied("first-verdict")?;
    let (from, to) = (root().display().to_string(), place.join("greenlight").display().to_string());
    eprintln!("bench    first verdict: clone, build and verify; some minutes");
    let clone = Line::new(["git", "clone", "--quiet", &from, &to]);
    let cloned = run(&clone)?;
    // Its own target folder, whatever is set here.
    let cargo = |words: &[&'static str]| {
        Line::new(["env", "-u", "CARGO_TARGET_DIR", "cargo"].into_iter().chain(words.iter().copied()))
            .folder(&place.join("greenlight"))
    };
    // As `cargo verify` would do it first: so it is seen which of the two takes the time.
    let built = run(&cargo(&["build", "--quiet", "--timings", "--bin", "greenlight-verify"]))
        .context("building in the clone")?;
    let verify = cargo(&["verify"]);
    let verified = run_watched(&verify, true).context("cargo verify in the clone")?;
    let verdict =
        verified.stdout.lines().rev().find(|line| line.contains("passed")).unwrap_or_default().trim().to_owned();
    let peak =
        |name: &str| verified.peaks_kib.iter().find(|(known, _)| known == name).map(|(_, kib)| *kib as f64 / 1024.0);
    let (ours, own) = (peak("greenlight-veri"), peak("greenlight-veri own"));
    let child = verified.peaks_kib.iter().find(|(known, _)| known.ends_with(" __load"));
    let child = child.map(|(_, kib)| *kib as f64 / 1024.0);
    let total = cloned.wall_s + built.wall_s + verified.wall_s;
    let table = [
        ["", "s"].map(str::to_owned).to_vec(),
        vec!["clone".to_owned(), figure(cloned.wall_s)],
        vec![format!("build ({} s of processor)", figure(built.cpu_s)), figure(built.wall_s)],
        vec!["staging, every check, removal".to_owned(), figure(verified.wall_s)],
        vec!["together".to_owned(), figure(total)],
    ];
    let goals = vec![
        Goal { text: "clone to verdict, registries warm", found: Some(total), limit: Limit::AtMost(360.0), unit: " s" },
        Goal {
            text: "largest resident size of greenlight-verify in a full run",
            found: ours,
            limit: Limit::AtMost(150.0),
            unit: " MiB",
        },
    ];
    let timings = place.join("greenlight/target/cargo-timings/cargo-timing.html");
    let units = std::fs::read_to_string(&timings).ok().and_then(|page| longest_units(&page));
    let notes = vec![
        format!("the verdict: {verdict}"),
        format!(
            "of the build, a crate for each processor at a time, these took longest, in seconds as `cargo build --timings` says: {}",
            units.unwrap_or_else(|| "–".to_owned())
        ),
        format!(
            "of its memory {} MiB are its own at most, the rest are pages of the program's file, which in the dev profile is \
             large. The program of a node, which is larger than all of that, is hashed as it comes out of its container: \
             held at once, it was the most that a run needed",
            own.map_or("–".to_owned(), figure)
        ),
        format!("its generator of load, a process of its own, came to {} MiB", child.map_or("–".to_owned(), figure)),
        "memory is VmHWM of `/proc`, asked twenty times a second; containers are not counted".to_owned(),
    ];
    let commands = vec![[
        "greenlight".to_owned(),
        peers::ourselves(),
        format!("{} && cargo verify", clone.shown().replace(&from, ".")),
    ]];
    let about = "A clone of this repository, with cargo's registry and the container images there, and nothing built."
        .to_owned();
    std::fs::remove_dir_all(&place).context("removing the clone")?;
    Ok(Section { title: "First verdict", about, table: table.to_vec(), goals, commands, notes })
}

/// The twelve crates that took longest to build, out of the page that cargo writes.
fn longest_units(page: &str) -> Option<String> {
    let (_, rest) = page.split_once("const UNIT_DATA = ")?;
    let (units, _) = rest.split_once("\n];")?;
    let units: Vec<serde_json::Value> = serde_json::from_str(&format!("{units}\n]")).ok()?;
    let named = |unit: &serde_json::Value| Some((unit["duration"].as_f64()?, unit["name"].as_str()?.to_owned()));
    let mut units = units.iter().map(named).collect::<Option<Vec<_>>>()?;
    units.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    Some(units.iter().take(12).map(|(seconds, name)| format!("{name} {seconds:.0}")).collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::longest_units;

    /// Shortened from what cargo 1.95.0 writes.
    #[test]
    fn the_longest_come_first() {
        let page = "<script>\nDURATION = 9;\nconst UNIT_DATA = [\n  {\n    \"i\": 0,\n    \"name\": \"cfg-if\",\n    \"start\": 3.4,\n    \
                    \"duration\": 0.74,\n    \"sections\": [\n      [\n        \"codegen\",\n        {}\n      ]\n    ]\n  },\n  {\n    \
                    \"i\": 1,\n    \"name\": \"tiny\",\n    \"duration\": 4.17\n  }\n];\nconst CONCURRENCY_DATA = [\n];\n";
        assert_eq!(longest_units(page).as_deref(), Some("tiny 4, cfg-if 1"));
        assert_eq!(longest_units("<html>"), None);
    }
}
