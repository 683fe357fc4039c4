//! What a check costs: a thousand of them through our runner, beside other runners.

use super::command::Effort;
use super::contest::{Contestant, Outcome, contest};
use super::machine::processors;
use super::measure::{Line, run};
use super::page::{Goal, Limit, Section, figure};
use super::peers::{self, Peer, emptied};
use super::programs::{folder, write};
use super::server::Server;
use anyhow::{Context as _, Result};
use std::fmt::Write as _;
use std::path::Path;

const CHECKS: usize = 1_000;
const HURL_EACH: &str = "hurl, a file a check";
const HURL_ONE: &str = "hurl, one file";
const PYTEST: &str = "pytest";

/// Runs both contests.
pub(super) fn sections(program: &str, effort: &Effort) -> Result<Vec<Section>> {
    let server = Server::start(program, None)?;
    let mut sections = vec![trivial(program, effort)?];
    if !effort.quick {
        sections.push(http(program, &server.url, effort)?);
    }
    Ok(sections)
}

/// Our side; the report goes to a folder of its own.
fn ours(program: &str, name: &'static str, out: &Path, more: &[&str]) -> Contestant {
    let (count, out) = (CHECKS.to_string(), out.display().to_string());
    let words = [program, "checks", "--count", &count, "--out", &out];
    let line = Line::new(words.into_iter().chain(more.iter().copied()));
    Contestant { name, version: peers::ourselves(), line }
}

fn trivial(program: &str, effort: &Effort) -> Result<Section> {
    let place = emptied("trivial-reports")?;
    let mut contestants = vec![
        ours(program, "greenlight", &place.join("with"), &[]),
        ours(program, "greenlight, no junit.xml", &place.join("without"), &["--no-junit"]),
    ];
    let package = libtest_package(effort.quick)?;
    let version = env_version(&["cargo", "--version"])?;
    contestants.push(Contestant { name: "libtest", version, line: Line::new([package.binary.as_str()]) });
    let mut notes = Vec::new();
    let nextest = if effort.quick { None } else { peers::or_note(peers::cargo("cargo-nextest"), &mut notes) };
    if let Some(Peer { path, version }) = nextest {
        let words =
            [path.as_str(), "nextest", "run", "--release", "--offline", "--hide-progress-bar", "--status-level=none"];
        let target = folder("trivial-target")?.display().to_string();
        let line = Line::new(words).folder(&package.folder).env("CARGO_TARGET_DIR", &target);
        contestants.push(Contestant { name: "cargo-nextest", version, line });
    }
    let outcome = contest(&contestants, effort.rounds, true)?;
    let with_without = outcome.cpu_s(0).0 / outcome.cpu_s(1).0;
    let goals = vec![Goal {
        text: "junit.xml on beside off, processor",
        found: Some(with_without),
        limit: Limit::AtMost(1.1),
        unit: " ×",
    }];
    let about = format!(
        "{CHECKS} checks that only count to one, through plan, journal, lanes, log and all report files, as `cargo verify` \
         runs its own; beside {CHECKS} tests of `assert_eq!` in libtest (one process, no report) and in nextest (a process \
         a test). Processor time is user and system of the program and all it waited for."
    );
    Ok(Section { notes, ..section("A thousand checks that do nothing", about, &contestants, &outcome, goals) })
}

fn http(program: &str, url: &str, effort: &Effort) -> Result<Section> {
    let place = emptied("http-reports")?;
    let mut notes = Vec::new();
    let report = |name: &str| place.join(name).display().to_string();
    let mut contestants = vec![ours(program, "greenlight", &place.join("ours"), &["--url", url])];
    if let Some(hurl) = peers::or_note(peers::cargo("hurl"), &mut notes) {
        let (files, jobs, junit) = (hurl_files(url)?, processors().to_string(), report("hurl.xml"));
        let (many, one) = (files.join("each").display().to_string(), files.join("all.hurl").display().to_string());
        let words = [hurl.path.as_str(), "--test", "--jobs", &jobs, "--report-junit", &junit];
        for (name, input) in [(HURL_EACH, &many), (HURL_ONE, &one)] {
            let line = Line::new(words.into_iter().chain([input.as_str()]));
            contestants.push(Contestant { name, version: hurl.version.clone(), line });
        }
    }
    if let Some(pytest) = peers::or_note(peers::pytest(), &mut notes) {
        let (test, junit) = (pytest_file(url)?, format!("--junitxml={}", report("pytest.xml")));
        let line = Line::new([pytest.path.as_str(), "-m", "pytest", "-q", "-p", "no:cacheprovider", &junit, &test]);
        contestants.push(Contestant { name: PYTEST, version: pytest.version.clone(), line });
    }
    let outcome = contest(&contestants, effort.rounds, true)?;
    let beside = |name: &str| {
        let theirs = contestants.iter().position(|contestant| contestant.name == name)?;
        Some(outcome.cpu_s(0).0 / outcome.cpu_s(theirs).0)
    };
    let goal = |text, name, limit| Goal { text, found: beside(name), limit: Limit::AtMost(limit), unit: " ×" };
    let goals = vec![
        goal("processor beside hurl, a file a check", HURL_EACH, 0.5),
        goal("processor beside hurl, one file", HURL_ONE, 0.5),
        goal("processor beside pytest (a thirtieth)", PYTEST, 0.0333),
    ];
    let about = format!(
        "{CHECKS} checks that each ask the same static target once and look at the status. All write JUnit; ours also \
         report.json, ctrf.json, index.html and a log of each check. pytest shares one `requests.Session`; hurl shares \
         connections within a file."
    );
    Ok(Section { notes, ..section("A thousand checks that ask once", about, &contestants, &outcome, goals) })
}

