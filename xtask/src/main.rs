//! Repository automation, one entry: `cargo xtask <command>`.
//!
//! It spawns cargo, docker and the other binaries as processes and links none of our crates.

mod images;
mod new_check;

use clap::{Parser, Subcommand};
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
    /// Run the repository rules: dependency directions, file shapes, words that stay out.
    Tidy,
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Images { no_cache } => images::build(no_cache),
        Command::NewCheck { suite, name } => new_check::write(&suite, &name),
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
