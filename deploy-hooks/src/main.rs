//! `greenlight`: thin hooks that move traffic on a passing, signed report and on nothing else. They read reports; they
//! never link suites.

/// A line for people on standard error.
macro_rules! say {
    ($($part:tt)*) => { $crate::output::say(&format!($($part)*)) };
}

mod audit;
mod beside;
mod clock;
mod completions;
mod configuration;
mod deploy;
mod difference;
mod doctor;
mod engine;
mod env;
mod failure;
mod files;
mod findings;
mod gate;
mod init;
mod interrupt;
mod keygen;
mod masked;
mod migrate;
mod notify;
mod output;
mod plan;
mod process;
mod report;
mod rollback;
mod secrets;
mod validate;
mod verify;
mod watch;

use clap::{Parser, Subcommand};
use failure::Failure;
use greenlight_reports::Exit;
use std::path::PathBuf;
use std::process::ExitCode;

/// Moves production traffic only on a passing, fresh, signed report about exactly what is shipped.
#[derive(Debug, Parser)]
#[command(
    name = "greenlight",
    version,
    after_help = "\
Exit codes: 0 done, or the gate is open; 1 a check failed; 2 usage or configuration; 3 inconclusive; 4 not everything
required ran; 5 evidence refused; 6 target or engine unreachable; 7 deploy failed and rolled back; 8 rollback failed;
130 interrupted."
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Verify(verify::VerifyArgs),
    Explain(verify::ExplainArgs),
    Doctor(doctor::DoctorArgs),
    Init(init::InitArgs),
    #[command(subcommand)]
    Plan(plan::PlanCommand),
    #[command(subcommand)]
    Env(env::EnvCommand),
    Validate(validate::ValidateArgs),
    #[command(subcommand)]
    Rollback(rollback::RollbackCommand),
    Gate(gate::GateArgs),
    Deploy(deploy::DeployArgs),
    Migrate(migrate::MigrateArgs),
    Watch(watch::WatchArgs),
    #[command(subcommand)]
    Report(report::ReportCommand),
    Keygen(keygen::KeygenArgs),
    Completions(completions::CompletionsArgs),
    /// The log of everything that was moved.
    #[command(subcommand)]
    Audit(AuditCommand),
}

#[derive(Debug, Subcommand)]
#[command(after_help = "\
Examples:
  greenlight audit verify greenlight-state/audit.jsonl
  greenlight audit verify greenlight-state/audit.jsonl --holds SHA256    # as it was printed before")]
enum AuditCommand {
    /// Whether any line of the log was changed, taken out or put in. Keep the printed hash somewhere else: it shows a cut
    /// end as well.
    Verify {
        /// The log: `audit.jsonl` in the folder that `state` in deployment.yaml names.
        file: PathBuf,
        /// The last hash as printed before; the log must still hold it.
        #[arg(long, value_name = "SHA256")]
        holds: Option<String>,
    },
}

fn main() -> ExitCode {
    let exit = match Cli::try_parse() {
        Ok(cli) => run(&cli),
        // Help and version are what was asked for, and go to standard output.
        Err(error) if !error.use_stderr() => {
            let _ = error.print();
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            let _ = error.print();
            Ok(Exit::Usage)
        }
    };
    let exit = match exit {
        Ok(exit) => exit,
        Err(failure) => {
            say!("error: {}", process::secrets_of_the_environment().text(&failure.message));
            failure.exit
        }
    };
    say!("exit {}: {}", exit.code(), exit.reason());
    exit.into()
}

fn run(cli: &Cli) -> Result<Exit, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::unknown)?;
    match &cli.command {
        Command::Verify(args) => match runtime.block_on(verify::verify(args))? {},
        Command::Explain(args) => match runtime.block_on(verify::explain(args))? {},
        Command::Doctor(args) => runtime.block_on(doctor::run(args)),
        Command::Init(args) => init::run(args),
        Command::Plan(command) => plan::run(command, &runtime),
        Command::Env(command) => env::run(command),
        Command::Rollback(command) => rollback::run(command),
        Command::Validate(args) => runtime.block_on(validate::run(args)),
        Command::Completions(args) => completions::run(args, <Cli as clap::CommandFactory>::command()),
        Command::Gate(args) => runtime.block_on(gate::run(args)),
        Command::Deploy(args) => runtime.block_on(deploy::run(args)),
        Command::Migrate(args) => migrate::run(args, &runtime),
        Command::Watch(args) => runtime.block_on(watch::run(args)),
        Command::Report(command) => report::run(command),
        Command::Keygen(args) => keygen::run(args),
        Command::Audit(AuditCommand::Verify { file, holds }) => verify_audit(file, holds.as_deref()),
    }
}

/// A line for each thing that was moved: years of them.
const AUDIT_BYTES_MAX: u64 = 256 << 20;

fn verify_audit(file: &std::path::Path, holds: Option<&str>) -> Result<Exit, Failure> {
    let shown = file.display();
    let text = files::read_text(file, AUDIT_BYTES_MAX).map_err(|error| {
        Failure::usage(format!(
            "cannot read {shown}: {error}; the log is `audit.jsonl` in the folder that `state` in deployment.yaml names"
        ))
    })?;
    let (lines, head) = audit::verify(&text).map_err(|problem| Failure::refused(format!("{shown}: {problem}")))?;
    if let Some(holds) = holds.filter(|holds| holds.is_empty() || !text.contains(&format!("\"sha256\":\"{holds}\""))) {
        return Err(Failure::refused(format!(
            "{shown} does not hold {holds:?}: its end was cut, or it is another log"
        )));
    }
    output::print(&format!("whole    {lines} lines   {head}\n"))?;
    Ok(Exit::Passed)
}