fn section(
    title: &'static str,
    about: String,
    contestants: &[Contestant],
    outcome: &Outcome,
    goals: Vec<Goal>,
) -> Section {
    let head = ["", "processor, ms a check", "spread", "wall, ms a check", "beside greenlight"];
    let mut table = vec![head.map(str::to_owned).to_vec()];
    let ms_a_check = |seconds: f64| figure(seconds * 1e3 / CHECKS as f64);
    let ours = outcome.cpu_s(0).0;
    for (index, contestant) in contestants.iter().enumerate() {
        let (cpu_s, spread) = outcome.cpu_s(index);
        let cells = [ms_a_check(cpu_s), format!("{:.0} %", spread * 100.0), ms_a_check(outcome.wall_s(index))];
        let beside = format!("{} ×", figure(cpu_s / ours));
        table.push([vec![contestant.name.to_owned()], cells.to_vec(), vec![beside]].concat());
    }
    let commands = contestants.iter().map(|it| [it.name.to_owned(), it.version.clone(), it.line.shown()]).collect();
    Section { title, about, table, goals, commands, notes: vec![] }
}

struct Package {
    folder: std::path::PathBuf,
    binary: String,
}

/// A package of as many tests of libtest, built.
fn libtest_package(quick: bool) -> Result<Package> {
    let place = folder("trivial")?;
    // A workspace of its own: it lies inside ours.
    write(
        &place,
        "Cargo.toml",
        "[package]\nname = \"trivial\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[workspace]\n",
    )?;
    let tests = (0..CHECKS).fold(String::new(), |mut text, number| {
        let _ = writeln!(text, "#[test]\nfn check_{number:04}() {{\n    assert_eq!(std::hint::black_box(1), 1);\n}}");
        text
    });
    write(&place, "src/lib.rs", &tests)?;
    let target = folder("trivial-target")?.display().to_string();
    let words = ["cargo", "test", "--offline", "--no-run", "--lib", "--message-format=json"];
    let words = words.into_iter().chain((!quick).then_some("--release"));
    let built = run(&Line::new(words).folder(&place).env("CARGO_TARGET_DIR", &target)).context("building the tests")?;
    let binary = built.stdout.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let mut binary = binary.filter_map(|message| message["executable"].as_str().map(str::to_owned));
    Ok(Package { folder: place, binary: binary.next_back().context("cargo built no test binary")? })
}

fn hurl_files(url: &str) -> Result<std::path::PathBuf> {
    let place = emptied("hurl-files")?;
    let one = format!("GET {url}/\nHTTP 200\n");
    for number in 0..CHECKS {
        write(&place, &format!("each/check_{number:04}.hurl"), &one)?;
    }
    write(&place, "all.hurl", &format!("{one}\n").repeat(CHECKS))?;
    Ok(place)
}

fn pytest_file(url: &str) -> Result<String> {
    let text = format!(
        "import pytest\nimport requests\n\nsession = requests.Session()\nsession.trust_env = False\n\n\n\
         @pytest.mark.parametrize(\"number\", range({CHECKS}))\ndef test_answers(number):\n    \
         assert session.get(\"{url}/\").status_code == 200\n"
    );
    Ok(write(&folder("pytest")?, "test_http.py", &text)?.display().to_string())
}

fn env_version(words: &[&str]) -> Result<String> {
    Ok(run(&Line::new(words.iter().copied()))?.stdout.trim().to_owned())
}
