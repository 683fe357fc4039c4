//! Repository automation, one entry: `cargo xtask <command>`.
//!
//! It spawns cargo, docker and the other binaries as processes and links none of our crates.

mod bench;
mod config_history;
mod demo;
mod docker;
mod images;
mod matrix;
mod new_check;

use clap::{Parser, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;

/// Repository automation of Greenlight.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build the greenlight/* images of a containers staging, for machines that reach no image registry.
    ///
    /// Each image carries the hash of its recipe, so a second call only compares hashes.
    /// Needs: docker (engine and client), go, and for the Debian images root and debootstrap.
    Images {
        /// Rebuild every image, Go's build cache included. Without it, an image whose recipe is unchanged is kept.
        #[arg(long)]
        no_cache: bool,
    },
    /// Write a new check: its file, its `mod` line and its table entry.
    NewCheck {
        /// The suite, for example `auth`.
        suite: String,
        /// The claim in lower snake case, for example `expired_token_refused`.
        name: String,
    },
    /// Plant every fault, see which checks turn red, and write docs/trust.md and docs/trust.json.
    ///
    /// What is proven already, for the same check and the same fault, is not run again. A run that is cut short goes on
    /// where it was. Needs a container engine and the images.
    Matrix {
        /// Only this fault; may be given several times.
        #[arg(long = "fault", value_name = "FAULT")]
        faults: Vec<String>,
        /// Only faults that this check names; may be given several times.
        #[arg(long = "check", value_name = "SUITE.NAME")]
        checks: Vec<String>,
        /// Take every failed assertion for a pass, and report every check as undetecting: the proof of the proof.
        #[arg(long)]
        blind: bool,
        /// Prove everything again.
        #[arg(long)]
        fresh: bool,
        /// Where trust.json and trust.md are.
        #[arg(long, value_name = "DIR", default_value = "docs")]
        out: PathBuf,
    },
    /// A small deployment to try `greenlight deploy` on: blue behind HAProxy, on one Redis, on 127.0.0.1 only.
    Demo {
        #[command(subcommand)]
        command: Demo,
        /// Its folder. It is made by `up` and removed by `down`.
        #[arg(long, value_name = "DIR", default_value = demo::DIR, global = true)]
        dir: PathBuf,
    },
    /// Measure what Greenlight costs beside its peers, which are installed into target/bench.
    ///
    /// Figures are worth as much as the machine is quiet. `--all --write docs/performance.md` writes the document.
    Bench(bench::Bench),
    /// Read which keys, defaults and variables each livekit-server has, out of its own sources, and what its CHANGELOG says.
    ///
    /// Writes harness/config/data/livekit-server-history.json. Needs: go, and its module proxy or a filled module cache.
    ConfigHistory(config_history::History),
    /// Run the repository rules: dependency directions, file shapes, words that stay out.
    Tidy,
}

#[derive(Subcommand)]
enum Demo {
    /// Start it, write its files, and say what to do next.
    ///
    /// Needs: docker (engine and client) and the images of `cargo xtask images`.
    Up,
    /// Remove its containers, those that a deploy has made in it, its network and its folder.
    Down,
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Images { no_cache } => images::build(no_cache),
        Command::NewCheck { suite, name } => new_check::write(&suite, &name),
        Command::Matrix { faults, checks, blind, fresh, out } => {
            matrix::run(&matrix::Matrix { faults, checks, blind, fresh, out })
        }
        Command::Demo { command: Demo::Up, dir } => demo::up(&dir),
        Command::Demo { command: Demo::Down, dir } => demo::down(&dir),
        Command::Bench(bench) => bench::run(&bench),
        Command::ConfigHistory(options) => config_history::run(&options),
        Command::Tidy => tidy(),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The rules are ordinary tests, so that `cargo test` runs them too; this is the short way to them alone.
fn tidy() -> anyhow::Result<()> {
    let status = std::process::Command::new(env!("CARGO")).args(["test", "--locked", "--test", "tidy"]).status()?;
    anyhow::ensure!(status.success(), "a repository rule is broken, see above");
    Ok(())
}
