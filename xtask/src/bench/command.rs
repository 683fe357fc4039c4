//! The command line of `cargo xtask bench`.

use super::page::{Section, document};
use super::{harness, load, machine, peers, programs, rollback, start, verdict};
use anyhow::{Context as _, Result, ensure};
use clap::{Args, ValueEnum};
use std::fs;
use std::path::PathBuf;
use std::process::Command;

/// What is to be measured, and how often.
#[derive(Debug, Args)]
pub(crate) struct Bench {
    /// What to measure.
    #[arg(value_enum)]
    what: Vec<What>,
    /// All of it.
    #[arg(long, conflicts_with = "what")]
    all: bool,
    /// How often each contestant takes its turn. Figures of fewer than five rounds are no figures.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u8).range(1..=50))]
    rounds: u8,
    /// Length of a round of load, in seconds.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u8).range(2..=60))]
    seconds: u8,
    /// See that everything runs: one round, dev profile, no peers that have to be installed. Nothing is measured by it.
    #[arg(long, conflicts_with = "write")]
    quick: bool,
    /// Write the tables there; without it they go to standard output.
    #[arg(long, value_name = "FILE")]
    write: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum What {
    /// Processor and wall time of a thousand checks, beside libtest, nextest, hurl and pytest.
    Harness,
    /// Requests per processor second of the generator, beside k6, oha, wrk and a minimal goose program.
    Load,
    /// A staging of Redis and one node ready, beside the docker CLI and docker compose.
    Start,
    /// Rollback points of files and a database, beside a pipe of tar, zstd and age, and restic.
    Rollback,
    /// From a clone to a verdict, and the memory of a full run.
    FirstVerdict,
}

/// What every benchmark is told.
pub(super) struct Effort {
    pub(super) rounds: usize,
    pub(super) seconds: usize,
    pub(super) quick: bool,
}

/// Measures and writes.
pub(crate) fn run(bench: &Bench) -> Result<()> {
    let all = [What::Harness, What::Load, What::Start, What::Rollback, What::FirstVerdict];
    let what: &[What] = if bench.all { &all } else { &bench.what };
    ensure!(!what.is_empty(), "say what to measure: harness, load, start, rollback, first-verdict, or --all");
    let rounds = if bench.quick { 1 } else { usize::from(bench.rounds) };
    let effort = Effort { rounds, seconds: usize::from(bench.seconds), quick: bench.quick };
    eprintln!("bench    {}; load average {:.2}", machine::described(), machine::load_average());
    if let Some(file) = &bench.write {
        // Found out now, and not after an hour.
        fs::OpenOptions::new()
            .append(true)
            .create(true)
            .open(file)
            .with_context(|| format!("writing {}", file.display()))?;
    }
    let mut sections = Vec::new();
    for what in what {
        match what {
            What::Harness => sections.extend(harness::sections(&programs::ours(!bench.quick)?, &effort)?),
            What::Load => sections.push(load::section(&programs::ours(!bench.quick)?, &effort)?),
            What::Start => sections.push(start::section(&programs::ours(false)?, &effort)?),
            What::Rollback => sections.push(rollback::section(&effort)?),
            What::FirstVerdict if bench.quick => {}
            What::FirstVerdict => sections.push(verdict::section()?),
        }
    }
    if bench.quick {
        // One round in the dev profile meets and misses nothing.
        sections.iter_mut().for_each(|section| section.goals.clear());
    }
    print(bench, &sections)
}

fn print(bench: &Bench, sections: &[Section]) -> Result<()> {
    let said = std::env::args().skip(1).map(|word| format!(" {word}")).collect::<String>();
    let date = Command::new("date").args(["-u", "+%F"]).output().context("running date")?;
    let date = String::from_utf8_lossy(&date.stdout).trim().to_owned();
    let text = document(sections, &format!("cargo xtask{said}"), &peers::ourselves(), &date);
    match &bench.write {
        Some(file) => {
            fs::write(file, &text).with_context(|| format!("writing {}", file.display()))?;
            eprintln!("bench    {} written", file.display());
        }
        None => {
            use std::io::Write as _;
            std::io::stdout().write_all(text.as_bytes())?;
        }
    }
    if bench.quick {
        eprintln!("bench    --quick: everything ran; nothing was measured, and no figure above means anything");
    }
    Ok(())
}
