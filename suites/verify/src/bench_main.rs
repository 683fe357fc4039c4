//! `greenlight-bench`: our side of `cargo xtask bench`. It runs what a real run runs, on a target that costs nothing, and
//! prints one line of JSON.

mod bench;

use clap::{Parser, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;

/// Our side of the benchmarks; `cargo xtask bench` drives it and its peers.
#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs that many generated checks as `greenlight-verify` runs its own: plan, journal, lanes, report files.
    Checks {
        /// How many.
        #[arg(long, default_value_t = 1_000)]
        count: usize,
        /// Each asks this address once; without it a check only counts to one.
        #[arg(long)]
        url: Option<String>,
        /// Checks that run side by side.
        #[arg(long, default_value_t = 8)]
        threads: usize,
        /// Everything but junit.xml.
        #[arg(long)]
        no_junit: bool,
        /// Where the report goes.
        #[arg(long, default_value = "target/bench/checks")]
        out: PathBuf,
    },
    /// A peak of load by our generator.
    Load {
        /// Where to.
        #[arg(long)]
        url: String,
        /// What sends it.
        #[arg(long, value_enum)]
        engine: bench::Engine,
        /// Connections.
        #[arg(long, default_value_t = 50)]
        users: usize,
        /// Requests of each.
        #[arg(long)]
        rounds: usize,
    },
    /// The same load by the smallest program that uses goose.
    Goose {
        /// Where to.
        #[arg(long)]
        url: String,
        /// Connections.
        #[arg(long, default_value_t = 50)]
        users: usize,
        /// Seconds.
        #[arg(long, default_value_t = 10)]
        seconds: usize,
    },
    /// A target that answers every request alike; ends with its standard input.
    Serve,
    /// Starts one node on one Redis, says how long it took, and removes both.
    Start,
}

fn main() -> ExitCode {
    if let Some(exit) = greenlight_harness::load::child_if_asked() {
        return exit;
    }
    let said = match Cli::parse().command {
        Command::Checks { count, url, threads, no_junit, out } => {
            bench::checks(&bench::Checks { count, url, threads, no_junit, out })
        }
        Command::Load { url, engine, users, rounds } => bench::load(&url, engine, users, rounds),
        Command::Goose { url, users, seconds } => bench::goose(&url, users, seconds),
        Command::Serve => bench::serve(),
        Command::Start => bench::start(),
    };
    match said {
        Ok(said) => {
            eprintln!("{said}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
