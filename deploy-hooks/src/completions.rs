//! `greenlight completions`: what a shell offers after Tab, out of the same definitions as --help.

use crate::failure::Failure;
use crate::output::print;
use clap::{Args, Command};
use clap_complete::{Shell, generate};
use greenlight_reports::Exit;

/// Prints what a shell needs to complete commands and options.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  greenlight completions bash > ~/.local/share/bash-completion/completions/greenlight
  greenlight completions zsh  > \"${fpath[1]}/_greenlight\"
  greenlight completions fish > ~/.config/fish/completions/greenlight.fish
  greenlight completions powershell >> $PROFILE
  source <(greenlight completions bash)      # this shell only")]
pub(crate) struct CompletionsArgs {
    /// The shell.
    #[arg(value_enum)]
    shell: Shell,
}

/// Runs it.
///
/// # Errors
/// [`Failure`] when nobody reads.
pub(crate) fn run(args: &CompletionsArgs, mut command: Command) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    generate(args.shell, &mut command, "greenlight", &mut script);
    print(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Passed)
}
